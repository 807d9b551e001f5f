internal import Broker

// How long a client may take. One deadline at a time, for what the connection waits for; which one it is decides what happens
// when it passes. The channel moves a deadline later for the price of a store.
extension HTTPConnection {
    /// What the connection's deadline is for.
    enum Deadline: Equatable {
        case none
        /// The next request.
        case idle
        /// The rest of a head.
        case head
        /// The rest of a body.
        case body
        /// The peer is to take some of this many bytes that are pending, until then; what was taken may arrive meanwhile.
        case write(pending: Int, until: MonotonicInstant, attempt: Int32)
        /// Whether taken messages have arrived is to be looked at again.
        case arrival(attempt: Int32)
        /// The next ping of a stream.
        case ping
    }

    /// Sets the deadline for what the connection waits for now.
    ///
    /// A head and a body get one deadline each, however many pieces they come in.
    func rearm() {
        updateBusy()
        let next = nextDeadline
        switch next {
        case .head where deadline == .head, .body where deadline == .body, .ping where deadline == .ping: return
        case .write where isWriting, .arrival where isArriving: return
        default: break
        }
        deadline = next
        channel.deadline = duration(next).map { front.loop.now + $0 }
    }

    /// What the client took so long for is there: the next request has its own time.
    func requestIsComplete() {
        if deadline == .head || deadline == .body { deadline = .none }
    }

    private var isWriting: Bool {
        if case .write = deadline { true } else { false }
    }

    private var isArriving: Bool {
        if case .arrival = deadline { true } else { false }
    }

    private var nextDeadline: Deadline {
        if channel.pendingBytes > 0 { return write(attempt: 0) }
        if phase == .streaming { return unconfirmed.isEmpty ? .ping : .arrival(attempt: 0) }
        if !unconfirmed.isEmpty { return .arrival(attempt: 0) }
        switch phase {
        case .working, .finishing, .streaming: return .none
        case .reading: return incoming != nil ? .body : hasPartialRequest ? .head : .idle
        }
    }

    private func write(attempt: Int32) -> Deadline {
        .write(
            pending: channel.pendingBytes,
            until: front.loop.now + front.configuration.writeTimeout,
            attempt: attempt
        )
    }

    private func duration(_ deadline: Deadline) -> Duration? {
        switch deadline {
        case .none: return nil
        case .idle: return front.configuration.idleTimeout
        case .head: return front.configuration.headerTimeout
        case .body: return front.configuration.bodyTimeout
        case .write(_, let until, let attempt):
            return duration(.arrival(attempt: attempt)).map { min($0, until.duration(since: front.loop.now)) }
        case .ping: return front.configuration.pingInterval
        // Most answers arrive within milliseconds; a client that is far away or gone is looked at less and less often.
        case .arrival(let attempt): return .milliseconds(20 << Int64(min(attempt, 6)))
        }
    }

    func deadlinePassed() {
        let passed = deadline
        deadline = .none
        switch passed {
        case .none:
            rearm()
        case .idle:
            channel.close()
        case .head:
            refuse(Problem(.requestTimeout, timeoutDetail("head", front.configuration.headerTimeout)))
        case .body:
            refuse(Problem(.requestTimeout, timeoutDetail("body", front.configuration.bodyTimeout)))
        case .write(let pending, let until, let attempt):
            confirmArrived()
            // Who has taken something since then gets the time again.
            if channel.pendingBytes < pending {
                deadline = write(attempt: attempt + 1)
            } else {
                guard front.loop.now < until else { return channel.close() }
                deadline = .write(pending: pending, until: until, attempt: attempt + 1)
            }
            channel.deadline = duration(deadline).map { front.loop.now + $0 }
        case .arrival(let attempt):
            confirmArrived()
            guard !unconfirmed.isEmpty else {
                rearm()
                if hasEnded { finishAfterEnd() }
                return
            }
            deadline = .arrival(attempt: attempt + 1)
            channel.deadline = duration(deadline).map { front.loop.now + $0 }
            if phase == .streaming { pingIfDue() }
        case .ping:
            ping()
        }
    }

    private func timeoutDetail(_ part: String, _ limit: Duration) -> String {
        "the \(part) of the request did not come within \(limit.components.seconds) s; send it at once"
    }

    // MARK: Arrival

    /// What was left for the peer in the output buffer has been written.
    func noteWritten() {
        for index in unconfirmed.indices.reversed() {
            guard unconfirmed[index].end == .max else { return }
            unconfirmed[index].end = channel.writtenBytes
        }
    }

    /// Looks what of the taken messages has arrived: the peer has acknowledged every byte of their answers.
    ///
    /// A message becomes read only then. One that was written to a peer that vanished is given to the next taker, as soon
    /// as the connection has failed.
    func confirmArrived() {
        guard !unconfirmed.isEmpty else { return }
        let arrivedBytes = channel.arrivedBytes
        let arrived = unconfirmed.prefix { $0.end <= arrivedBytes }
        guard !arrived.isEmpty else { return }
        unconfirmed.removeFirst(arrived.count)
        for answer in arrived { front.confirm(answer.batch) }
    }

    /// The connection is gone: what has arrived is read, the rest is given back.
    func giveBackUnconfirmed() {
        confirmArrived()
        let lost = unconfirmed
        unconfirmed = []
        for answer in lost {
            front.settle(answer.batch) { shard, part in shard.giveBack(part) }
        }
    }
}

/// Taken messages on their way to the client.
struct Unconfirmed {
    let batch: Batch
    /// Where, in all that is written to the connection, their answer ends; `.max` until it is written.
    var end: Int

    init(_ batch: Batch, end: Int = .max) {
        self.batch = batch
        self.end = end
    }
}

extension Front {
    /// Has the shards of a batch's messages settle what became of it.
    func settle(_ batch: Batch, _ body: @escaping @Sendable (isolated Shard, Batch) -> Void) {
        // Each shard passes over what belongs to the others.
        for shard in batch.shards(of: broker) { tell(shard: shard) { body($0, batch) } }
    }

    /// A taken batch has arrived: its messages are read.
    func confirm(_ batch: Batch) {
        guard broker.shards.count > 1 else { return ownShard.confirmHere(batch) }
        settle(batch) { shard, part in shard.confirm(part) }
    }
}
