package import Broker

// A server whose loops are run in steps (see EventLoop+Steps.swift) is ended in steps too.
extension Server {
    /// The loops, in the order of their shards.
    package var loops: [EventLoop] { state.loops }

    /// Connections that are open.
    package var openConnections: Int { state.openCount }

    /// Bytes that the buffers of all connections use.
    package var bufferBytes: Int { state.budget.bytesUsed }

    /// Begins to shut down as `drain(within:)` does, on the first loop, and tells when everything is answered.
    package func beginDraining(then finished: @escaping @Sendable () -> Void) {
        state.isDraining = true
        state.loops[0].execute {
            Task.immediate(executorPreference: self.state.loops[0].tasks) {
                await self.finishRequests()
                finished()
            }
        }
    }

    /// Closes everything, loop by loop, runs what that leaves to be run, and ends the loops.
    package func endSteps() {
        for loop in state.loops { loop.stop() }
        for loop in state.loops { loop.stepClose() }
        var hasRun = true
        while hasRun {
            hasRun = false
            for loop in state.loops where loop.stepLeftJobs() { hasRun = true }
        }
        for loop in state.loops { loop.endSteps() }
        state.allFronts = []
    }

    // MARK: Looking inside, between two steps

    /// An inbox as its own shard sees it.
    package func summary(of name: String) -> InboxSummary {
        guard let recipient = try? Recipient(name) else { preconditionFailure("'\(name)' is no name") }
        let index = broker.shardIndex(of: recipient)
        return state.loops[index].asIfRunning {
            broker.shards[index].assumeIsolated { $0.summary(of: recipient) }
        }
    }

    /// Checks everything that must hold in each shard between any two turns.
    ///
    /// - Returns: Bytes that the shards hold, added up anew.
    /// - Throws: An error that says what does not hold.
    package func checkedBytes() throws -> Int {
        var sum = 0
        for (index, shard) in broker.shards.enumerated() {
            sum += try state.loops[index].asIfRunning {
                try shard.assumeIsolated { shard in
                    try shard.checkInvariants()
                    return shard.heldBytes
                }
            }
        }
        return sum
    }
}
