/// A message as a reader gets it.
///
/// It shares its bytes with the inbox and with every other reader: copying one is cheap.
public struct Message: Sendable {
    /// Its identity, and its place in the inbox.
    public let id: MessageID
    /// Whose inbox it is in.
    public let recipient: Recipient
    /// How often it has been leased, this time included; 0 if it was not leased to its reader.
    public let attempt: Int
    /// What it says, shared with its inbox.
    package let payload: Payload

    /// Makes a message as one reader gets it.
    package init(id: MessageID, recipient: Recipient, attempt: Int, payload: Payload) {
        self.id = id
        self.recipient = recipient
        self.attempt = attempt
        self.payload = payload
    }

    /// Who sent it; nil if the sender did not say.
    public var sender: String? {
        payload.withParts { sender, _, _ in sender.isEmpty ? nil : String(decoding: sender, as: UTF8.self) }
    }

    /// What it is about, in the sender's own words; nil if the sender did not say.
    public var type: String? {
        payload.withParts { _, type, _ in type.isEmpty ? nil : String(decoding: type, as: UTF8.self) }
    }

    /// What it says, byte for byte as it was sent.
    public var content: [UInt8] {
        payload.withParts { _, _, content in Array(content) }
    }

    /// What it says, read as UTF-8.
    public var text: String {
        payload.withParts { _, _, content in String(decoding: content, as: UTF8.self) }
    }

    /// When it was sent, by the broker's wall clock.
    public var sentAt: WallInstant { payload.header.sentAt }
}
