/// Whether somebody reads an inbox.
public struct Presence: Hashable, Sendable {
    /// Whose inbox.
    public let recipient: Recipient
    /// Whether a poll waits or a stream is open, or did until less than ``Limits/presenceLinger`` ago.
    public let isOnline: Bool

    /// Says of a recipient whether somebody is there.
    public init(recipient: Recipient, isOnline: Bool) {
        self.recipient = recipient
        self.isOnline = isOnline
    }
}
