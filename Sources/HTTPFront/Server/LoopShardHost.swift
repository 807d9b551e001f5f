internal import Broker

/// Runs a shard on an event loop: the loop is its executor, its timers are the loop's.
///
/// Confined to its loop, but for the executor, which never changes; hence unchecked.
final class LoopShardHost: ShardHost, @unchecked Sendable {
    // Held, because jobs of tasks may reach the shard after its loop has ended.
    private let loop: EventLoop
    private let alarm = Alarm()
    private let slice = Slice()

    init(loop: EventLoop) {
        self.loop = loop
    }

    var executor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    func wake(_ shard: Shard, at instant: MonotonicInstant) {
        alarm.shard = shard
        loop.schedule(alarm, at: instant)
    }

    func yield(_ shard: Shard) {
        slice.shard = shard
        loop.later(slice)
    }

    /// The shard's earliest deadline.
    private final class Alarm: LoopTimer {
        weak var shard: Shard?

        override func fired(on loop: EventLoop) {
            shard?.assumeIsolated { $0.advance() }
        }
    }

    /// The rest of a fan-out, or of whatever else goes in slices, after the other ready work.
    private final class Slice: LoopWork {
        weak var shard: Shard?

        override func run(on loop: EventLoop) {
            // About as many deliveries as sockets were served in this turn: a loop that is busy with requests comes to the
            // end of its fan-outs as well.
            // When it is being closed, all that is left: whoever still waits to be told is told now or never.
            var slices = loop.phase == .closing ? .max : max(1, loop.readyCount / Shard.sliceBudget)
            shard?.assumeIsolated { shard in
                while slices > 0, shard.goOn() { slices -= 1 }
            }
        }
    }
}
