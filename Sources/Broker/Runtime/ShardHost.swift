internal import Synchronization

/// What a shard needs of whoever runs it: an executor, and to be called back.
///
/// A server gives the event loop that the shard is bound to, a test a manual one, a program that embeds the broker none
/// (then ``TaskHost`` is used). Both callbacks are asked for on the shard's executor.
package protocol ShardHost: Sendable {
    /// Where the shard runs.
    var executor: UnownedSerialExecutor { get }

    /// Calls ``Shard/advance()`` at `instant` or soon after. A later request replaces an earlier one.
    func wake(_ shard: Shard, at instant: MonotonicInstant)

    /// Calls ``Shard/goOn()`` once, after other work that is ready.
    func yield(_ shard: Shard)
}

/// Runs a shard on the default executor, and wakes it with a task that sleeps to the earliest deadline.
///
/// A host has two tasks at most, one that sleeps and one that goes on with a fan-out; a newer one takes the place of the
/// older, and both end with the host. They carry nothing but the advice to look again, so nothing hangs on the order in
/// which they get to the shard, and neither keeps a broker alive that nobody uses any more.
final class TaskHost: ShardHost {
    /// A default actor whose executor the shard shares.
    private actor Anchor {}

    private struct Errands {
        var waking: Task<Void, Never>?
        var goingOn: Task<Void, Never>?
    }

    private let anchor = Anchor()
    private let time: any TimeSource
    private let errands = Mutex(Errands())

    init(time: any TimeSource) {
        self.time = time
    }

    deinit {
        errands.withLock { errands in
            errands.waking?.cancel()
            errands.goingOn?.cancel()
        }
    }

    var executor: UnownedSerialExecutor { anchor.unownedExecutor }

    func wake(_ shard: Shard, at instant: MonotonicInstant) {
        let task = Task { [weak shard, time] in
            guard (try? await time.sleep(until: instant)) != nil else { return }
            await shard?.advance()
        }
        errands.withLock { errands in
            errands.waking?.cancel()
            errands.waking = task
        }
    }

    func yield(_ shard: Shard) {
        let task = Task { [weak shard] in
            guard let shard else { return }
            await shard.goOn()
        }
        // The one before has done its errand: a shard asks again only after that.
        errands.withLock { $0.goingOn = task }
    }
}
