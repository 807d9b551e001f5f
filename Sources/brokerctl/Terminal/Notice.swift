/// What readers are told beside messages.
enum Notice {
    /// Messages are gone that a follower would have got.
    static func gap(lost: Int) -> String {
        lost == 1
            ? "gap: 1 message was dropped or expired before it could be read here"
            : "gap: \(lost) messages were dropped or expired before they could be read here"
    }

    /// The inbox is another one than the cursor's.
    static let reset =
        "reset: an inbox began anew (the broker was restarted, or the inbox removed); reading from its oldest message on"

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
