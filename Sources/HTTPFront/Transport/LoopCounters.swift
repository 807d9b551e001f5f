internal import Synchronization

/// What a loop has done so far, written on the loop's thread and read on any.
package final class LoopCounters: Sendable {
    private let acceptedCount = Atomic<Int>(0)
    private let openCount = Atomic<Int>(0)
    private let outOfDescriptorsCount = Atomic<Int>(0)
    private let acceptFailureCount = Atomic<Int>(0)

    /// Connections accepted, including those that were closed at once.
    package var accepted: Int { acceptedCount.load(ordering: .relaxed) }
    /// Channels open now, accepted or connected.
    package var open: Int { openCount.load(ordering: .relaxed) }
    /// Times that a connection could not be served because there was no descriptor for it.
    package var outOfDescriptors: Int { outOfDescriptorsCount.load(ordering: .relaxed) }
    /// Other failures of accept, after each of which its listener paused.
    package var acceptFailures: Int { acceptFailureCount.load(ordering: .relaxed) }

    func channelAccepted() { acceptedCount.add(1, ordering: .relaxed) }
    func channelOpened() { openCount.add(1, ordering: .relaxed) }
    func channelClosed() { openCount.subtract(1, ordering: .relaxed) }
    func ranOutOfDescriptors() { outOfDescriptorsCount.add(1, ordering: .relaxed) }
    func acceptFailed() { acceptFailureCount.add(1, ordering: .relaxed) }
}
