/// Where a broker reads the time: one clock that durations are measured with, one that readers are shown.
public protocol TimeSource: Sendable {
    /// Monotonic time: timeouts, leases, retention.
    var now: MonotonicInstant { get }
    /// Wall-clock time: what a message's `sentAt` says.
    var wallNow: WallInstant { get }
}
