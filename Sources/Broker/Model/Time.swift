/// A point in monotonic time: what durations, timeouts and leases are measured with.
///
/// Nanoseconds since an arbitrary start that is the same for the whole process. It never jumps, and says nothing about
/// the time of day.
public struct MonotonicInstant: Hashable, Comparable, Sendable {
    /// Nanoseconds since the start of this clock.
    public var nanoseconds: Int64

    /// Makes an instant from nanoseconds since the start of the clock.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// An instant that never comes.
    public static let distantFuture = MonotonicInstant(nanoseconds: .max)

    /// Whether `left` comes before `right`.
    public static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The instant that lies `duration` after `instant`; ``distantFuture`` where that is out of range.
    public static func + (instant: MonotonicInstant, duration: Duration) -> MonotonicInstant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
        return MonotonicInstant(nanoseconds: overflow ? .max : sum)
    }

    /// How long after `earlier` this instant is; negative if before.
    public func duration(since earlier: MonotonicInstant) -> Duration {
        .nanoseconds(nanoseconds - earlier.nanoseconds)
    }
}

/// A point in wall-clock time: what a reader sees, and nothing is measured with.
///
/// Milliseconds since 1970-01-01T00:00:00Z. It may jump when the machine's clock is set.
public struct WallInstant: Hashable, Comparable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public var millisecondsSinceEpoch: Int64

    /// Makes an instant from milliseconds since 1970-01-01T00:00:00Z.
    public init(millisecondsSinceEpoch: Int64) {
        self.millisecondsSinceEpoch = millisecondsSinceEpoch
    }

    /// Whether `left` comes before `right`.
    public static func < (left: WallInstant, right: WallInstant) -> Bool {
        left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
    }
}

extension Duration {
    /// Nanoseconds, cut to what 64 bits hold (292 years).
    package var wholeNanoseconds: Int64 {
        let all = attoseconds
        let upper = Int64(truncatingIfNeeded: all >> 64)
        // Up to 292 years: one division instead of arithmetic with 128 bits, which every deadline would pay for.
        if upper >= 0, upper < 500_000_000 {
            let halves = (high: UInt64(upper), low: UInt64(truncatingIfNeeded: all))
            return Int64((1_000_000_000 as UInt64).dividingFullWidth(halves).quotient)
        }
        let (seconds, attoseconds) = components
        let (high, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds > 0 ? .max : .min }
        let (sum, carried) = high.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard !carried else { return seconds > 0 ? .max : .min }
        return sum
    }
}
