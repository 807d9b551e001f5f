/// What a broker holds and has done so far.
public struct Statistics: Hashable, Sendable {
    /// Inboxes that hold a message or have a reader.
    public var inboxes = 0
    /// Messages kept.
    public var kept = 0
    /// Messages that nobody has taken or acked.
    public var unread = 0
    /// Messages leased or on their way to a taker.
    public var leased = 0
    /// Polls that wait.
    public var waiting = 0
    /// Streams that are open.
    public var streaming = 0
    /// Bytes counted against ``Limits/memoryBytesMax``.
    public var memoryBytes = 0

    /// Messages that were accepted.
    public var sent = 0
    /// Repeated sends that were answered as the first time.
    public var duplicates = 0
    /// Messages that were handed to readers, each reader counted.
    public var delivered = 0
    /// Messages that were acked.
    public var acked = 0
    /// Messages that nobody read in time.
    public var expired = 0
    /// Messages that were dropped unread to make room.
    public var evicted = 0
    /// Times that a reader was told of a gap.
    public var gaps = 0
    /// Messages in those gaps.
    public var lost = 0
    /// Sends that were refused.
    public var refused = 0
    /// Polls that ended without a message.
    public var timeouts = 0

    /// How far the slowest reader of all inboxes is behind; nil if nobody waits or streams.
    public var lag: ReaderLag?

    /// Zero of everything.
    public init() {}

    /// Adds the figures of another shard; of both lags the larger one stays.
    package static func += (sum: inout Statistics, part: Statistics) {
        for path: WritableKeyPath<Statistics, Int> in [
            \.inboxes, \.kept, \.unread, \.leased, \.waiting, \.streaming, \.memoryBytes, \.sent, \.duplicates,
            \.delivered, \.acked, \.expired, \.evicted, \.gaps, \.lost, \.refused, \.timeouts,
        ] {
            sum[keyPath: path] += part[keyPath: path]
        }
        sum.lag = .slowest(sum.lag, part.lag)
    }
}
