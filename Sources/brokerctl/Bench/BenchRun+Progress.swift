internal import Broker

/// How far a measurement is.
struct BenchProgress: Hashable, Sendable {
    /// From 0 to 1.
    var share: Double
    /// What is done at the moment, the most important first.
    var text: String
}

/// What was done in the last second.
struct ProgressMeter {
    private var counts: [(at: MonotonicInstant, count: Int)] = []

    /// How many there were each second, lately.
    mutating func rate(_ count: Int, at now: MonotonicInstant) -> Int {
        // A new phase counts anew.
        if let last = counts.last, last.count > count { counts = [] }
        counts.append((now, count))
        if counts.count > 11 { counts.removeFirst() }
        let (first, span) = (counts[0], now.duration(since: counts[0].at).inSeconds)
        return span > 0 ? Int((Double(count - first.count) / span).rounded()) : 0
    }
}

extension BenchRun {
    func currentProgress() -> BenchProgress {
        switch phase {
        case .connecting:
            return BenchProgress(
                share: Double(connectedCount) / Double(connectionCount),
                text: "connecting \(connectedCount) of \(connectionCount)"
            )
        case .parking:
            let count = parking?.waiting ?? 0
            return BenchProgress(
                share: Double(count) / Double(plan.waiting),
                text: "\(count) of \(plan.waiting) readers wait"
            )
        case .warmingUp:
            return BenchProgress(share: elapsed.inSeconds / plan.warmUp.inSeconds, text: "warming up")
        case .measuring:
            return BenchProgress(
                share: min(1, elapsed.inSeconds / plan.seconds.inSeconds),
                text: load.stage ?? figures()
            )
        case .draining:
            return BenchProgress(share: 1, text: "waiting for \(load.inFlight) on their way")
        case .cleaning, .over:
            return BenchProgress(share: 1, text: "cleaning up")
        }
    }

    private func figures() -> String {
        let count = result.deliveries > 0 ? result.deliveries : result.sends
        let main = result.histograms[result.measures[0]]
        let left = max(0, plan.seconds.inSeconds - elapsed.inSeconds)
        var text = "\(progress.rate(count, at: now))/s  p99 \(BenchText.milliseconds(main.quantile(0.99))) ms"
        let backlog = pacing.schedule?.backlog ?? 0
        if result.errors > 0 { text += "  errors \(result.errors)" }
        if backlog > 0 { text += "  held up \(backlog)" }
        return text + "  \(Int(left.rounded(.up))) s left"
    }
}
