/// What a measurement found.
struct BenchResult: Sendable {
    let plan: BenchPlan
    /// How long was measured, without the warm-up; in park, for how long the readers were held.
    var elapsed = Duration.zero
    /// Sends that were answered with success.
    var sends = 0
    /// Messages that readers received.
    var deliveries = 0
    /// Requests that were refused.
    var errorsByStatus: [Int: Int] = [:]
    /// What the broker said of the first of them.
    var firstError: String?
    /// Sends that no answer came to.
    var unanswered = 0
    /// Accepted messages that did not come out, counted for each reader.
    var undelivered = 0
    /// Messages that came out once too often.
    var duplicates = 0
    /// Sends that were due and had to wait for a connection.
    var heldUp = 0
    /// Sends that were due and were not sent at all.
    var unsent = 0
    /// How long everything took.
    var histograms = BenchHistograms()
    /// Who used how much of the machine; nil if nothing was measured.
    var usage: BenchUsage?
    /// What the readers cost, in park.
    var memory: BenchMemory?
    /// Whether Ctrl-C ended it early.
    var wasInterrupted = false
    /// Why it ended early otherwise.
    var brokenBy: String?

    /// Makes the result of nothing.
    init(plan: BenchPlan) {
        self.plan = plan
    }

    /// What is measured, the most important first.
    var measures: [BenchMeasure] { BenchMeasure.all(of: plan.mode, isOpenLoop: plan.rate != nil) }

    /// All that went wrong with requests.
    var errors: Int { errorsByStatus.values.reduce(0, +) }

    /// Whether everything that was sent was answered and received, once.
    var isFlawless: Bool { errors + unanswered + undelivered + duplicates == 0 && brokenBy == nil }

    /// A count for each second.
    func perSecond(_ count: Int) -> Double {
        elapsed > .zero ? Double(count) / elapsed.inSeconds : 0
    }

    /// What is told beside the figures, so that nobody believes more than they say.
    var warnings: [String] {
        var warnings: [String] = []
        if let usage, usage.isBenchTheLimit {
            warnings.append(
                "bench itself was the limit: its thread used \(BenchText.percent(usage.threadCores)) of a core; the broker "
                    + "can do more, and latencies hold what bench itself waited for"
            )
        }
        if let usage, usage.isBenchStarved {
            warnings.append(
                "bench had no core for \(BenchText.percent(usage.threadWaitedCores ?? 0)) of the time in which it needed "
                    + "one: latencies hold that, and the broker may be able to do more"
            )
        }
        // The last one due may be left at the end of a run that keeps up.
        if unsent > 0, unsent * 100 > sends {
            warnings.append(
                "the rate was not reached: \(unsent) sends were due and not sent; they count with the time they waited"
            )
        }
        if let usage, usage.brokerCores != nil, let others = usage.othersCores, others >= 0.25 {
            warnings.append("other processes used \(BenchText.percent(others)) of a core: repeat it on a quiet machine")
        }
        if unanswered > 0 { warnings.append("\(unanswered) sends got no answer; they count with the time they waited") }
        if undelivered > 0 { warnings.append("\(undelivered) accepted messages did not reach their readers in time") }
        if duplicates > 0 { warnings.append("\(duplicates) messages reached a reader once too often") }
        return warnings
    }
}
