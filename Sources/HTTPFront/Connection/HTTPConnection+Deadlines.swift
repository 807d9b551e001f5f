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
        /// The peer is to take some of this many bytes that are pending.
        case write(pending: Int)
        /// Whether taken messages have arrived is to be looked at again.
        case arrival(attempt: Int)
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
        if channel.pendingBytes > 0 { return .write(pending: channel.pendingBytes) }
        if phase == .streaming { return unconfirmed.isEmpty ? .ping : .arrival(attempt: 0) }
        if !unconfirmed.isEmpty { return .arrival(attempt: 0) }
        switch phase {
        case .working, .finishing, .streaming: return .none
        case .reading: return incoming != nil ? .body : hasPartialRequest ? .head : .idle
        }
    }

    private func duration(_ deadline: Deadline) -> Duration? {
        switch deadline {
        case .none: return nil
        case .idle: return front.configuration.idleTimeout
        case .head: return front.configuration.headerTimeout
        case .body: return front.configuration.bodyTimeout
        case .write: return front.configuration.writeTimeout
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
        case .write(let pending):
            // Who has taken something since then gets the time again.
            guard channel.pendingBytes < pending else { return channel.close() }
            rearm()
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

    /// Looks whether what was taken has arrived: nothing is pending here, and the peer has acknowledged every byte.
    ///
    /// A message becomes read only then. One that was written to a peer that vanished is given to the next taker, as soon
    /// as the connection has failed.
    func confirmArrived() {
        guard !unconfirmed.isEmpty, !channel.hasUnsent, front.output.isEmpty else { return }
        guard (channel.unacknowledgedBytes() ?? 0) == 0 else { return }
        confirmUnconfirmed()
    }

    /// What was taken has arrived.
    func confirmUnconfirmed() {
        let batches = unconfirmed
        unconfirmed = []
        for batch in batches {
            front.settle(batch) { shard, part in shard.confirm(part) }
        }
    }

    /// What was taken has not arrived, as far as is known.
    func giveBackUnconfirmed() {
        guard !unconfirmed.isEmpty else { return }
        let batches = unconfirmed
        unconfirmed = []
        for batch in batches {
            front.settle(batch) { shard, part in shard.giveBack(part) }
        }
    }
}

extension Front {
    /// Has the shards of a batch's messages settle what became of it.
    func settle(_ batch: Batch, _ body: @escaping @Sendable (isolated Shard, Batch) -> Void) {
        // Each shard passes over what belongs to the others.
        for shard in batch.shards(of: broker) { tell(shard: shard) { body($0, batch) } }
    }
}
