// The only place of this module that imports more than the standard library, which has no wall clock.
#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// The machine's clocks.
public struct SystemTime: TimeSource {
    /// Makes a source that reads the machine's clocks.
    public init() {}

    /// The machine's monotonic clock.
    public var now: MonotonicInstant {
        MonotonicInstant(nanoseconds: SystemTime.nanoseconds(CLOCK_MONOTONIC))
    }

    /// The machine's time of day.
    public var wallNow: WallInstant {
        WallInstant(millisecondsSinceEpoch: SystemTime.nanoseconds(CLOCK_REALTIME) / 1_000_000)
    }

    /// Waits until the machine's monotonic clock has reached `instant`.
    public func sleep(until instant: MonotonicInstant) async throws {
        // The task's clock may be another than ours, and ahead of it.
        while case let pause = instant.duration(since: now), pause > .zero { try await Task.sleep(for: pause) }
    }

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
