internal import Synchronization

/// An executor that runs nothing until it is told to, so that a test chooses what happens in which order.
///
/// A shard can be bound to it (as a serial executor), and tasks can be started on it (as a task executor); give each
/// its own and choose among them. Everything runs on the thread that calls ``runNext()``, and nothing is ever run
/// elsewhere: no sleeps, no races.
package final class ManualExecutor: SerialExecutor, TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    /// Makes an executor that has nothing to do.
    package init() {}

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    package func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        UnownedTaskExecutor(ordinary: self)
    }

    /// Tests are on one thread; whoever holds the executor may act for it.
    package func checkIsolated() {}

    package func isIsolatingCurrentContext() -> Bool? { true }

    /// How many jobs wait.
    package var waiting: Int { jobs.withLock { $0.count } }

    /// Runs the job that has waited longest.
    ///
    /// - Returns: Whether there was one.
    @discardableResult
    package func runNext() -> Bool {
        guard let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return false }
        job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
        return true
    }

    /// Runs jobs, also those that come meanwhile, until none waits.
    ///
    /// - Returns: How many it ran.
    @discardableResult
    package func runAll() -> Int {
        var count = 0
        while runNext() { count += 1 }
        return count
    }
}

/// Runs jobs of several executors in turn until none has any.
package func runAll(_ executors: [ManualExecutor]) {
    while executors.contains(where: { $0.runAll() > 0 }) {}
}
