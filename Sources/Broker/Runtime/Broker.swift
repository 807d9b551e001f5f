internal import Synchronization

/// A mailbox for each recipient, in memory.
///
/// Messages are sent to a recipient's inbox and stay there until they are read, expire, or are dropped by a policy that
/// readers are told about. Reading is either *taking*, as from a queue (each message to one taker), or *following*, as
/// from a log (every follower sees every message). Whoever finds nothing waits: a suspended continuation, resumed by
/// the next message, by the timeout, or by cancellation.
///
/// ```swift
/// let broker = Broker()
/// let u42 = try Recipient("u42")
/// try await broker.send("Your parcel has arrived", to: u42, from: "post")
/// let batch = try await broker.take(from: u42, within: .seconds(40))
/// print(batch.messages.map(\.text))
///
/// let lobby = try Recipient("room:lobby")
/// for try await event in broker.follow(lobby, from: .oldest) {
///     if case .message(let message) = event { print(message.text) }
/// }
/// ```
///
/// Recipients are spread over shards, an actor each, so that a broker uses several cores; all of one recipient happens
/// in one shard, in order. Any task may call any method.
public final class Broker: Sendable {
    /// The bounds that this broker keeps.
    public let limits: Limits
    package let shards: [Shard]
    package let time: any TimeSource
    private let budget: MemoryBudget
    private let seed: UInt64
    /// The last that was given to a read; see ``ReadRequest/fencingToken``.
    let fencingTokens = Atomic<UInt64>(0)

    /// Makes a broker that runs on Swift's own executors.
    ///
    /// - Parameters:
    ///   - limits: The bounds that it keeps.
    ///   - shards: Over how many actors the recipients are spread, 1 or more.
    ///   - time: Its clocks, and how it waits for them.
    ///   - observer: Who is told of drops, refusals and gaps.
    public convenience init(
        limits: Limits = Limits(),
        shards: Int = 4,
        time: any TimeSource = SystemTime(),
        observer: (any BrokerObserver)? = nil
    ) {
        precondition(shards > 0, "a broker has 1 shard or more, not \(shards)")
        self.init(
            limits: limits,
            hosts: (0..<shards).map { _ in TaskHost(time: time) },
            time: time,
            observer: observer,
            randomness: SystemRandomNumberGenerator()
        )
    }

    /// Makes a broker with a shard for each host.
    package init(
        limits: Limits,
        hosts: [any ShardHost],
        time: any TimeSource,
        observer: (any BrokerObserver)? = nil,
        randomness: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        let budget = MemoryBudget(bytesMax: limits.memoryBytesMax)
        var randomness = randomness
        seed = randomness.next()
        shards = hosts.map { host in
            Shard(
                limits: limits,
                departuresMax: max(1024, PresenceTable.departuresMaxInAll / hosts.count),
                budget: budget,
                host: host,
                time: time,
                observer: observer,
                randomness: SplitMix64(seed: randomness.next())
            )
        }
        self.limits = limits
        self.budget = budget
        self.time = time
    }

    /// Bytes counted against ``Limits/memoryBytesMax``.
    package var memoryBytes: Int { budget.bytes }

    /// The index of the shard that holds the inbox of `recipient`.
    @inline(__always)
    package func shardIndex(of recipient: Recipient) -> Int {
        guard shards.count > 1 else { return 0 }
        // FNV-1a; it only spreads the load, so it need not withstand anybody who knows the seed.
        var hash = 0xCBF2_9CE4_8422_2325 ^ seed
        for byte in recipient.name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash ^= hash >> 32
        return Int(hash % UInt64(shards.count))
    }

    /// The shard that holds the inbox of `recipient`.
    @inline(__always)
    package func shard(of recipient: Recipient) -> Shard {
        shards[shardIndex(of: recipient)]
    }

    // MARK: Sending

    /// Sends text to a recipient.
    ///
    /// See ``send(_:to:from:type:timeToLive:key:)``.
    @discardableResult
    public func send(
        _ text: String,
        to recipient: Recipient,
        from sender: String? = nil,
        type: String? = nil,
        timeToLive: Duration? = nil,
        key: String? = nil
    ) async throws(BrokerError) -> SendReceipt {
        try await send(Array(text.utf8), to: recipient, from: sender, type: type, timeToLive: timeToLive, key: key)
    }

