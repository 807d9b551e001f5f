internal import Broker

/// What the load tells of what became of its messages.
extension BenchRun {
    /// A send was answered with success; what is done each second counts when it happens.
    func sent() {
        if phase == .measuring { result.sends += 1 }
    }

    /// A reader has received a message.
    func delivered() {
        if phase == .measuring { result.deliveries += 1 }
    }

    /// A reader has received what no reader should have.
    func deliveredAgain() {
        result.duplicates += 1
    }

    /// What was due in the time that is measured, and what is given up: it was on its way then, at any rate.
    private func belongs(_ due: MonotonicInstant) -> Bool {
        guard phase == .measuring || phase == .draining, clockStart < .distantFuture, due < clockEnd else {
            return false
        }
        return isGivingUp || due >= clockStart
    }

    /// Counts how long something took.
    ///
    /// - Parameters:
    ///   - measure: What.
    ///   - start: Since when.
    ///   - due: When the send was due, which says whether it counts.
    ///   - end: Until when.
    ///   - times: For how many readers.
    func record(
        _ measure: BenchMeasure,
        from start: MonotonicInstant,
        due: MonotonicInstant,
        to end: MonotonicInstant,
        times: Int = 1
    ) {
        guard belongs(due) else { return }
        result.histograms[measure].record(end.duration(since: start), times: times)
    }

    /// A request was refused that was due at that time, which says whether it counts.
    func failed(_ status: Int, _ body: UnsafeBufferPointer<UInt8>, due: MonotonicInstant) {
        guard belongs(due) else { return }
        result.errorsByStatus[status, default: 0] += 1
        if result.firstError == nil { result.firstError = BenchRun.problem(status, body) }
    }

    /// A send got no answer.
    func unanswered(due: MonotonicInstant) {
        if belongs(due) { result.unanswered += 1 }
    }

    /// Readers did not receive a message that was accepted.
    func undelivered(_ count: Int, due: MonotonicInstant) {
        if belongs(due) { result.undelivered += count }
    }

    /// What an error answer says.
    static func problem(_ status: Int, _ body: UnsafeBufferPointer<UInt8>) -> String {
        let problem = JSONObject(Array(body))
        return "\(problem?.string("code") ?? "status \(status)"): \(problem?.string("detail") ?? "")"
    }
}
