/// What a message says: sender, type and content, written once and shared by every inbox and every delivery.
///
/// One allocation: the bytes follow the header. Never changed after it was made, which is what makes it safe to share
/// although a managed buffer by itself is not.
package struct Payload: @unchecked Sendable {
    /// What is known of the bytes that follow.
    package struct Header {
        /// When it was sent.
        package let sentAt: WallInstant
        let senderCount: UInt16
        let typeCount: UInt16
        let contentCount: UInt32
    }

    private final class Storage: ManagedBuffer<Header, UInt8> {}

    private let storage: Storage

    /// Makes a payload from its parts.
    ///
    /// - Parameters:
    ///   - sender: Who sent it, checked already; nil if it was not said.
    ///   - type: What it is about, checked already; nil if it was not said.
    ///   - content: What it says. The broker never looks inside.
    ///   - sentAt: What readers are told of when it was sent.
    /// - Returns: The payload; it shares nothing with the parts.
    package static func make(
        sender: String?,
        type: String?,
        content: UnsafeBufferPointer<UInt8>,
        sentAt: WallInstant
    ) -> Payload {
        var sender = sender ?? ""
        var type = type ?? ""
        return sender.withUTF8 { sender in
            type.withUTF8 { type in
                let storage = Storage.create(minimumCapacity: sender.count + type.count + content.count) { _ in
                    Header(
                        sentAt: sentAt,
                        senderCount: UInt16(sender.count),
                        typeCount: UInt16(type.count),
                        contentCount: UInt32(content.count)
                    )
                }
                storage.withUnsafeMutablePointerToElements { start in
                    var end = start
                    for part in [sender, type, content] {
                        guard let source = part.baseAddress, part.count > 0 else { continue }
                        end.initialize(from: source, count: part.count)
                        end += part.count
                    }
                }
                return Payload(storage: unsafeDowncast(storage, to: Storage.self))
            }
        }
    }

    /// What is known of the bytes.
    package var header: Header { storage.withUnsafeMutablePointerToHeader { $0.pointee } }

    /// Whether both are the same object, not just the same bytes.
    package static func === (left: Payload, right: Payload) -> Bool {
        left.storage === right.storage
    }

    /// Bytes of sender, type and content together: what counts against an inbox's limit.
    package var byteCount: Int {
        let header = header
        return Int(header.senderCount) + Int(header.typeCount) + Int(header.contentCount)
    }

    /// Lends the parts; sender and type are empty if they were not given.
    package func withParts<Result>(
        _ body: (
            _ sender: UnsafeBufferPointer<UInt8>,
            _ type: UnsafeBufferPointer<UInt8>,
            _ content: UnsafeBufferPointer<UInt8>
        ) -> Result
    ) -> Result {
        storage.withUnsafeMutablePointers { header, start in
            let senderCount = Int(header.pointee.senderCount)
            let typeCount = Int(header.pointee.typeCount)
            return body(
                UnsafeBufferPointer(start: start, count: senderCount),
                UnsafeBufferPointer(start: start + senderCount, count: typeCount),
                UnsafeBufferPointer(start: start + senderCount + typeCount, count: Int(header.pointee.contentCount))
            )
        }
    }
}