    /// Sends bytes to a recipient.
    ///
    /// When it returns, the message is in the inbox and stays there until it is read, expires, or is dropped by a
    /// policy that readers are told about.
    ///
    /// - Parameters:
    ///   - content: What to say; at most ``Limits/messageBytesMax`` bytes. The broker does not look inside.
    ///   - recipient: Whom to.
    ///   - sender: Who says it; at most 256 bytes.
    ///   - type: What it is about; at most 128 bytes.
    ///   - timeToLive: How long it is kept unread, 1 ms to 7 days; nil for ``Limits/retainUnread``.
    ///   - key: Repeats of a send with the same key, sender and recipient within ``Limits/retainKeys`` are answered as
    ///     the first, and put nothing into the inbox.
    /// - Returns: The message's id, and how many readers were waiting.
    /// - Throws: ``BrokerError`` with `invalidRequest`, `tooLarge`, `keyReused`, `inboxFull`, `brokerFull` or
    ///   `draining`. Nothing is in the inbox then.
    @discardableResult
    public func send(
        _ content: [UInt8],
        to recipient: Recipient,
        from sender: String? = nil,
        type: String? = nil,
        timeToLive: Duration? = nil,
        key: String? = nil
    ) async throws(BrokerError) -> SendReceipt {
        if let sender { try Name.check(sender, called: "sender", bytesMax: Name.senderBytesMax) }
        if let type { try Name.check(type, called: "type", bytesMax: Name.typeBytesMax) }
        if let key { try Name.check(key, called: "key", bytesMax: Name.keyBytesMax) }
        if let timeToLive, timeToLive < .milliseconds(1) || timeToLive > Limits.timeToLiveMax {
            throw BrokerError(
                .invalidRequest,
                "timeToLive is \(timeToLive)",
                remedy: "choose 1 ms to \(Limits.timeToLiveMax), or nil for the broker's default"
            )
        }
        let wall = time.wallNow
        let payload = content.withUnsafeBufferPointer { content in
            Payload.make(sender: sender, type: type, content: content, sentAt: wall)
        }
        return try await shard(of: recipient).send(
            Draft(recipient: recipient, payload: payload, timeToLive: timeToLive, key: key)
        )
    }

    // MARK: Acknowledging

    /// Marks everything up to a message as read.
    ///
    /// - Returns: How many messages are left unread.
    /// - Throws: ``BrokerError`` with `invalidRequest` if the id is ahead of the inbox. An id of another life of the
    ///   inbox changes nothing.
    @discardableResult
    public func ack(_ recipient: Recipient, upTo id: MessageID) async throws(BrokerError) -> Int {
        try await shard(of: recipient).ack(recipient, upTo: id, ids: [])
    }

    /// Marks messages as read; those that are gone are passed over.
    ///
    /// - Returns: How many messages are left unread.
    /// - Throws: ``BrokerError`` with `invalidRequest` if an id is ahead of the inbox.
    @discardableResult
    public func ack(_ recipient: Recipient, ids: [MessageID]) async throws(BrokerError) -> Int {
        try await shard(of: recipient).ack(recipient, upTo: nil, ids: ids)
    }

    /// Gives leased messages back, at once or after a delay; those that are not leased are passed over.
    ///
    /// - Returns: How many messages are unread now.
    @discardableResult
    public func release(
        _ recipient: Recipient,
        ids: [MessageID],
        after delay: Duration = .zero
    ) async throws(BrokerError) -> Int {
        try await shard(of: recipient).release(recipient, ids: ids, delay: delay)
    }

    /// Extends leases so that their holder may keep working on the messages.
    ///
    /// The new deadline counts from now; it never moves earlier.
    ///
    /// - Returns: How many messages are unread.
    /// - Throws: ``BrokerError`` with `notFound` if one of them is not leased (any more); nothing is changed then.
    @discardableResult
    public func extend(
        _ recipient: Recipient,
        ids: [MessageID],
        lease: Duration
    ) async throws(BrokerError) -> Int {
        try await shard(of: recipient).extend(recipient, ids: ids, lease: lease)
    }

    // MARK: Looking and deleting

    /// One inbox from outside; zeros for a recipient that nobody has used.
    public func summary(of recipient: Recipient) async -> InboxSummary {
        await shard(of: recipient).summary(of: recipient)
    }

    /// Inboxes that hold a message or have a reader, in the order of their names' bytes.
    ///
    /// - Parameters:
    ///   - prefix: What their names begin with.
    ///   - after: The name after which to go on.
    ///   - limit: How many at most.
    /// - Returns: As many as there are, up to the limit; give the last name as `after` for the next.
    /// - Complexity: O(n log n) in the inboxes of the broker; for looking, not for traffic.
    public func summaries(prefix: String = "", after: String? = nil, limit: Int = 100) async -> [InboxSummary] {
        var all: [InboxSummary] = []
        for shard in shards { all += await shard.summaries(prefix: prefix, after: after, limit: limit) }
        return Array(all.sorted { $0.recipient < $1.recipient }.prefix(limit))
    }

    /// Removes an inbox with everything in it.
    ///
    /// A cursor of it is answered with a reset from now on. Its readers end; where they are many, some are told only after
    /// this has returned.
    public func delete(_ recipient: Recipient) async {
        await shard(of: recipient).delete(recipient)
    }

    /// What the broker holds and has done so far.
    public func statistics() async -> Statistics {
        var sum = Statistics()
        for shard in shards { sum += await shard.statistics() }
        sum.memoryBytes = memoryBytes
        return sum
    }

    /// Takes no more messages and ends everybody who waits; where they are many, some are told only after this has
    /// returned.
    public func drain() async {
        for shard in shards { await shard.drain() }
    }
}

/// A small generator for epochs, seeded from a better one; each shard has its own.
struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension Batch {
    /// The shards that have to learn what became of the batch: those of its messages, and of the drops that it tells of.
    package func shards(of broker: Broker) -> [Int] {
        Set(messages.lazy.map { broker.shardIndex(of: $0.recipient) })
            .union(toldDrops.lazy.map { broker.shardIndex(of: $0.recipient) })
            .sorted()
    }
}
