package import Broker
internal import Synchronization

/// Clocks that stand still until a test moves them, and wake whoever sleeps to a moment that they have reached.
///
/// The wall clock moves along with the monotonic one, and can be set by itself, as an operator or NTP would.
package final class ManualTime: TimeSource {
    private struct Sleeper {
        let until: MonotonicInstant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct Watcher {
        let until: MonotonicInstant
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now: MonotonicInstant
        var wall: WallInstant
        var rest: Int64 = 0
        var nextID = 0
        var sleepers: [Int: Sleeper] = [:]
        /// Sleeps that were cancelled before they began.
        var cancelled: Set<Int> = []
        var watchers: [Watcher] = []
    }

    private let state: Mutex<State>

    /// Makes clocks that show these times.
    package init(
        now: MonotonicInstant = MonotonicInstant(nanoseconds: 1_000_000_000),
        wall: WallInstant = WallInstant(millisecondsSinceEpoch: 1_795_241_728_123)
    ) {
        state = Mutex(State(now: now, wall: wall))
    }

    package var now: MonotonicInstant { state.withLock { $0.now } }
    package var wallNow: WallInstant { state.withLock { $0.wall } }

    // MARK: Moving

    /// Moves both clocks on.
    ///
    /// Whoever sleeps is woken if it is time; a shard with a host that does not sleep is told by the test.
    package func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now + duration
            let (milliseconds, rest) = (state.rest + duration.wholeNanoseconds).quotientAndRemainder(
                dividingBy: 1_000_000
            )
            state.wall.millisecondsSinceEpoch += milliseconds
            state.rest = rest
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.sorted { $0.until < $1.until }
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Moves both clocks on to `instant`; nothing happens if it has passed.
    package func advance(to instant: MonotonicInstant) {
        advance(by: max(.zero, instant.duration(since: now)))
    }

    /// Sets the wall clock without a moment passing.
    package func setWall(_ wall: WallInstant) {
        state.withLock { $0.wall = wall }
    }

    // MARK: Sleeping

    package func sleep(until instant: MonotonicInstant) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                fallAsleep(id, Sleeper(until: instant, continuation: continuation))
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    private func fallAsleep(_ id: Int, _ sleeper: Sleeper) {
        let (isCancelled, watchers) = state.withLock { state -> (Bool?, [Watcher]) in
            guard state.cancelled.remove(id) == nil else { return (true, []) }
            guard sleeper.until > state.now else { return (false, []) }
            state.sleepers[id] = sleeper
            let watchers = state.watchers.filter { $0.until >= sleeper.until }
            state.watchers.removeAll { $0.until >= sleeper.until }
            return (nil, watchers)
        }
        for watcher in watchers { watcher.continuation.resume() }
        switch isCancelled {
        case true?: sleeper.continuation.resume(throwing: CancellationError())
        case false?: sleeper.continuation.resume()
        case nil: break
        }
    }

    /// Waits until somebody sleeps whom `instant` will wake.
    package func sleeperArrives(before instant: MonotonicInstant) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                guard !state.sleepers.values.contains(where: { $0.until <= instant }) else { return true }
                state.watchers.append(Watcher(until: instant, continuation: continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}
