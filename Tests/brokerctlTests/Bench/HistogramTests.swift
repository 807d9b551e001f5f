import BrokerTestSupport
import Testing

@testable import brokerctl

@Suite struct HistogramTests {
    @Test func `an empty one has quantiles of zero`() {
        let histogram = Histogram()
        #expect(histogram.count == 0)
        #expect(histogram.quantile(0.5) == .zero)
        #expect(histogram.quantile(1) == .zero)
        #expect(histogram.max == .zero)
        #expect(histogram.min == .zero)
        #expect(histogram.mean == .zero)
        #expect(!histogram.knows(0.5))
    }

    @Test func `small durations are exact`() {
        var histogram = Histogram()
        for nanoseconds in 1...100 { histogram.record(.nanoseconds(nanoseconds)) }
        #expect(histogram.quantile(0) == .nanoseconds(1))
        #expect(histogram.quantile(0.5) == .nanoseconds(50))
        #expect(histogram.quantile(0.9) == .nanoseconds(90))
        #expect(histogram.quantile(0.99) == .nanoseconds(99))
        #expect(histogram.quantile(1) == .nanoseconds(100))
    }

    @Test func `quantiles are those of the sorted list, to 0·8 percent`() {
        var generator = SeededGenerator(seed: 42)
        for spread in [1_000, 1_000_000, 60_000_000_000] {
            var histogram = Histogram()
            var all: [Int] = []
            for _ in 0..<5000 {
                let nanoseconds = Int.random(in: 0...spread, using: &generator)
                all.append(nanoseconds)
                histogram.record(.nanoseconds(nanoseconds))
            }
            all.sort()
            for share in [0, 0.01, 0.5, 0.9, 0.99, 0.999, 1] {
                let exact = Double(all[max(0, Int((Double(all.count) * share).rounded(.up)) - 1)])
                let found = histogram.quantile(share).inSeconds * 1e9
                #expect(
                    found >= exact - 0.5 && found <= exact * (1 + Histogram.relativeErrorMax) + 1,
                    "\(share) of \(spread): \(found), not \(exact)"
                )
            }
            #expect(histogram.max == .nanoseconds(all[all.count - 1]))
            #expect(histogram.min == .nanoseconds(all[0]))
            let mean = Double(all.reduce(0, +)) / Double(all.count)
            #expect(abs(histogram.mean.inSeconds * 1e9 - mean) <= 0.51)
        }
    }

    @Test func `every bucket ends where the next begins`() {
        var nanoseconds: UInt64 = 0
        for bucket in 0..<3000 {
            #expect(Histogram.bucket(of: nanoseconds) == bucket)
            let end = Histogram.upperEnd(of: bucket)
            #expect(Histogram.bucket(of: end) == bucket)
            nanoseconds = end + 1
        }
        #expect(Histogram.bucket(of: UInt64(Int64.max)) < (64 - 7) * 128)
        #expect(Histogram.upperEnd(of: Histogram.bucket(of: UInt64(Int64.max))) == UInt64(Int64.max))
    }

    @Test func `durations below zero count as zero, merging adds`() {
        var left = Histogram()
        var right = Histogram()
        left.record(.seconds(-1))
        right.record(.milliseconds(5))
        right.record(.milliseconds(1))
        left.merge(right)
        #expect(left.count == 3)
        #expect(left.max == .milliseconds(5))
        #expect(left.quantile(0.33) == .zero)
        #expect(left.quantile(1) == .milliseconds(5))
    }

    @Test func `one may be recorded many times`() {
        var histogram = Histogram()
        histogram.record(.milliseconds(1), times: 99)
        histogram.record(.milliseconds(101))
        #expect(histogram.count == 100)
        #expect(histogram.mean == .milliseconds(2))
        #expect(histogram.quantile(0.99) < .microseconds(1008))
        #expect(histogram.max == .milliseconds(101))
    }

    @Test(arguments: [(0.5, 2), (0.9, 10), (0.99, 100), (0.999, 1000), (0.9999, 10_000)])
    func `a quantile is known once one duration lies beyond it`(share: Double, count: Int) {
        var histogram = Histogram()
        histogram.record(.milliseconds(1), times: count - 1)
        #expect(!histogram.knows(share))
        histogram.record(.milliseconds(1))
        #expect(histogram.knows(share))
    }

    @Test func `the error that is told is the true bound`() {
        #expect(Histogram.relativeErrorMax < 0.01)
        for shift in 7..<62 {
            for value in [UInt64(1) << shift, (UInt64(1) << shift) + 1, (UInt64(2) << shift) - 1] {
                let end = Histogram.upperEnd(of: Histogram.bucket(of: value))
                #expect(Double(end - value) <= Double(value) * Histogram.relativeErrorMax)
            }
        }
    }
}
