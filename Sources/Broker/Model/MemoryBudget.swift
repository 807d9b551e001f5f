internal import Synchronization

/// The bytes that all shards together may hold.
package final class MemoryBudget: Sendable {
    package let bytesMax: Int
    private let spent = Atomic<Int>(0)

    package init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    /// Bytes counted at this moment.
    package var bytes: Int { spent.load(ordering: .relaxed) }

    /// Counts `bytes` more, unless that is more than there may be.
    func reserve(_ bytes: Int) -> Bool {
        let (_, after) = spent.add(bytes, ordering: .relaxed)
        guard after > bytesMax else { return true }
        spent.subtract(bytes, ordering: .relaxed)
        return false
    }

    /// Gives `bytes` back.
    func release(_ bytes: Int) {
        let (_, after) = spent.subtract(bytes, ordering: .relaxed)
        precondition(after >= 0, "more memory was given back than was counted: \(after)")
    }
}
