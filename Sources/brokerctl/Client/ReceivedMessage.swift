/// A message as a reader gets it.
struct ReceivedMessage: Sendable {
    /// Names it in an ack.
    var id: String
    /// Whose inbox it was in.
    var recipient: String
    /// Who sent it, if that was said.
    var sender: String?
    /// The text if the content is a string, else its JSON.
    var content: String
    /// When it was sent, RFC 3339.
    var sentAt: String
    /// How often it was leased, on leased messages.
    var attempt: Int?

    /// Reads the object of a poll or a stream; nil if it is no message.
    init?(_ object: JSONObject) {
        guard let id = object.string("id"), let recipient = object.string("recipient"),
            let raw = object.raw("content"), let sentAt = object.string("sentAt")
        else { return nil }
        self.id = id
        self.recipient = recipient
        sender = object.string("sender")
        content = object.string("content") ?? raw
        self.sentAt = sentAt
        attempt = object.integer("attempt")
    }
}
