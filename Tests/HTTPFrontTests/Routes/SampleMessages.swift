import Broker
import Testing

@testable import HTTPFront

/// Messages and ids that answers are made of.
enum Sample {
    static let sentAt = WallInstant(millisecondsSinceEpoch: 1_795_241_728_123)
    static let sentAtText = "2026-11-21T06:15:28.123Z"

    static func id(_ text: String) throws -> MessageID {
        try #require(MessageID(text), "'\(text)' is no id")
    }

    static func message(
        _ id: String,
        to recipient: String = "u42",
        _ content: String,
        from sender: String? = nil,
        type: String? = nil,
        attempt: Int = 0
    ) throws -> Message {
        let payload = Array(content.utf8).withUnsafeBufferPointer { content in
            Payload.make(sender: sender, type: type, content: content, sentAt: sentAt)
        }
        return Message(
            id: try Sample.id(id),
            recipient: try Recipient(recipient),
            attempt: attempt,
            payload: payload
        )
    }
}
