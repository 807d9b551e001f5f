package import Broker
internal import Synchronization

/// Clocks that stand still until a test moves them.
///
/// The wall clock moves along with the monotonic one, and can be set by itself, as an operator or NTP would.
package final class ManualTime: TimeSource {
    private struct Reading {
        var now: MonotonicInstant
        var wall: WallInstant
        var rest: Int64 = 0
    }

    private let reading: Mutex<Reading>

    /// Makes clocks that show these times.
    package init(
        now: MonotonicInstant = MonotonicInstant(nanoseconds: 1_000_000_000),
        wall: WallInstant = WallInstant(millisecondsSinceEpoch: 1_795_241_728_123)
    ) {
        reading = Mutex(Reading(now: now, wall: wall))
    }

    package var now: MonotonicInstant { reading.withLock { $0.now } }
    package var wallNow: WallInstant { reading.withLock { $0.wall } }

    /// Moves both clocks on.
    ///
    /// Nobody is woken by it: hosts are told by the test.
    package func advance(by duration: Duration) {
        reading.withLock { reading in
            reading.now = reading.now + duration
            let (milliseconds, rest) = (reading.rest + duration.wholeNanoseconds).quotientAndRemainder(
                dividingBy: 1_000_000
            )
            reading.wall.millisecondsSinceEpoch += milliseconds
            reading.rest = rest
        }
    }

    /// Moves both clocks on to `instant`; nothing happens if it has passed.
    package func advance(to instant: MonotonicInstant) {
        advance(by: max(.zero, instant.duration(since: now)))
    }

    /// Sets the wall clock without a moment passing.
    package func setWall(_ wall: WallInstant) {
        reading.withLock { $0.wall = wall }
    }
}
