// A loop in steps instead of a thread: who runs several loops in one thread, in an order of its own, sees each interleaving
// again. Between two steps the loop is asleep, or would be if it were a thread, and takes wake-ups as one.
extension EventLoop {
    /// Runs `body` on the thread that is the loop's meanwhile.
    func asIfRunning<Result>(_ body: () throws -> Result) rethrows -> Result {
        jobs.enter()
        defer { jobs.leave() }
        return try body()
    }

    /// Begins to run in steps; to be called instead of `start()`.
    package func beginSteps() {
        asIfRunning { phase = .turning }
    }

    /// Goes as far as to the system call that waits.
    ///
    /// - Returns: For how many milliseconds the loop would sleep; -1 for ever.
    package func stepToSleep() -> Int32 {
        asIfRunning { wait() }
    }

    /// Wakes up, and makes the rest of the turn with what is ready.
    package func stepTurn() {
        asIfRunning { turn(waiting: 0) }
    }

    /// Closes everything, as at the end of a thread.
    package func stepClose() {
        asIfRunning { closeDown() }
    }

    /// Runs the jobs that are left after `stepClose()`.
    ///
    /// - Returns: Whether there were any.
    package func stepLeftJobs() -> Bool {
        asIfRunning { jobs.run(atMost: .max) > 0 }
    }

    /// Ends; the loop is not to be used again.
    package func endSteps() {
        jobs.enter()
        end()
    }
}
