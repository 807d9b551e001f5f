internal import Synchronization

/// The bytes that all shards together may hold.
package final class MemoryBudget: Sendable {
    /// How many that may be.
    package let bytesMax: Int
    private let spent = Atomic<Int>(0)

    /// Makes a budget of which nothing is spent.
    package init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    /// Bytes counted at this moment.
    package var bytes: Int { spent.load(ordering: .relaxed) }

    /// Counts `bytes` more and `freed` less in one step, unless that is more than there may be.
    func reserve(_ bytes: Int, freeing freed: Int = 0) -> Bool {
        let change = bytes - freed
        let (_, after) = spent.add(change, ordering: .relaxed)
        guard change > 0, after > bytesMax else { return true }
        spent.subtract(change, ordering: .relaxed)
        return false
    }

    /// How many bytes are missing at this moment to count `bytes` more; 0 if none are.
    func shortage(of bytes: Int) -> Int {
        max(0, self.bytes + bytes - bytesMax)
    }

    /// Gives `bytes` back.
    func release(_ bytes: Int) {
        let (_, after) = spent.subtract(bytes, ordering: .relaxed)
        precondition(after >= 0, "more memory was given back than was counted: \(after)")
    }
}
