internal import Broker

/// Who sends next, and when.
struct Pacing {
    /// When sends are due; nil in a closed loop.
    var schedule: Schedule?
    /// Wakes the loop when they are.
    var thread: PaceThread?
    /// Senders with nothing to do, the one that is free longest first.
    var free: [BenchSender] = []
    var firstFree = 0

    mutating func append(_ sender: BenchSender) {
        if firstFree > 1024, firstFree * 2 > free.count {
            free.removeFirst(firstFree)
            firstFree = 0
        }
        free.append(sender)
    }

    mutating func popFirst() -> BenchSender? {
        guard firstFree < free.count else { return nil }
        defer { firstFree += 1 }
        return free[firstFree]
    }
}

extension BenchRun {
    private var isSending: Bool { phase == .warmingUp || phase == .measuring }

    /// The schedule begins now, if there is one.
    func beginPacing() {
        guard let rate = plan.rate else { return }
        let start = now
        pacing.schedule = Schedule(rate: rate, start: start)
        guard isPacedByThread else { return }
        pacing.thread = PaceThread(rate: rate, start: start, loop: loop) { [weak self] in self?.pace() }
    }

    /// A sender has nothing to do: it sends what is due, or waits until something is.
    func isFree(_ sender: BenchSender) {
        guard isSending else { return }
        let now = now
        guard pacing.schedule != nil else { return load.send(from: sender, due: now, at: now, self) }
        guard let due = pacing.schedule?.take() else { return pacing.append(sender) }
        // It was noticed before, and no connection was free.
        if phase == .measuring { result.heldUp += 1 }
        load.send(from: sender, due: due, at: now, self)
    }

    /// Sends what has come due over connections that are free.
    func pace() {
        guard isSending, pacing.schedule != nil else { return }
        let now = now
        let isMeasuring = phase == .measuring
        let clockStart = clockStart
        pacing.schedule?.notice(now) { due in
            // How late the generator is by itself, whatever the broker does.
            if isMeasuring, due >= clockStart { result.histograms[.generatorLate].record(now.duration(since: due)) }
        }
        while (pacing.schedule?.backlog ?? 0) > 0, let sender = pacing.popFirst() {
            guard let due = pacing.schedule?.take() else { return }
            load.send(from: sender, due: due, at: now, self)
        }
    }

    /// No more is sent; what was due and was not sent counts with the time that it has waited.
    func endPacing(at end: MonotonicInstant, counts: Bool) {
        pacing.thread?.stop()
        guard counts, var schedule = pacing.schedule else { return }
        schedule.notice(end) { _ in }
        var first = schedule.taken
        while first < schedule.noticed, schedule.due(first) < clockStart { first += 1 }
        let count = schedule.noticed - first
        result.unsent = count
        // Of very many, each stands for some.
        let step = max(1, count / 100_000)
        for index in stride(from: first, to: schedule.noticed, by: step) {
            let times = min(step, schedule.noticed - index)
            let age = end.duration(since: schedule.due(index))
            for measure in result.measures where measure != .generatorLate {
                let receivers = plan.mode == .fanout ? plan.readers : 1
                let isEach = measure == .sendToDelivery
                if !measure.countsFromWriting {
                    result.histograms[measure].record(age, times: isEach ? times * receivers : times)
                }
            }
        }
    }
}
