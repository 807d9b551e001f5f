extension Shard {
    /// Checks everything that must hold between any two turns of the shard; for tests.
    ///
    /// - Throws: An error that says what does not hold.
    /// - Complexity: O(n) in all that the shard holds.
    package func checkInvariants() throws {
        try state.checkInvariants()
    }

    /// Bytes that the shard has counted against the budget, added up anew.
    ///
    /// - Complexity: O(n) in all that the shard holds.
    package var heldBytes: Int { state.heldBytes }
}
