/// The bounds that a broker keeps, whatever its clients do.
public struct Limits: Hashable, Sendable {
    /// What happens to a send that finds an inbox full of messages which nobody has read or seen, or the memory of all
    /// inboxes spent.
    public enum WhenFull: String, CaseIterable, Sendable {
        /// The send is refused with `inbox_full`; with `broker_full` if it is the memory that is spent.
        case refuse
        /// The oldest unread messages are dropped; sender, takers and followers are told how many.
        case dropOldest = "drop-oldest"
    }

    /// Messages that one inbox keeps, 1 or more.
    public var inboxMessagesMax = 1000
    /// Bytes of content, sender and type that one inbox keeps.
    public var inboxBytesMax = 1 << 20
    /// Bytes of content that one message has.
    public var messageBytesMax = 64 << 10
    /// Bytes of everything that all inboxes together hold, what they cost themselves included.
    public var memoryBytesMax = 1 << 30
    /// What a full inbox does.
    public var whenFull = WhenFull.refuse
    /// How long an unread message is kept that does not say it itself.
    public var retainUnread: Duration = .seconds(24 * 3600)
    /// How long a message is kept after it was read, for followers that lag.
    public var retainRead: Duration = .seconds(60)
    /// How long an idempotency key is remembered.
    public var retainKeys: Duration = .seconds(300)
    /// How long at least an empty inbox's epoch and last sequence number are remembered.
    public var retainPositions: Duration = .seconds(24 * 3600)
    /// How long a recipient counts as online after its last reader has left.
    public var presenceLinger: Duration = .seconds(15)
    /// Bytes of content that one answer carries, though always one message.
    public var answerBytesMax = 1 << 20

    /// Recipients that one read may name.
    public static let readRecipientsMax = 100
    /// Recipients that one send may name.
    public static let sendRecipientsMax = 1000
    /// Messages that one answer may carry.
    public static let answerMessagesMax = 1000
    /// The longest lease.
    public static let leaseMax: Duration = .seconds(3600)
    /// The longest that a message may ask to be kept.
    public static let timeToLiveMax: Duration = .seconds(7 * 24 * 3600)

    /// The defaults, each documented at its property.
    public init() {}
}

/// What things cost in memory beside their own bytes; measured, rounded up, counted against ``Limits/memoryBytesMax``.
package enum Cost {
    /// A message in one inbox: its entry in the log, its share of the log's spare room, the payload's header.
    package static let message = 144
    /// An inbox: the object, its log, its place in the table, its name.
    package static let inbox = 640
    /// The position of an empty inbox that is remembered.
    package static let position = 110
    /// An idempotency key beside the bytes of its names.
    package static let key = 320
}
