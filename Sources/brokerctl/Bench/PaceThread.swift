internal import Broker
internal import Foundation
internal import HTTPFront
internal import Synchronization

/// Wakes a loop when sends are due: loops wait in whole milliseconds, which is too coarse for that.
final class PaceThread: Sendable {
    private let isStopped = Atomic<Bool>(false)
    private let isAsked = Atomic<Bool>(false)

    /// How close together wake-ups are at most; what is due between two of them goes out with the second.
    private static let finest = Duration.microseconds(100)

    /// Begins to call `body` on the loop's thread, at the start and then at that rate, or as often as makes sense.
    init(rate: Double, start: MonotonicInstant, loop: EventLoop, _ body: @escaping @Sendable () -> Void) {
        let interval = PaceThread.interval(rate: rate)
        Thread.detachNewThread { [self] in
            SystemCalls.makeSleepPrecise()
            var next = start
            while !isStopped.load(ordering: .relaxed) {
                SystemCalls.sleep(for: next.duration(since: loop.time.now))
                // One is enough, however long the loop takes to come to it.
                if !isAsked.exchange(true, ordering: .relaxed) {
                    loop.execute { [self] in
                        isAsked.store(false, ordering: .relaxed)
                        body()
                    }
                }
                let now = loop.time.now
                while next <= now { next = next + interval }
            }
        }
    }

    /// Ends it; a call may still be under way.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
    }

    /// The time between two wake-ups: that between two sends, or a multiple of it.
    static func interval(rate: Double) -> Duration {
        let each = 1 / rate
        return .seconds(each * max(1, (finest.inSeconds / each).rounded()))
    }
}
