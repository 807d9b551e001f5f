/// Where a broker reads the time, and how it waits: one clock that durations are measured with, one that readers are
/// shown.
///
/// All of a broker's time is its source's, so a test that brings its own moves timeouts, leases and retention by hand.
public protocol TimeSource: Sendable {
    /// Monotonic time: timeouts, leases, retention.
    var now: MonotonicInstant { get }
    /// Wall-clock time: what a message's `sentAt` says.
    var wallNow: WallInstant { get }

    /// Waits until ``now`` has reached `instant`.
    ///
    /// A broker has at most one such call under way for each shard. When it returns, the shard carries out what is due
    /// by then and asks again.
    /// - Throws: `CancellationError`, at once, if the task is cancelled.
    func sleep(until instant: MonotonicInstant) async throws
}
