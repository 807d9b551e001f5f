internal import Synchronization

/// What the buffers of all channels together may use: input that was kept and output that the kernel did not take yet.
///
/// One is shared by all loops. A channel whose buffer would exceed it closes itself with
/// ``CloseReason/buffersExhausted``: memory is bounded, and the connection that asks for more pays.
package final class BufferBudget: Sendable {
    /// How many bytes the buffers may use together.
    package let bytesMax: Int
    private let used = Atomic<Int>(0)

    /// Makes a budget of `bytesMax` bytes.
    package init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    /// How many bytes are in use at this moment.
    package var bytesUsed: Int { used.load(ordering: .relaxed) }

    /// Takes `bytes`, or nothing if that would exceed the budget.
    func take(_ bytes: Int) -> Bool {
        guard bytes > 0 else { return true }
        let total = used.add(bytes, ordering: .relaxed).newValue
        guard total > bytesMax else { return true }
        giveBack(bytes)
        return false
    }

    /// Gives back `bytes` that were taken.
    func giveBack(_ bytes: Int) {
        guard bytes > 0 else { return }
        used.subtract(bytes, ordering: .relaxed)
    }
}
