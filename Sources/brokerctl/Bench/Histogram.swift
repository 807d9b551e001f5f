/// Counts durations in buckets whose width grows with the duration, in constant memory.
///
/// Up to 128 each nanosecond has its bucket; beyond that each power of two is cut into 128. So a quantile is never
/// below the true one, and above it by ``relativeErrorMax`` at most. Count, shortest, longest and mean are exact.
struct Histogram: Sendable {
    /// How many durations were recorded.
    private(set) var count = 0
    /// The longest; zero if none was recorded.
    private(set) var max = Duration.zero

    private var shortest = Int64.max
    private var sum = 0.0
    private var counts: [Int] = Array(repeating: 0, count: Histogram.bucketCount)

    private static let subBits = 7
    private static let subCount = 1 << subBits
    private static let bucketCount = (64 - subBits) * subCount

    /// By what share of itself a quantile may be too long.
    static let relativeErrorMax = 1 / Double(subCount)

    /// The shortest; zero if none was recorded.
    var min: Duration { count == 0 ? .zero : .nanoseconds(shortest) }

    /// The sum of all, divided by their number; zero if none was recorded.
    var mean: Duration { count == 0 ? .zero : .nanoseconds(Int64((sum / Double(count)).rounded())) }

    /// Counts a duration, perhaps several times; one below zero counts as zero.
    mutating func record(_ duration: Duration, times: Int = 1) {
        let (seconds, attoseconds) = duration.components
        // Latencies are seconds, at most days: no overflow before 292 years.
        let nanoseconds = Swift.max(0, seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        counts[Histogram.bucket(of: UInt64(nanoseconds))] += times
        count += times
        sum += Double(nanoseconds) * Double(times)
        shortest = Swift.min(shortest, nanoseconds)
        max = Swift.max(max, .nanoseconds(nanoseconds))
    }

    /// Adds what another has counted.
    mutating func merge(_ other: Histogram) {
        for (index, count) in other.counts.enumerated() where count > 0 { counts[index] += count }
        count += other.count
        sum += other.sum
        shortest = Swift.min(shortest, other.shortest)
        max = Swift.max(max, other.max)
    }

    /// The duration that a share of all durations does not exceed; zero if none was recorded.
    ///
    /// - Parameter share: From 0 to 1; 0.99 for p99.
    /// - Returns: The upper end of its bucket, never more than the longest.
    func quantile(_ share: Double) -> Duration {
        precondition((0...1).contains(share), "\(share) is not from 0 to 1")
        let rank = Swift.max(1, Int((Double(count) * share).rounded(.up)))
        var seen = 0
        for (index, count) in counts.enumerated() {
            seen += count
            if seen >= rank { return Swift.min(max, .nanoseconds(Int64(clamping: Histogram.upperEnd(of: index)))) }
        }
        return .zero
    }

    /// Whether there are enough durations for a quantile: at least one is expected beyond it.
    func knows(_ share: Double) -> Bool {
        // A share such as 0.9999 has no exact number: 10 000 durations are to be enough for it.
        Double(count) * (1 - share) > 0.999_999
    }

    static func bucket(of nanoseconds: UInt64) -> Int {
        guard nanoseconds >= UInt64(subCount) else { return Int(nanoseconds) }
        // The highest bit says which power of two; the seven bits behind it which part.
        let shift = 63 - nanoseconds.leadingZeroBitCount - subBits
        return shift * subCount + Int(nanoseconds >> UInt64(shift))
    }

    static func upperEnd(of bucket: Int) -> UInt64 {
        guard bucket >= 2 * subCount else { return UInt64(bucket) }
        let shift = UInt64(bucket / subCount - 1)
        let part = UInt64(bucket % subCount + subCount)
        return ((part + 1) << shift) &- 1
    }
}
