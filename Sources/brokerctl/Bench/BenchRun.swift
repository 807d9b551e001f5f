internal import Broker
internal import HTTPFront

/// Runs a load on one event loop: connects, parks the readers, warms up, measures, cleans up.
///
/// Unchecked, because all that changes is touched on the loop's thread only; `start`, `tick` and `interrupt` are for
/// others and go there.
final class BenchRun: @unchecked Sendable {
    enum Phase {
        case connecting
        case parking
        case warmingUp
        case measuring
        /// The time is over; what is on its way is waited for.
        case draining
        case cleaning
        case over
    }

    let loop: EventLoop
    let plan: BenchPlan
    let load: any BenchLoad
    let meter: UsageMeter
    let address: SocketAddress
    /// Whether a thread wakes the loop when sends are due; else a test calls `pace`.
    let isPacedByThread: Bool
    private let completion: @Sendable (Result<BenchResult, Failure>) -> Void

    var senders: [BenchSender] = []
    var readers: [BenchReader] = []
    /// Asks the broker for its figures; there only if there are readers to count.
    var control: BenchSender?
    var connectedCount = 0
    var phase = Phase.connecting
    var result: BenchResult
    var parking: Parking?
    var pacing = Pacing()
    var progress = ProgressMeter()

    /// The time that is measured.
    private(set) var clockStart = MonotonicInstant.distantFuture
    private(set) var clockEnd = MonotonicInstant.distantFuture
    /// Whether the load counts what it does not wait for any longer.
    private(set) var isGivingUp = false
    private var windowStart: UsageReading?
    private var hasWindow = false
    var phaseEnd = MonotonicInstant.distantFuture
    var nextToRemove = 0
    var removing = 0

    /// How many connections are begun before the first of them stand, so that no queue overflows.
    static let connectingMax = 100
    private static let drainingTime = Duration.seconds(3)
    /// For how long no inbox may be removed before the others are left to expire.
    static let cleaningTime = Duration.seconds(2)
    /// For how long nothing may move before the readers wait.
    static let patience = Duration.seconds(10)

    /// Makes a run that has not begun.
    ///
    /// - Parameters:
    ///   - plan: What to measure.
    ///   - address: Where the broker is.
    ///   - loop: A loop that runs.
    ///   - meter: What measures processes and machine.
    ///   - isPacedByThread: Whether a thread wakes the loop when sends are due.
    ///   - completion: Is told the result, once, on the loop's thread.
    init(
        _ plan: BenchPlan,
        at address: SocketAddress,
        on loop: EventLoop,
        meter: UsageMeter,
        isPacedByThread: Bool = true,
        completion: @escaping @Sendable (Result<BenchResult, Failure>) -> Void
    ) {
        self.plan = plan
        self.address = address
        self.loop = loop
        self.meter = meter
        self.isPacedByThread = isPacedByThread
        self.completion = completion
        load = plan.mode.load(plan)
        result = BenchResult(plan: plan)
        phaseEnd = loop.time.now + BenchRun.patience
    }

    /// The time, read anew: a turn of the loop is too coarse for latencies.
    var now: MonotonicInstant { loop.time.now }

    /// Connections of all kinds.
    var connectionCount: Int { plan.connections + (plan.waiting > 0 ? 1 : 0) + plan.waiting }

    /// Whether readers are to wait again when they have been answered.
    var isReading: Bool { phase != .cleaning && phase != .over }

    /// How long has been measured.
    var elapsed: Duration { now.duration(since: clockStart) }

    // MARK: From other threads

    /// Begins.
    func start() {
        loop.execute { [self] in
            for _ in 0..<min(BenchRun.connectingMax, connectionCount) { connectNext() }
        }
    }

    /// Looks at the clock; to be called ten times a second.
    ///
    /// - Parameter show: Is told how far it is.
    func tick(_ show: @escaping @Sendable (BenchProgress) -> Void) {
        loop.execute { [self] in
            watchClock()
            if phase != .over { show(currentProgress()) }
        }
    }

    /// Ends the measurement early.
    func interrupt() {
        loop.execute { [self] in
            result.wasInterrupted = true
            switch phase {
            case .connecting, .parking: end(.success(result))
            case .warmingUp, .measuring: finish()
            case .draining: stopDraining()
            case .cleaning, .over: break
            }
        }
    }

    // MARK: For the load

    /// The load begins to do what is measured.
    func startClock() {
        beginPacing()
        if load.isTimed, plan.warmUp > .zero {
            phase = .warmingUp
            clockStart = now
            senders[0].wake(at: clockStart + plan.warmUp)
        } else {
            beginMeasuring()
        }
    }

    private func beginMeasuring() {
        phase = .measuring
        clockStart = now
        windowStart = meter.read(at: clockStart)
        senders[0].wake(at: clockStart + plan.seconds)
    }

    /// What the machine does from now on belongs to the measurement no more.
    func closeWindow() {
        guard !hasWindow, phase == .measuring, let windowStart else { return }
        hasWindow = true
        let end = meter.read(at: now)
        result.elapsed = end.time.duration(since: windowStart.time)
        result.usage = meter.usage(from: windowStart, to: end)
    }

    /// The measurement makes no sense any more.
    func fail(_ reason: String) {
        end(.failure(.unexpected("\(plan.url): \(reason)")))
    }

    /// The time is over, or all is done: waits for what is on its way.
    func finish() {
        guard phase == .warmingUp || phase == .measuring else { return }
        closeWindow()
        let wasMeasuring = phase == .measuring
        clockEnd = now
        phase = .draining
        phaseEnd = clockEnd + BenchRun.drainingTime
        endPacing(at: clockEnd, counts: wasMeasuring)
        if !wasMeasuring { clockStart = .distantFuture }
        checkDrained()
    }

    /// What is on its way is not waited for any longer.
    func giveUp() {
        isGivingUp = true
        load.giveUp(at: now, self)
        isGivingUp = false
    }

    /// Goes on if nothing is waited for any more.
    func checkDrained() {
        if phase == .draining, load.inFlight == 0 { stopDraining() }
    }

    private func stopDraining() {
        guard phase == .draining else { return }
        giveUp()
        phase = .cleaning
        phaseEnd = now + BenchRun.cleaningTime
        for reader in readers { reader.close() }
        for sender in senders + [control].compactMap({ $0 }) where !sender.isBusy { removeNext(sender) }
        endIfClean()
    }

    /// Closes everything, and tells the outcome; the first counts.
    func end(_ outcome: Result<BenchResult, Failure>) {
        guard phase != .over else { return }
        phase = .over
        pacing.thread?.stop()
        for sender in senders + [control].compactMap({ $0 }) { sender.close() }
        for reader in readers { reader.close() }
        completion(outcome)
    }

    // MARK: The clock

    /// Goes on to the next phase if it is time.
    func watchClock() {
        guard phase != .over else { return }
        load.tick(self)
        let now = now
        switch phase {
        case .connecting where now >= phaseEnd:
            let text =
                "no connection for \(Int(BenchRun.patience.inSeconds)) s; \(connectedCount) of \(connectionCount) stand"
            end(.failure(.unreachable(url: plan.url.description, reason: text)))
        case .parking:
            now >= phaseEnd ? failParking() : askWhoWaits()
        case .warmingUp where elapsed >= plan.warmUp:
            beginMeasuring()
        case .measuring where load.isTimed && elapsed >= plan.seconds:
            finish()
        case .draining where now >= phaseEnd:
            stopDraining()
        case .cleaning where now >= phaseEnd:
            end(.success(result))
        default:
            break
        }
    }
}
