/// Counts durations in buckets whose width grows with the duration: any quantile is exact to 0.8 %, in constant memory.
///
/// Up to 128 each nanosecond has its bucket; beyond that each power of two is cut into 128.
struct Histogram: Sendable {
    /// How many durations were recorded.
    private(set) var count = 0
    /// The longest, exactly.
    private(set) var max = Duration.zero

    private var counts: [Int] = Array(repeating: 0, count: Histogram.bucketCount)

    private static let subBits = 7
    private static let subCount = 1 << subBits
    private static let bucketCount = (64 - subBits) * subCount

    /// Counts a duration; one below zero counts as zero.
    mutating func record(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        // Latencies are seconds, at most hours: no overflow before 292 years.
        let nanoseconds = Swift.max(0, seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        counts[Histogram.bucket(of: UInt64(nanoseconds))] += 1
        count += 1
        max = Swift.max(max, .nanoseconds(nanoseconds))
    }

    /// Adds what another has counted.
    mutating func merge(_ other: Histogram) {
        for (index, count) in other.counts.enumerated() where count > 0 { counts[index] += count }
        count += other.count
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
