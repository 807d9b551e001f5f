/// A message on its way in.
package struct Draft: Sendable {
    /// Whose inbox it goes to.
    package var recipient: Recipient
    /// What it says.
    package var payload: Payload
    /// How long it is kept unread; nil for the broker's default.
    package var timeToLive: Duration?
    /// The idempotency key; nil if the sender gave none.
    package var key: String?

    /// Makes a draft of what was checked.
    package init(recipient: Recipient, payload: Payload, timeToLive: Duration? = nil, key: String? = nil) {
        self.recipient = recipient
        self.payload = payload
        self.timeToLive = timeToLive
        self.key = key
    }
}

/// What a sender learns when its message is in the inbox.
public struct SendReceipt: Hashable, Sendable {
    /// The identity that the message was given.
    public let id: MessageID
    /// How many readers were waiting or streaming on the inbox when the message came.
    public let online: Int
    /// Unread messages in the inbox, this one included.
    public let unread: Int
    /// Messages that were dropped unread to make room for this one.
    public let evicted: Int
    /// Whether this answers a repeated send: the message was in the inbox before, and was not put there again.
    public var isDuplicate: Bool
}

/// How a reader reads.
package enum ReadMode: Hashable, Sendable {
    /// As from a queue: each message to one taker, read once the answer is written.
    case take
    /// As from a queue, for a time: each message to one taker, who acks it before the lease ends.
    case lease(Duration)
    /// As from a log: from a cursor on.
    case follow(Cursor)
    /// As from a log: from the oldest unread message on.
    case followUnread
}

/// What a reader asks for.
package struct ReadRequest: Sendable {
    /// Whose inboxes, 1 to 100, none twice.
    package var recipients: [Recipient]
    /// How it reads.
    package var mode: ReadMode
    /// Messages in one answer, 1 to 1000.
    package var limit: Int
    /// Bytes of content in one answer, though always one message; nil for ``Limits/answerBytesMax``.
    package var bytesMax: Int?
    /// Whoever reads under the same session and recipient next ends this one.
    package var session: String?
    /// When it began among all reads of sessions; 0 where there is one shard, which sees for itself.
    ///
    /// Two of them may reach several shards in another order each: the higher ends the lower wherever they meet. See
    /// ``Broker/fence(_:)``.
    package var fencingToken: UInt64 = 0
    /// Whether a follower only looks.
    ///
    /// What it is given does not count as delivered, its cursor confirms nothing, and drops that it is told of are told
    /// to the next as well.
    package var isObserving: Bool
    /// Whether a follower is told of each gap at its place, in a batch without messages.
    ///
    /// Otherwise an answer tells of all of its gaps at once. A stream always tells them at their places.
    package var tellsGapsInPlace: Bool

    /// Makes a request of what was checked, except for the cursor.
    package init(
        recipients: [Recipient],
        mode: ReadMode,
        limit: Int = 100,
        bytesMax: Int? = nil,
        session: String? = nil,
        isObserving: Bool = false,
        tellsGapsInPlace: Bool = false
    ) {
        self.recipients = recipients
        self.mode = mode
        self.limit = limit
        self.bytesMax = bytesMax
        self.session = session
        self.isObserving = isObserving
        self.tellsGapsInPlace = tellsGapsInPlace
    }
}

/// What a reader gets in one go.
public struct Batch: Sendable {
    /// The messages, oldest first within each recipient; by the time they were sent where there are several.
    ///
    /// May be empty when there is only a gap or a reset to tell.
    public var messages: [Message] = []
    /// Where to go on from.
    public var cursor: Cursor
    /// How many messages between the reader's position and these are gone; 0 if none.
    public var lost = 0
    /// Whether the reader's position belonged to another life of the inbox, so that reading starts at the oldest
    /// message.
    public var isReset = false
    /// Unread messages left in the inboxes that were read.
    public var unread = 0

    /// Whether the messages were taken (or leased) rather than followed: then they must be confirmed or given back.
    package var isTaken = false
    /// Whether it is an observer's, so that it does not count as delivered when it has arrived.
    var isObserved = false
    /// Drops that need not be told to the next reader; they are, if the batch is given back.
    var toldDrops: [ToldDrops] = []

    /// Whether there is nothing to tell.
    package var isEmpty: Bool { messages.isEmpty && lost == 0 && !isReset }
}

/// Messages of one inbox that were dropped unread, and that a batch tells of.
struct ToldDrops: Sendable {
    let recipient: Recipient
    let epoch: Epoch
    let drops: UntoldDrops
}

/// Why a waiting reader was let go without a batch.
package enum EndReason: String, Sendable {
    /// Its timeout has passed.
    case timedOut = "timeout"
    /// A newer reader of its session came.
    case replaced
    /// Its inbox was deleted.
    case deleted
    /// The broker is shutting down.
    case draining
    /// Its client has left.
    case left
}

/// What became of a read.
package enum ReadOutcome: Sendable {
    case batch(Batch)
    /// Nothing; the cursor to go on from.
    case ended(EndReason, Cursor)
}

/// One inbox from outside.
public struct InboxSummary: Hashable, Sendable {
    /// Whose inbox it is.
    public var recipient: Recipient
    /// Messages that nobody has taken or acked.
    public var unread = 0
    /// Messages that are leased, or on their way to a taker.
    public var leased = 0
    /// Messages in the inbox, read ones included.
    public var kept = 0
    /// Bytes of content, sender and type in the inbox.
    public var bytes = 0
    /// The oldest message kept; nil if there is none.
    public var first: MessageID?
    /// The newest message that was ever in this life of the inbox; nil if there was none.
    public var last: MessageID?
    /// Polls that wait.
    public var waiting = 0
    /// Streams that are open.
    public var streaming = 0
    /// How far the slowest of these readers is behind; nil if there is none.
    public var lag: ReaderLag?
    /// When somebody last began to read, not counting observers, or acked; nil if that is not known.
    public var lastSeen: WallInstant?
}

extension ReadRequest {
    /// Checks that the cursor has one part for each recipient.
    func checkCursor() throws(BrokerError) {
        guard case .follow(let cursor) = mode else { return }
        let parts: Int
        switch cursor {
        case .oldest, .now: return
        case .after: parts = 1
        case .afterEach(let positions): parts = positions.count
        }
        guard parts != recipients.count else { return }
        throw BrokerError(
            .invalidRequest,
            "cursor '\(cursor)' has \(parts) parts for \(recipients.count) recipients",
            remedy: "name the same recipients in the same order as in the request that the cursor came from"
        )
    }
}

extension Batch {
    /// Sorts by the time of sending; within an inbox the order stays.
    ///
    /// The wall clock may have been set back between two sends. A message then counts as sent when the one before it in
    /// its inbox was, because otherwise there would be no order that keeps both.
    mutating func sortBySendingTime() {
        var latest: [Epoch: WallInstant] = [:]
        let times = messages.map { message in
            let time = max(message.sentAt, latest[message.id.epoch] ?? message.sentAt)
            latest[message.id.epoch] = time
            return time
        }
        let order = messages.indices.sorted { (times[$0], $0) < (times[$1], $1) }
        messages = order.map { messages[$0] }
    }
}
