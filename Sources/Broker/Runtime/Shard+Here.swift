// The turns that every message takes, for callers that are on the shard's executor already, as everything on its loop is:
// they cost neither a closure nor the question which executor this is. Isolation is the caller's promise; all others await
// the methods of the same names without "Here".
extension Shard {
    /// See ``send(_:)``.
    package nonisolated func sendHere(_ draft: Draft) throws(BrokerError) -> SendReceipt {
        assertHere()
        defer { settle() }
        return try state.send(draft, now: time.now)
    }

    /// See ``read(_:_:until:)``.
    package nonisolated func readHere(
        _ reader: Reader,
        _ request: ReadRequest,
        until deadline: MonotonicInstant?
    ) throws(BrokerError) -> ReadOutcome? {
        assertHere()
        defer { settle() }
        let now = time.now
        guard try state.attach(reader, request, wall: time.wallNow) else {
            defer { state.leave(reader) }
            return .ended(.replaced, state.cursor(of: reader))
        }
        if let batch = state.collect(reader, now: now) {
            // A client that always finds something is there as well.
            reader.hasBeenThere = deadline.map { $0 > now } ?? true
            state.leave(reader)
            return .batch(batch)
        }
        if state.isDraining || deadline.map({ $0 <= now }) == true {
            let cursor = state.cursor(of: reader)
            state.leave(reader)
            if !state.isDraining, reader.countsTimeout { state.totals.timeouts += 1 }
            return .ended(state.isDraining ? .draining : .timedOut, cursor)
        }
        state.wait(reader, until: deadline)
        return nil
    }

    /// See ``wrote(_:_:)``.
    package nonisolated func wroteHere(_ reader: Reader, _ batch: Batch?) {
        assertHere()
        defer { settle() }
        let now = time.now
        if let batch { state.confirm(batch, isStream: true, only: reader.onlyInbox, now: now) }
        state.resume(reader, now: now)
    }

    /// See ``confirm(_:isStream:)``.
    package nonisolated func confirmHere(_ batch: Batch, isStream: Bool = false) {
        assertHere()
        defer { settle() }
        state.confirm(batch, isStream: isStream, now: time.now)
    }

    /// Checks the caller's promise in debug builds; `assertIsolated()` asks for the executor in release builds as well.
    private nonisolated func assertHere() {
        assert(
            {
                preconditionIsolated()
                return true
            }()
        )
    }
}
