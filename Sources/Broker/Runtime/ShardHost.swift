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

    /// Calls ``Shard/continueFanOut()`` once, after other work that is ready.
    func yield(_ shard: Shard)
}

/// Runs a shard on the default executor, and wakes it with a task that sleeps to the earliest deadline.
///
/// At most one such task exists for a shard; a new deadline replaces it.
final class TaskHost: ShardHost {
    /// A default actor whose executor the shard shares.
    private actor Anchor {}

    private let anchor = Anchor()
    private let time: any TimeSource
    private let sleeper = Mutex<Task<Void, Never>?>(nil)

    init(time: any TimeSource) {
        self.time = time
    }

    deinit {
        sleeper.withLock { $0?.cancel() }
    }

    var executor: UnownedSerialExecutor { anchor.unownedExecutor }

    func wake(_ shard: Shard, at instant: MonotonicInstant) {
        let pause = max(.zero, instant.duration(since: time.now))
        // The task must not keep a broker alive that nobody uses any more.
        let task = Task { [weak shard] in
            guard (try? await Task.sleep(for: pause)) != nil else { return }
            await shard?.advance()
        }
        sleeper.withLock { sleeper in
            sleeper?.cancel()
            sleeper = task
        }
    }

    func yield(_ shard: Shard) {
        Task { await shard.continueFanOut() }
    }
}
