/// What a stream was given and its connection has yet to take, added up for each of its inboxes.
///
/// Added up when it is withheld, because lag may be asked for often, and of many streams.
struct Withheld {
    /// Messages of one inbox.
    struct Part: Equatable {
        var count = 0
        /// When the oldest of them was sent.
        var oldest: WallInstant
    }

    private var parts: [Recipient: Part] = [:]

    /// Nothing.
    init() {}

    /// These messages.
    init(_ messages: [Message]) {
        for message in messages {
            var part = parts[message.recipient] ?? Part(oldest: message.sentAt)
            part.count += 1
            part.oldest = min(part.oldest, message.sentAt)
            parts[message.recipient] = part
        }
    }

    var isEmpty: Bool { parts.isEmpty }

    /// What of it is of one inbox; nil if there is nothing.
    subscript(recipient: Recipient) -> Part? { parts.isEmpty ? nil : parts[recipient] }
}
