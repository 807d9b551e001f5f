package import Broker
internal import Synchronization

/// A thread that serves sockets, timers, and the jobs of actors and tasks: all of them one at a time.
///
/// A turn is: sockets that are ready; jobs, at most 256; timers that are due; deferred work, at most 32 pieces. While
/// there is nothing to do, the thread sleeps in the kernel until the next timer or a wake-up: it never ticks.
///
/// It is `@unchecked Sendable` because most of its state has no lock. `jobs` and `counters` are made for many threads,
/// `threadToJoin` has a mutex, and `index`, `tasks`, `time` and `budget` do not change. All else belongs to the loop's
/// thread; before the loop starts, to the one thread that sets it up (starting the thread orders the two).
package final class EventLoop: @unchecked Sendable {
    /// Which of several loops it is.
    package let index: Int
    /// Runs tasks on this loop.
    package let tasks: LoopTaskExecutor
    /// Where the loop's clocks are read.
    package let time: any TimeSource
    /// What the buffers of channels are charged to.
    package let budget: BufferBudget
    /// What the loop has done; may be read on any thread.
    package let counters = LoopCounters()
    /// Scratch that an answer is written into before it goes to `Channel.write`; anyone on the loop may reset and use
    /// it.
    package let output = ByteBuffer(capacity: 65_536)

    let jobs: LoopJobs
    let poller: any Poller
    let threadToJoin = Mutex<ThreadHandle?>(nil)
    /// Where every channel reads into, `inputRoom` bytes; what is not consumed at once is copied out.
    let input = UnsafeMutablePointer<UInt8>.allocate(capacity: EventLoop.inputRoom)
    static let inputRoom = 65_536
    private static let jobsMax = 256
    private static let workMax = 32
    private static let eventsMax = 256

    private let events = UnsafeMutableBufferPointer<ReadyEvent>.allocate(capacity: EventLoop.eventsMax)
    // Unchecked, here and below: each turn asks all of them, and nobody is called while one of them is changed.
    @exclusivity(unchecked) var wheel: TimerWheel
    private var cachedNow: MonotonicInstant?
    @exclusivity(unchecked) private var work = WorkQueue()
    var phase = Phase.settingUp

    /// Everything that is open, each in its slot; this keeps it alive.
    var targets: [PollTarget?] = []
    var freeSlots: [Int32] = []
    // Channels that closed in this turn. They stay alive until their handlers were told, after the events, which may
    // still name them.
    @exclusivity(unchecked) var closed: [(channel: Channel, reason: CloseReason)] = []
    /// Listeners that closed in this turn, kept for the same reason.
    @exclusivity(unchecked) var closedListeners: [Listener] = []
    /// Channels whose kept input is to be presented again, or that are to be told that they are connected.
    @exclusivity(unchecked) var attention: [Channel] = []
    @exclusivity(unchecked) var attended: [Channel] = []
    /// What is sent at the end of the turn.
    let outbox = Outbox()
    /// Channels that are to be told how far sending has come.
    @exclusivity(unchecked) var news: [Channel] = []
    @exclusivity(unchecked) var told: [Channel] = []

    enum Phase {
        case settingUp
        case turning
        /// Everything is being closed: nothing new is opened.
        case closing
        case ended
    }

    /// How many sockets were ready in this turn.
    private(set) var readyCount = 0
    /// How many turns it has made: a loop that is idle makes none.
    private(set) var turnCount = 0

    /// Makes a loop that does not run yet.
    package init(
        index: Int,
        poller: PollerKind = .best,
        time: any TimeSource,
        budget: BufferBudget = BufferBudget(bytesMax: .max)
    ) throws(TransportError) {
        self.index = index
        self.time = time
        self.budget = budget
        jobs = try LoopJobs()
        tasks = LoopTaskExecutor(jobs: jobs)
        self.poller = try poller.make(wakeUp: jobs.wakeUp.fd)
        wheel = TimerWheel(now: time.now)
    }

    deinit {
        // A loop that never ran may hold listeners and channels; nobody is left to be told.
        closeEverything()
        for (channel, _) in closed { channel.handler = nil }
        if let handle = threadToJoin.withLock({ $0 }) { Socket.detach(handle.thread) }
        input.deallocate()
        events.deallocate()
    }

    // MARK: Time and work (on the loop's thread)

    /// The time at which this turn does its work: read once in a turn, and again for its timers.
    package var now: MonotonicInstant {
        if let cachedNow { return cachedNow }
        let now = time.now
        if phase == .turning { cachedNow = now }
        return now
    }

    /// Lets `timer` fire at `deadline` or up to some milliseconds later, moving it if it is scheduled already.
    ///
    /// Nothing happens once the loop has stopped.
    package func schedule(_ timer: LoopTimer, at deadline: MonotonicInstant) {
        checkConfinement()
        guard phase != .ended else { return }
        wheel.schedule(timer, at: deadline)
    }

    /// Takes `timer` out; nothing happens if it is not scheduled.
    package func cancel(_ timer: LoopTimer) {
        checkConfinement()
        wheel.cancel(timer)
    }

    /// Runs `body` after the other ready work: in this turn, or, when many wait, in one of the next.
    ///
    /// In the order of the calls; at most 32 in a turn, and what is asked for by such work in the next. Nothing happens
    /// if it waits already, or once the loop has stopped.
    package func later(_ body: LoopWork) {
        checkConfinement()
        guard phase != .ended else { return }
        work.append(body)
    }

    func checkConfinement() {
        assert(isCurrent || !jobs.isRunning, "only on the thread of event loop \(index)")
    }

    // MARK: Turns

    func run() {
        jobs.enter()
        phase = .turning
        while !jobs.isStopRequested { turn(waiting: wait()) }
        closeDown()
        end()
    }

    /// Closes what is open; jobs that this leaves are still to be run.
    func closeDown() {
        phase = .closing
        cachedNow = nil
        sendPosted()
        closeEverything()
        settle()
        runWork()
        settle()
    }

    /// Runs the jobs that are left, and is no thread's any more.
    func end() {
        phase = .ended
        // Timers and work that are left hold their owners; those may hold the loop.
        wheel = TimerWheel(now: now)
        work = WorkQueue()
        jobs.runToTheEnd()
    }

    /// Waits for so long at most, or until there is something to do, and does it.
    func turn(waiting milliseconds: Int32) {
        turnCount += 1
        let found = poller.wait(into: events, milliseconds: milliseconds)
        jobs.wokeUp()
        cachedNow = nil
        readyCount = found
        for index in 0..<found {
            let event = events[index]
            if let target = event.target {
                target._withUnsafeGuaranteedRef { $0.becameReady(event.readiness) }
            } else {
                jobs.wakeUp.clear()
            }
        }
        settle()
        jobs.run(atMost: EventLoop.jobsMax)
        settle()
        fireTimers()
        settle()
        runWork()
        settle()
        sendPosted()
        settle()
    }

    /// How long the next turn may sleep, in milliseconds; -1 for ever.
    func wait() -> Int32 {
        guard !jobs.hasLocal, work.isEmpty, attention.isEmpty, news.isEmpty, outbox.isEmpty else { return 0 }
        var milliseconds: Int32 = -1
        if let deadline = wheel.nextDeadline {
            let nanoseconds = deadline.nanoseconds - now.nanoseconds
            guard nanoseconds > 0 else { return 0 }
            milliseconds = Int32(clamping: (nanoseconds - 1) / 1_000_000 + 1)
        }
        return jobs.prepareToSleep() ? milliseconds : 0
    }

    private func fireTimers() {
        guard wheel.count > 0 else { return }
        cachedNow = nil
        let now = now
        // As many as there are now: one that schedules itself for this moment may not hold up the sockets.
        var count = wheel.count
        while count > 0, let entry = wheel.popDue(now) {
            // Only `schedule` puts something in.
            unsafeDowncast(entry, to: LoopTimer.self).fired(on: self)
            count -= 1
        }
    }

    private func runWork() {
        // As much as there is now: what queues itself again waits until the sockets were looked at.
        var count = min(work.count, EventLoop.workMax)
        while count > 0, let next = work.popFirst() {
            next.run(on: self)
            count -= 1
        }
    }
}
