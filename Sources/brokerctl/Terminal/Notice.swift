/// What readers are told beside messages.
enum Notice {
    /// Messages are gone that a follower would have got, for whatever reason; a taker is told of drops only.
    static func gap(lost: Int, takes: Bool = false) -> String {
        let messages = lost == 1 ? "1 message" : "\(lost) messages"
        if takes { return "gap: \(messages) \(lost == 1 ? "was" : "were") dropped unread to make room" }
        return "gap: \(messages) \(lost == 1 ? "is" : "are") gone that \(lost == 1 ? "was" : "were") not read here: "
            + "dropped, expired, or taken by others"
    }

    /// The inboxes of these recipients are other ones than the cursor's; none if it is not known which.
    static func reset(_ recipients: [String]) -> String {
        let names = recipients.prefix(3).map { "'\(TerminalText.escaped($0))'" }
        let rest = recipients.count - names.count
        let listed = (names + (rest > 0 ? ["\(rest) more"] : [])).joined(separator: ", ")
        guard recipients.count > 1 else {
            return
                "reset: \(recipients.isEmpty ? "an inbox" : "inbox \(listed)") began anew (the broker was restarted, or "
                + "the inbox removed); reading from its oldest message on"
        }
        return
            "reset: inboxes \(listed) began anew (the broker was restarted, or they were removed); reading from their "
            + "oldest messages on"
    }

    /// The broker ends a stream.
    static func bye(_ reason: String) -> String {
        switch reason {
        case "draining": "the broker is shutting down"
        case "deleted": "the inbox was removed"
        case "replaced": "another reader took this one's place"
        default: "the broker ended the stream (\(TerminalText.escaped(reason)))"
        }
    }
}
