internal import Broker

extension ByteBuffer {
    /// Appends an id as text.
    func append(id: MessageID) {
        append(room: MessageID.textBytesMax) { id.write(to: $0) }
    }

    /// Appends a cursor as text.
    func append(cursor: Cursor) {
        switch cursor {
        case .oldest: append("0")
        case .now: append("now")
        case .after(let position): append(id: position)
        case .afterEach(let positions):
            for (place, position) in positions.enumerated() {
                if place > 0 { append(UInt8(ascii: "~")) }
                append(id: position)
            }
        }
    }

    /// Appends the object that stands for a message: id, recipient, sender, type, content, sentAt, attempt, in this order.
    ///
    /// - Parameters:
    ///   - message: The message.
    ///   - cursor: Added at the end, where the message's id alone is not the position to go on from.
    func append(message: Message, cursor: Cursor? = nil) {
        append("{\"id\":\"")
        append(id: message.id)
        append("\",\"recipient\":")
        append(jsonString: message.recipient.name)
        message.payload.withParts { sender, type, content in
            if !sender.isEmpty {
                append(",\"sender\":")
                append(jsonStringUTF8: sender)
            }
            if !type.isEmpty {
                append(",\"type\":")
                append(jsonStringUTF8: type)
            }
            append(",\"content\":")
            append(content)
        }
        append(",\"sentAt\":\"")
        append(rfc3339Milliseconds: message.sentAt.millisecondsSinceEpoch)
        append(UInt8(ascii: "\""))
        if message.attempt > 0 {
            append(",\"attempt\":")
            append(decimal: message.attempt)
        }
        if let cursor {
            append(",\"cursor\":\"")
            append(cursor: cursor)
            append(UInt8(ascii: "\""))
        }
        append(UInt8(ascii: "}"))
    }
}

/// The last message that was written, ready to be written again: a fan-out renders it once.
///
/// Confined to one loop.
final class RenderedMessage {
    private let bytes = ByteBuffer(capacity: 1024)
    private var message: Message?
    private static let keptBytesMax = 256 << 10

    /// Appends the object that stands for `message` to `buffer`.
    func append(_ message: Message, to buffer: ByteBuffer) {
        guard message.attempt == 0 else { return buffer.append(message: message) }
        if let last = self.message, last.id == message.id, last.payload === message.payload {
            return buffer.append(bytes.bytes)
        }
        bytes.reset(keeping: RenderedMessage.keptBytesMax)
        bytes.append(message: message)
        self.message = message
        buffer.append(bytes.bytes)
    }
}
