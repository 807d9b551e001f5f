/// The actor that holds the inboxes of its share of the recipients.
///
/// Each method is one turn: it reads the clock once, asks the state, then carries out what the state decided.
/// Deliveries are carried out after the state has returned, so a receiver may call back into the shard.
package actor Shard {
    /// How many followers are served in one slice, how many watchers are told, and how many readers of an inbox that ends;
    /// the rest wait for other work that is ready.
    package static let sliceBudget = 64

    // Not isolated as far as the compiler goes, so that what runs on the executor anyway may enter without asking it: see
    // ``sendHere(_:)``. All of it is touched on the shard's executor only. The state calls nobody while it is changed, so no
    // two changes of it can overlap, which need not be checked each time.
    @exclusivity(unchecked) nonisolated(unsafe) var state: ShardState
    private let host: any ShardHost
    let time: any TimeSource
    private let observer: (any BrokerObserver)?
    /// What the host was last asked to wake at.
    private nonisolated(unsafe) var wakesAt = MonotonicInstant.distantFuture
    private nonisolated(unsafe) var isPerforming = false
    private nonisolated(unsafe) var isYielding = false

    /// The executor of the host: an event loop, a manual executor, or the default one.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { host.executor }

    init(
        limits: Limits,
        departuresMax: Int,
        budget: MemoryBudget,
        host: any ShardHost,
        time: any TimeSource,
        observer: (any BrokerObserver)?,
        randomness: any RandomNumberGenerator & Sendable
    ) {
        state = ShardState(limits: limits, budget: budget, randomness: randomness, now: time.now)
        state.presence.departuresMax = departuresMax
        self.host = host
        self.time = time
        self.observer = observer
    }

    // MARK: Sending

    /// Puts a message into its inbox.
    ///
    /// See ``Broker/send(_:to:from:type:timeToLive:key:)``.
    package func send(_ draft: Draft) throws(BrokerError) -> SendReceipt {
        try sendHere(draft)
    }

    // MARK: Reading at once or later

    /// Gives what is there for the reader, or registers it.
    ///
    /// - Parameters:
    ///   - reader: A reader that has not been used before.
    ///   - request: What it asks for, checked already.
    ///   - deadline: When it ends by itself; nil to wait for ever. A deadline that has passed means not to wait at all.
    /// - Returns: A batch at once, or that there is nothing and no waiting, or nil: then the reader is registered and
    ///   will receive exactly one outcome if it is a poll, and any number up to an end if it is a stream.
    /// - Throws: ``BrokerError``; the reader is not registered then.
    package func read(
        _ reader: Reader,
        _ request: ReadRequest,
        until deadline: MonotonicInstant?
    ) throws(BrokerError) -> ReadOutcome? {
        try readHere(reader, request, until: deadline)
    }

    /// Opens a stream: it is registered, and receives batches, each after the one before was confirmed with
    /// ``wrote(_:_:)``.
    ///
    /// - Returns: The cursor that the stream starts from.
    /// - Throws: ``BrokerError``; the stream is not registered then.
    package func open(_ reader: Reader, _ request: ReadRequest) throws(BrokerError) -> Cursor {
        precondition(reader.isStream, "only a stream is opened")
        defer { settle() }
        guard !state.isDraining else { throw .draining }
        let isNewest = try state.attach(reader, request, wall: time.wallNow)
        let cursor = state.cursor(of: reader)
        guard isNewest else {
            state.end(reader, .replaced)
            return cursor
        }
        state.wait(reader, until: nil)
        state.pause(reader)
        state.resume(reader, now: time.now)
        return cursor
    }

    /// Lets a reader go whose client has left.
    ///
    /// A poll is told so, or what it was about to be told.
    package func leave(_ reader: Reader) {
        defer { settle() }
        guard state.leave(reader) else { return }
        _ = reader.receive(.ended(.left, .oldest))
    }

    /// A stream's write has gone out; it may have the next.
    ///
    /// With a batch: that it has arrived, as far as can be known. Without, the batch is confirmed or given back apart
    /// from this.
    package func wrote(_ reader: Reader, _ batch: Batch?) {
        wroteHere(reader, batch)
    }

    /// A stream's write does not go out: until ``wrote(_:_:)`` its messages count to how far the reader is behind.
    package func withhold(_ messages: [Message], from reader: Reader) {
        state.withhold(messages, from: reader)
    }

    /// A taken batch has arrived: its messages are read.
    package func confirm(_ batch: Batch, isStream: Bool = false) {
        confirmHere(batch, isStream: isStream)
    }

    /// A batch has not arrived: what was taken is unread again.
    package func giveBack(_ batch: Batch) {
        defer { settle() }
        state.giveBack(batch, now: time.now)
    }

    // MARK: Everything else

    /// Marks messages as read.
    ///
    /// See ``Broker/ack(_:upTo:)``.
    package func ack(_ recipient: Recipient, upTo position: MessageID?, ids: [MessageID]) throws(BrokerError) -> Int {
        defer { settle() }
        return try state.ack(recipient, upTo: position, ids: ids, now: time.now, wall: time.wallNow)
    }

    /// Gives leased messages back.
    ///
    /// See ``Broker/release(_:ids:after:)``.
    package func release(_ recipient: Recipient, ids: [MessageID], delay: Duration) throws(BrokerError) -> Int {
        defer { settle() }
        return try state.release(recipient, ids: ids, delay: delay, now: time.now)
    }

    /// Makes leases longer.
    ///
    /// See ``Broker/extend(_:ids:lease:)``.
    package func extend(_ recipient: Recipient, ids: [MessageID], lease: Duration) throws(BrokerError) -> Int {
        defer { settle() }
        return try state.extend(recipient, ids: ids, lease: lease, now: time.now)
    }

    /// One inbox from outside.
    package func summary(of recipient: Recipient) -> InboxSummary {
        state.summary(of: recipient, wall: time.wallNow)
    }

    /// Some inboxes from outside, sorted by name.
    package func summaries(prefix: String, after: String?, limit: Int) -> [InboxSummary] {
        state.summaries(prefix: prefix, after: after, limit: limit, wall: time.wallNow)
    }

    /// Unread messages of some recipients together; those of other shards count nothing.
    func unread(of recipients: [Recipient]) -> Int {
        state.unread(of: recipients)
    }

    /// Removes an inbox; its readers are told.
    package func delete(_ recipient: Recipient) {
        defer { settle() }
        state.delete(recipient)
    }

    /// Takes no more sends, and ends everybody who waits.
    package func drain() {
        defer { settle() }
        state.drain()
    }

    /// What the shard holds and has done.
    package func statistics() -> Statistics {
        var statistics = state.statistics
        statistics.lag = state.lag(at: time.wallNow)
        return statistics
    }

    /// Whether somebody reads the inboxes of some recipients.
    package func presence(of recipients: [Recipient]) -> [Presence] {
        let now = time.now
        return recipients.map { state.presence(of: $0, now: now) }
    }

    /// Has a watcher told of recipients of this shard who come or go.
    ///
    /// - Returns: How it is now, in their order.
    package func watch(_ watcher: PresenceWatcher, _ recipients: [Recipient]) -> [Presence] {
        defer { settle() }
        return state.watch(watcher, recipients, now: time.now)
    }

    /// Lets a watcher go.
    package func unwatch(_ watcher: PresenceWatcher) {
        state.unwatch(watcher)
    }

    // MARK: Called by the host

    /// Carries out what is due.
    package func advance() {
        wakesAt = .distantFuture
        state.advance(to: time.now)
        settle()
    }

    /// Goes on with what an earlier turn has left to be told.
    ///
    /// - Returns: Whether there is still more; the host has been asked to call again then.
    @discardableResult
    package func goOn() -> Bool {
        isYielding = false
        settle()
        return isYielding
    }

    // MARK: Carrying out

    /// Carries out what the state decided.
    ///
    /// Receivers may call back into the shard; the outermost call carries that out too.
    nonisolated func settle() {
        guard !isPerforming else { return }
        isPerforming = true
        // A slice of each fan-out in each turn; while one is put off, new ones wait in line behind it.
        if !isYielding {
            if state.isFanningOut { state.fanOut(budget: Shard.sliceBudget, now: time.now) }
            if state.presence.hasNews {
                for news in state.presence.takeNews(budget: Shard.sliceBudget) { news.watcher.receive(news.presence) }
            }
        }
        var endings = isYielding ? 0 : Shard.sliceBudget
        while true {
            if state.presence.hasChanged { state.settlePresence(now: time.now) }
            if let action = state.actions.popFirst() {
                perform(action)
            } else if endings > 0, let ending = state.endings.popFirst() {
                endings -= 1
                perform(ending)
            } else if !state.presence.hasChanged {
                break
            }
        }
        isPerforming = false
        // Also what a receiver has sent meanwhile.
        if state.isFanningOut || state.presence.hasNews || !state.endings.isEmpty, !isYielding {
            isYielding = true
            host.yield(self)
        }
        guard let deadline = state.nextDeadline, deadline < wakesAt else { return }
        wakesAt = deadline
        host.wake(self, at: deadline)
    }

    private nonisolated func perform(_ action: Action) {
        switch action {
        case .deliver(let reader, let batch):
            guard !reader.receive(.batch(batch)) else { return }
            state.giveBack(batch, now: time.now)
        case .end(let reader, let reason, let cursor):
            _ = reader.receive(.ended(reason, cursor))
        case .observe(let event):
            observer?.observe(event)
        }
    }
}
