internal import Synchronization

extension EventLoop: SerialExecutor {
    package nonisolated func enqueue(_ job: consuming ExecutorJob) {
        jobs.enqueue(.actor(UnownedJob(job), asUnownedSerialExecutor()))
    }

    /// Lets an actor of this loop be entered with `assumeIsolated` from anything that runs on the loop's thread.
    package func checkIsolated() {
        precondition(isCurrent, "expected to be on the thread of event loop \(index)")
    }

    /// Whether the caller is on the loop's thread.
    package func isIsolatingCurrentContext() -> Bool? { isCurrent }

    /// Runs `body` on the loop's thread, after everything that was given to the loop from this thread before.
    ///
    /// May be called from any thread. Bodies given before the loop starts wait for it.
    package func execute(_ body: @escaping @Sendable () -> Void) {
        jobs.enqueue(.work(body))
    }

    /// Whether the caller is on the loop's thread.
    @inline(__always)
    package var isCurrent: Bool { jobs.isCurrent }

    // MARK: Life

    /// Starts the loop on a thread of its own, named `loop-INDEX`; it runs until `stop()`.
    package func start() {
        jobs.reserve()
        threadToJoin.withLock { handle in
            let thread = Socket.startThread {
                Socket.nameThread("loop-\(self.index)")
                self.run()
            }
            guard let thread else { preconditionFailure("the system has no thread to give for event loop \(index)") }
            handle = ThreadHandle(thread: thread)
        }
    }

    /// Asks the loop to end, from any thread; `join()` waits until it has.
    ///
    /// The loop finishes its turn, closes all channels and listeners (handlers are told `loopStopped`), drops its
    /// timers and runs the jobs that are left. Jobs that come later are run by another thread, one at a time.
    package func stop() {
        jobs.requestStop()
    }

    /// Waits until the loop's thread has ended; one caller at most, not on the loop's thread.
    package func join() {
        precondition(!isCurrent, "event loop \(index) cannot wait for itself")
        let handle = threadToJoin.withLock { handle in
            defer { handle = nil }
            return handle
        }
        if let handle { Socket.join(handle.thread) }
    }

    /// Runs the loop on the calling thread until `stop()`.
    package func runInCurrentThread() {
        run()
    }
}
