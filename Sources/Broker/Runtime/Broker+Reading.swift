extension Broker {
    /// Takes messages as from a queue: each goes to exactly one taker, longest waiting first, and is read when this
    /// returns.
    ///
    /// - Parameters:
    ///   - recipient: Whose inbox.
    ///   - timeout: How long to wait when there is nothing; zero to not wait, nil to wait for ever.
    ///   - limit: How many messages at most, 1 to 1000.
    /// - Returns: The messages, oldest first; none if none came in time or the broker is shutting down. If messages
    ///   were dropped before anybody took them, ``Batch/lost`` says how many.
    /// - Throws: ``BrokerError``, or `CancellationError` if the task was cancelled before anything came; nothing is
    ///   taken then.
    public func take(
        from recipient: Recipient,
        within timeout: Duration? = .seconds(40),
        limit: Int = 100
    ) async throws -> Batch {
        let outcome = try await poll(
            ReadRequest(recipients: [recipient], mode: .take, limit: limit),
            within: timeout
        )
        let batch = try Broker.batch(of: outcome)
        if batch.isTaken { await shard(of: recipient).confirm(batch) }
        return batch
    }

    /// Takes messages for a time: each is its taker's until the lease ends, then it is unread again at its old place.
    ///
    /// - Parameters:
    ///   - recipient: Whose inbox.
    ///   - lease: How long; `ack`, `release` or `extend` before it ends. 1 ms to 1 h.
    ///   - timeout: How long to wait when there is nothing; zero to not wait, nil to wait for ever.
    ///   - limit: How many messages at most, 1 to 1000.
    /// - Returns: As ``take(from:within:limit:)``.
    /// - Throws: ``BrokerError``, or `CancellationError` if the task was cancelled before anything came.
    public func lease(
        from recipient: Recipient,
        for lease: Duration,
        within timeout: Duration? = .seconds(40),
        limit: Int = 100
    ) async throws -> Batch {
        let outcome = try await poll(
            ReadRequest(recipients: [recipient], mode: .lease(lease), limit: limit),
            within: timeout
        )
        return try Broker.batch(of: outcome)
    }

    /// Reads what follows a cursor, as from a log; everybody else gets the messages as well.
    ///
    /// Passing a batch's cursor on says that the batch has been seen: its messages count as delivered from then on, and
    /// may be dropped before others when the inbox is full.
    ///
    /// - Parameters:
    ///   - recipients: Whose inboxes, 1 to 100, none twice; with the cursor of an earlier batch the same, in the same
    ///     order.
    ///   - cursor: Where to begin.
    ///   - timeout: How long to wait when there is nothing; zero to not wait, nil to wait for ever.
    ///   - limit: How many messages at most, 1 to 1000.
    ///   - observing: Whether only to look: nothing counts as delivered, and nothing changes for anybody. A cursor got
    ///     in this way is for going on observing.
    /// - Returns: A batch whose cursor is to be passed on; without messages if none came in time.
    /// - Throws: ``BrokerError`` with `invalidRequest`, or `CancellationError`.
    public func follow(
        _ recipients: [Recipient],
        from cursor: Cursor,
        within timeout: Duration?,
        limit: Int = 100,
        observing: Bool = false
    ) async throws -> Batch {
        let request = ReadRequest(
            recipients: recipients,
            mode: .follow(cursor),
            limit: limit,
            isObserving: observing
        )
        return try Broker.batch(of: await poll(request, within: timeout))
    }

    private static func batch(of outcome: ReadOutcome) throws(CancellationError) -> Batch {
        switch outcome {
        case .batch(let batch): return batch
        case .ended(.left, _): throw CancellationError()
        case .ended(_, let position): return Batch(cursor: position)
        }
    }

    /// Carries out a read of any kind, in one shard or several, and waits if need be.
    ///
    /// A taken batch must be confirmed or given back. Cancelling the task ends it with `.ended(.left, …)`, if no
    /// outcome has come before: then nothing is taken.
    ///
    /// - Throws: ``BrokerError``; nothing is taken then.
    package func poll(_ request: ReadRequest, within timeout: Duration?) async throws(BrokerError) -> ReadOutcome {
        try Broker.check(request)
        var request = request
        fence(&request)
        let deadline = timeout.map { time.now + $0 }
        let parts = try split(request)
        if parts.count == 1 { return try await parts[0].shard.poll(parts[0].request, until: deadline) }
        return try await poll(request, in: parts, until: deadline)
    }

    private static func check(_ request: ReadRequest) throws(BrokerError) {
        guard (1...Limits.readRecipientsMax).contains(request.recipients.count) else {
            throw BrokerError(
                .invalidRequest,
                "the request names \(request.recipients.count) recipients",
                remedy: "name 1 to \(Limits.readRecipientsMax)"
            )
        }
        guard (1...Limits.answerMessagesMax).contains(request.limit) else {
            throw BrokerError(
                .invalidRequest,
                "limit is \(request.limit)",
                remedy: "choose 1 to \(Limits.answerMessagesMax)"
            )
        }
        if case .lease(let lease) = request.mode, lease < .milliseconds(1) || lease > Limits.leaseMax {
            throw BrokerError(.invalidRequest, "lease is \(lease)", remedy: "choose 1 ms to \(Limits.leaseMax)")
        }
        guard request.recipients.count > 1 else { return }
        var seen: Set<Recipient> = []
        for recipient in request.recipients where !seen.insert(recipient).inserted {
            throw BrokerError(.invalidRequest, "recipient '\(recipient)' is named twice", remedy: "name it once")
        }
    }
}

extension Shard {
    /// Carries out a read whose recipients are all in this shard, and waits if need be.
    func poll(_ request: ReadRequest, until deadline: MonotonicInstant?) async throws(BrokerError) -> ReadOutcome {
        let gate = PollGate()
        let reader = GatedReader(gate: gate, part: 0)
        if let outcome = try read(reader, request, until: deadline) { return outcome }
        let (outcome, _) = await gate.outcome()
        // After a cancellation it is still registered.
        leave(reader)
        return outcome
    }

    /// What is there at this moment for a part of a read that spans several shards.
    func collect(_ request: ReadRequest) throws(BrokerError) -> ReadOutcome {
        let reader = Reader(isStream: false)
        reader.countsTimeout = false
        guard let outcome = try read(reader, request, until: time.now) else {
            preconditionFailure("a read that is not to wait was told to")
        }
        return outcome
    }

    /// Counts a poll that found nothing in any of several shards and did not want to wait.
    func countTimeout() {
        state.totals.timeouts += 1
    }
}
