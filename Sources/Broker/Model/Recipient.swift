/// An address that messages are sent to: `u42`, `support`, `room:lobby`.
///
/// 1 to 256 bytes of UTF-8 without control characters. Two recipients are the same if their bytes are: nothing is
/// normalised or folded, so that what one client writes is what another compares.
public struct Recipient: Sendable {
    /// The address as text.
    public let name: String

    /// Makes a recipient from its name.
    ///
    /// - Parameter name: 1 to 256 bytes of UTF-8 without control characters.
    /// - Throws: ``BrokerError`` with `invalidRequest`.
    public init(_ name: String) throws(BrokerError) {
        try self.init(name, called: "recipient")
    }

    /// Makes a recipient from its name, and calls it by that of its field if it is none.
    package init(_ name: String, called field: @autoclosure () -> String) throws(BrokerError) {
        try Name.check(name, called: field(), bytesMax: Name.recipientBytesMax)
        self.name = name
    }
}

extension Recipient: Hashable {
    /// Whether the names have the same bytes.
    public static func == (left: Recipient, right: Recipient) -> Bool {
        Name.haveSameBytes(left.name, right.name)
    }

    /// Hashes the bytes of the name.
    public func hash(into hasher: inout Hasher) {
        Name.hash(name, into: &hasher)
    }
}

extension Recipient: Comparable {
    /// Whether the bytes of `left` sort before those of `right`.
    public static func < (left: Recipient, right: Recipient) -> Bool {
        left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }
}

extension Recipient: CustomStringConvertible {
    /// The name.
    public var description: String { name }
}

/// What all names on the wire have in common: recipients, senders, types, keys and sessions.
package enum Name {
    /// Bytes that a recipient may have.
    package static let recipientBytesMax = 256
    /// Bytes that a sender may have.
    package static let senderBytesMax = 256
    /// Bytes that a type may have.
    package static let typeBytesMax = 128
    /// Bytes that an idempotency key may have.
    package static let keyBytesMax = 256
    /// Bytes that a session may have.
    package static let sessionBytesMax = 128

    /// Checks that `name` has 1 to `bytesMax` bytes and no control characters.
    ///
    /// - Throws: ``BrokerError`` with `invalidRequest`; its text says what was found.
    package static func check(
        _ name: String,
        called field: @autoclosure () -> String,
        bytesMax: Int
    ) throws(BrokerError) {
        let count = name.utf8.count
        guard count == 0 || count > bytesMax || firstControl(in: name) != nil else { return }
        let field = field()
        guard count > 0 else {
            throw BrokerError(.invalidRequest, "\(field) is empty", remedy: "give it 1 to \(bytesMax) bytes of UTF-8")
        }
        guard count <= bytesMax else {
            throw BrokerError(
                .invalidRequest,
                "\(field) has \(count) bytes",
                remedy: "give it at most \(bytesMax) bytes of UTF-8"
            )
        }
        guard let control = firstControl(in: name) else { return }
        let hex = String(control, radix: 16, uppercase: true)
        let code = "U+" + String(repeating: "0", count: 4 - hex.count) + hex
        throw BrokerError(.invalidRequest, "\(field) contains the control character \(code)", remedy: "leave it out")
    }

    /// Whether two names are the same to the broker; strings that are equal as Unicode may differ in their bytes.
    @inline(__always)
    static func haveSameBytes(_ left: String, _ right: String) -> Bool {
        withBytes(of: left) { left in
            withBytes(of: right) { right in left.count == right.count && areSame(left, right) }
        }
    }

    /// Compares from the end, since names that begin alike differ in the numbers that stand there.
    @inline(__always)
    private static func areSame(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        var end = left.count
        while end >= 8 {
            let word = left.loadUnaligned(fromByteOffset: end - 8, as: UInt64.self)
            guard word == right.loadUnaligned(fromByteOffset: end - 8, as: UInt64.self) else { return false }
            end -= 8
        }
        while end > 0 {
            guard left[end - 1] == right[end - 1] else { return false }
            end -= 1
        }
        return true
    }

    /// Hashes a name as the broker compares it.
    static func hash(_ name: String, into hasher: inout Hasher) {
        withBytes(of: name) { hasher.combine(bytes: $0) }
    }

    /// Lends the bytes of a name, which is borrowed: a copy of it would count references.
    @inline(__always)
    private static func withBytes<Result>(of name: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        if let result = name.utf8.withContiguousStorageIfAvailable({ body(UnsafeRawBufferPointer($0)) }) {
            return result
        }
        return Array(name.utf8).withUnsafeBytes(body)
    }

    /// The first control character (C0, DEL or C1), if there is one.
    private static func firstControl(in name: String) -> UInt32? {
        var name = name
        return name.withUTF8 { bytes in
            for index in bytes.indices {
                let byte = bytes[index]
                if byte < 0x20 || byte == 0x7F { return UInt32(byte) }
                // C1 controls are the two bytes C2 80 to C2 9F.
                if byte == 0xC2, index + 1 < bytes.count, bytes[index + 1] < 0xA0 { return UInt32(bytes[index + 1]) }
            }
            return nil
        }
    }
}
