/// Numbers as people and scripts read them.
enum BenchText {
    /// A duration in milliseconds, to the microsecond.
    static func milliseconds(_ duration: Duration) -> String {
        decimal(duration.inSeconds * 1000, 3)
    }

    /// A share of one.
    static func percent(_ share: Double) -> String {
        "\(decimal(share * 100, share < 0.0995 ? 1 : 0)) %"
    }

    /// A number with that many digits behind the point.
    static func decimal(_ number: Double, _ digits: Int) -> String {
        guard number >= 0 else { return "-" + decimal(-number, digits) }
        var factor = 1
        for _ in 0..<digits { factor *= 10 }
        let scaled = Int((number * Double(factor)).rounded())
        guard digits > 0 else { return "\(scaled)" }
        let fraction = String(scaled % factor)
        return "\(scaled / factor).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }
}

/// The quantiles that are told.
struct BenchQuantile: Sendable {
    /// Its name in a table.
    let name: String
    /// Its name in JSON.
    let key: String
    /// From 0 to 1.
    let share: Double

    /// All of them.
    static let all = [
        BenchQuantile(name: "p50", key: "p50", share: 0.5),
        BenchQuantile(name: "p90", key: "p90", share: 0.9),
        BenchQuantile(name: "p99", key: "p99", share: 0.99),
        BenchQuantile(name: "p99.9", key: "p999", share: 0.999),
        BenchQuantile(name: "p99.99", key: "p9999", share: 0.9999),
    ]
}
