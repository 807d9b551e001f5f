package import Broker
internal import Synchronization

/// A host of a shard that writes down what the shard asks for, and does it when the test says so.
package final class ManualHost: ShardHost {
    private struct Requests {
        var wakesAt: MonotonicInstant?
        var wakeCount = 0
        var hasYielded = false
        weak var shard: Shard?
    }

    /// Where the shard runs.
    package let manual: ManualExecutor
    private let requests = Mutex(Requests())

    /// Makes a host whose shard runs on an executor of its own, or on the one given.
    package init(_ manual: ManualExecutor = ManualExecutor()) {
        self.manual = manual
    }

    package var executor: UnownedSerialExecutor { manual.asUnownedSerialExecutor() }

    package func wake(_ shard: Shard, at instant: MonotonicInstant) {
        requests.withLock { requests in
            requests.shard = shard
            requests.wakesAt = instant
            requests.wakeCount += 1
        }
    }

    package func yield(_ shard: Shard) {
        requests.withLock { requests in
            precondition(!requests.hasYielded, "a shard asks once to go on, until it went on")
            requests.shard = shard
            requests.hasYielded = true
        }
    }

    /// When the shard wants to be woken; nil if it does not.
    package var wakesAt: MonotonicInstant? { requests.withLock { $0.wakesAt } }
    /// How often the shard has asked to be woken.
    package var wakeCount: Int { requests.withLock { $0.wakeCount } }
    /// Whether the shard wants to go on with what it has left.
    package var hasYielded: Bool { requests.withLock { $0.hasYielded } }

    /// Wakes the shard if it is time.
    ///
    /// - Returns: Whether it was.
    @discardableResult
    package func fireWake(at now: MonotonicInstant) -> Bool {
        let shard: Shard? = requests.withLock { requests in
            guard let instant = requests.wakesAt, instant <= now else { return nil }
            requests.wakesAt = nil
            return requests.shard
        }
        guard let shard else { return false }
        shard.assumeIsolated { $0.advance() }
        return true
    }

    /// Lets the shard go on with its fan-out if it has asked to.
    ///
    /// - Returns: Whether it had.
    @discardableResult
    package func fireYield() -> Bool {
        let shard: Shard? = requests.withLock { requests in
            guard requests.hasYielded else { return nil }
            requests.hasYielded = false
            return requests.shard
        }
        guard let shard else { return false }
        _ = shard.assumeIsolated { $0.goOn() }
        return true
    }
}
