internal import Synchronization

/// One piece of work for a loop's thread.
enum LoopJob {
    /// A job of an actor whose executor is the loop.
    case actor(UnownedJob, UnownedSerialExecutor)
    /// A job of a task that prefers the loop's task executor.
    case task(UnownedJob, UnownedTaskExecutor)
    case work(@Sendable () -> Void)

    func run() {
        switch self {
        case .actor(let job, let executor): job.runSynchronously(on: executor)
        case .task(let job, let executor): job.runSynchronously(on: executor)
        case .work(let body): body()
        }
    }
}

/// The jobs of a loop, and which thread it is.
///
/// `local` belongs to the loop's thread. Other threads append to `remote` under its mutex and then wake the loop, but
/// only if it may sleep. That no wake-up is lost rests on the order of two pairs of sequentially consistent accesses:
/// an enqueuer sets `hasRemote` and then reads `isAsleep`, the loop sets `isAsleep` and then reads `hasRemote`; at
/// least one of them sees what the other wrote.
///
/// When the loop has ended, jobs that still come are run by a thread that is started for them, one at a
/// time and in order, so that a task that outlives the loop is not stuck.
final class LoopJobs: @unchecked Sendable {
    private struct Remote {
        var jobs: [LoopJob] = []
        var hasEnded = false
        var hasLateRunner = false
    }

    @exclusivity(unchecked) private var local = JobRing()
    /// Swapped with the remote array, so that neither is allocated anew each time.
    private var taken: [LoopJob] = []
    private let remote = Mutex(Remote())
    // Written and read with `remote` locked, to no other end than that the thread sanitizer sees the order of those
    // who lock it: on Linux it does not know `Mutex`. Costs two moves.
    private let remoteOrder = Atomic<Int>(0)
    private let hasRemote = Atomic<Bool>(false)
    private let isAsleep = Atomic<Bool>(false)
    private let isStopping = Atomic<Bool>(false)
    /// Which thread runs the loop: 0 for none, `reserved` for one that is about to.
    private let thread = Atomic<UInt>(0)
    /// No thread's number, since those are addresses.
    private static let reserved: UInt = 1
    let wakeUp: WakeUp

    init() throws(TransportError) {
        wakeUp = try WakeUp()
    }

    // MARK: Any thread

    /// Whether the caller is on the loop's thread.
    @inline(__always)
    var isCurrent: Bool { thread.load(ordering: .relaxed) == Socket.currentThread }

    /// Whether the loop has a thread at this moment.
    var isRunning: Bool { thread.load(ordering: .relaxed) != 0 }

    var isStopRequested: Bool { isStopping.load(ordering: .sequentiallyConsistent) }

    func enqueue(_ job: LoopJob) {
        guard !isCurrent else { return local.append(job) }
        let needsRunner = withRemote { remote in
            remote.jobs.append(job)
            guard remote.hasEnded, !remote.hasLateRunner else { return false }
            remote.hasLateRunner = true
            return true
        }
        hasRemote.store(true, ordering: .sequentiallyConsistent)
        if needsRunner { startLateRunner() } else { wake() }
    }

    func requestStop() {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        wake()
    }

    private func withRemote<Result>(_ body: (inout Remote) -> Result) -> Result {
        remote.withLock { remote in
            _ = remoteOrder.load(ordering: .acquiring)
            defer { remoteOrder.store(0, ordering: .releasing) }
            return body(&remote)
        }
    }

    private func wake() {
        // The exchange lets one of several enqueuers write.
        guard isAsleep.load(ordering: .sequentiallyConsistent) else { return }
        if isAsleep.exchange(false, ordering: .sequentiallyConsistent) { wakeUp.signal() }
    }

    // MARK: The loop's thread

    /// A thread is about to be started that will `enter()`; the loop belongs to nobody else from now on.
    func reserve() {
        let before = thread.exchange(LoopJobs.reserved, ordering: .sequentiallyConsistent)
        precondition(before == 0, "the loop runs already")
    }

    /// Makes this thread the loop's.
    func enter() {
        let before = thread.exchange(Socket.currentThread, ordering: .sequentiallyConsistent)
        precondition(before == 0 || before == LoopJobs.reserved, "the loop runs already")
    }

    /// The loop stays reserved for a thread that will `enter()` again.
    func leave() {
        thread.store(LoopJobs.reserved, ordering: .sequentiallyConsistent)
    }

    var hasLocal: Bool { !local.isEmpty }

    /// Announces that the loop will wait; false if it must not, because there is something to do.
    func prepareToSleep() -> Bool {
        isAsleep.store(true, ordering: .sequentiallyConsistent)
        guard !hasRemote.load(ordering: .sequentiallyConsistent), !isStopRequested else {
            isAsleep.store(false, ordering: .relaxed)
            return false
        }
        return true
    }

    /// The loop no longer waits.
    func wokeUp() {
        isAsleep.store(false, ordering: .relaxed)
    }

    /// Runs jobs, at most `limit`: first those of this thread, then those of others.
    ///
    /// - Returns: How many it ran.
    @discardableResult
    func run(atMost limit: Int) -> Int {
        if hasRemote.load(ordering: .relaxed) { takeRemote() }
        var count = 0
        while count < limit, let job = local.popFirst() {
            job.run()
            count += 1
        }
        return count
    }

    private func takeRemote() {
        hasRemote.store(false, ordering: .sequentiallyConsistent)
        withRemote { swap(&$0.jobs, &taken) }
        for job in taken { local.append(job) }
        taken.removeAll(keepingCapacity: taken.count < 4096)
    }

    /// Runs all jobs, then declares the loop ended, in such a way that none is left behind.
    func runToTheEnd() {
        while true {
            run(atMost: .max)
            let isDone = withRemote { remote in
                guard remote.jobs.isEmpty else { return false }
                remote.hasEnded = true
                remote.hasLateRunner = false
                // Within the lock: the next late runner enters after it.
                thread.store(0, ordering: .sequentiallyConsistent)
                return true
            }
            if isDone { return }
            hasRemote.store(true, ordering: .relaxed)
        }
    }

    private func startLateRunner() {
        let thread = Socket.startThread {
            self.enter()
            self.runToTheEnd()
        }
        guard let thread else { preconditionFailure("no thread to be had for the jobs of a loop that has ended") }
        Socket.detach(thread)
    }
}

/// A queue of jobs in a ring that only grows.
private struct JobRing: ~Copyable {
    private var start: UnsafeMutablePointer<LoopJob>
    private var capacity = 64
    private var head = 0
    private var count = 0

    init() {
        start = .allocate(capacity: capacity)
    }

    deinit {
        for index in 0..<count { place(index).deinitialize(count: 1) }
        start.deallocate()
    }

    var isEmpty: Bool { count == 0 }

    private func place(_ index: Int) -> UnsafeMutablePointer<LoopJob> {
        start + ((head + index) & (capacity - 1))
    }

    mutating func append(_ job: LoopJob) {
        if count == capacity { grow() }
        place(count).initialize(to: job)
        count += 1
    }

    mutating func popFirst() -> LoopJob? {
        guard count > 0 else { return nil }
        let job = (start + head).move()
        head = (head + 1) & (capacity - 1)
        count -= 1
        return job
    }

    private mutating func grow() {
        let grown = UnsafeMutablePointer<LoopJob>.allocate(capacity: capacity * 2)
        for index in 0..<count { (grown + index).initialize(to: place(index).move()) }
        start.deallocate()
        start = grown
        capacity *= 2
        head = 0
    }
}
