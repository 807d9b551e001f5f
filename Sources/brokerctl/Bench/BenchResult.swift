/// What a measurement found.
struct BenchResult: Sendable {
    let mode: BenchMode
    let plan: BenchPlan
    /// How long was measured, without the warm-up.
    var elapsed = Duration.zero
    var sends = 0
    var deliveries = 0
    var errors = 0
    /// What the broker said of the first error.
    var firstError: String?
    var latency = Histogram()
    var wasInterrupted = false

    init(mode: BenchMode, plan: BenchPlan) {
        self.mode = mode
        self.plan = plan
    }

    private static let quantiles: [(name: String, key: String, share: Double)] = [
        ("p50", "p50", 0.5), ("p90", "p90", 0.9), ("p99", "p99", 0.99), ("p99.9", "p999", 0.999),
    ]

    private func perSecond(_ count: Int) -> Double {
        elapsed > .zero ? Double(count) / elapsed.inSeconds : 0
    }

    /// For people.
    var lines: [String] {
        let connections = mode == .poll ? "\(plan.connections) pairs" : "\(plan.connections) connections"
        var lines = [
            "\(mode.rawValue): \(connections), \(BenchResult.decimal(elapsed.inSeconds, 1)) s, "
                + "\(plan.payloadBytes) bytes of content\(wasInterrupted ? ", interrupted" : "")"
        ]
        var table = Table([("", .left), ("", .right), ("", .right)])
        let hasRates = mode != .park
        let row = { (name: String, count: Int) in
            table.append([name, "\(count)", hasRates ? "\(Int(perSecond(count).rounded()))/s" : ""])
        }
        row("sends", sends)
        if mode != .send { row("deliveries", deliveries) }
        table.append(["errors", "\(errors)", ""])
        lines += table.takeLines()
        let figures = BenchResult.quantiles.map { "\($0.name) \(BenchResult.milliseconds(latency.quantile($0.share)))" }
        lines.append(
            "\(mode.latencyName), ms: \((figures + ["max \(BenchResult.milliseconds(latency.max))"]).joined(separator: "  "))"
        )
        if let firstError { lines.append("first error: \(TerminalText.escaped(firstError))") }
        return lines
    }

    /// For scripts: one object.
    var json: String {
        var text = JSONText()
        text.set("mode", mode.rawValue)
        text.set("connections", raw: "\(plan.connections)")
        text.set("payloadBytes", raw: "\(plan.payloadBytes)")
        text.set("seconds", raw: BenchResult.decimal(elapsed.inSeconds, 3))
        text.set("sends", raw: "\(sends)")
        text.set("sendsPerSecond", raw: BenchResult.decimal(perSecond(sends), 1))
        text.set("deliveries", raw: "\(deliveries)")
        text.set("deliveriesPerSecond", raw: BenchResult.decimal(perSecond(deliveries), 1))
        text.set("errors", raw: "\(errors)")
        text.set("firstError", firstError)
        text.set("interrupted", raw: "\(wasInterrupted)")
        var quantiles = JSONText()
        for quantile in BenchResult.quantiles {
            quantiles.set(quantile.key, raw: BenchResult.milliseconds(latency.quantile(quantile.share)))
        }
        quantiles.set("max", raw: BenchResult.milliseconds(latency.max))
        text.set("latencyMilliseconds", raw: quantiles.object)
        return text.object
    }

    static func milliseconds(_ duration: Duration) -> String {
        decimal(duration.inSeconds * 1000, 3)
    }

    /// A number with that many digits behind the point.
    static func decimal(_ number: Double, _ digits: Int) -> String {
        var factor = 1
        for _ in 0..<digits { factor *= 10 }
        let scaled = Int((number * Double(factor)).rounded())
        let fraction = String(scaled % factor)
        return "\(scaled / factor).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }
}
