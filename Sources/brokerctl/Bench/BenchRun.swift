internal import Broker
internal import HTTPFront

/// Runs a load on one event loop: connects, measures, cleans up.
///
/// Unchecked, because all that changes is touched on the loop's thread only; `start`, `tick` and `interrupt` are for
/// others and go there.
final class BenchRun: @unchecked Sendable {
    private enum Phase {
        case connecting
        case warmingUp
        case measuring
        case cleaning
        case over
    }

    let loop: EventLoop
    private let plan: BenchPlan
    private let address: SocketAddress
    private let load: any BenchLoad
    private let isTimed: Bool
    private let completion: @Sendable (Result<BenchResult, Failure>) -> Void

    private(set) var connections: [BenchConnection] = []
    private var phase = Phase.connecting
    private var connectedCount = 0
    private var openCount = 0
    private var result: BenchResult
    private var clockStart = MonotonicInstant(nanoseconds: 0)
    private var cleaningEnd = MonotonicInstant.distantFuture

    /// How many connections are begun before the first of them stand, so that no queue overflows.
    private static let connectingMax = 100
    private static let cleaningTime = Duration.seconds(2)

    /// Makes a run that has not begun.
    ///
    /// - Parameters:
    ///   - plan: What to measure.
    ///   - mode: How.
    ///   - address: Where the broker is.
    ///   - loop: A loop that runs.
    ///   - completion: Is told the result, once, on the loop's thread.
    init(
        _ plan: BenchPlan,
        _ mode: BenchMode,
        at address: SocketAddress,
        on loop: EventLoop,
        completion: @escaping @Sendable (Result<BenchResult, Failure>) -> Void
    ) {
        self.plan = plan
        self.address = address
        self.loop = loop
        self.completion = completion
        load = mode.load(plan)
        isTimed = mode != .park
        result = BenchResult(mode: mode, plan: plan)
    }

    /// The time, read anew: a turn of the loop is too coarse for latencies.
    var now: MonotonicInstant { loop.time.now }

    // MARK: From other threads

    /// Begins.
    func start() {
        loop.execute { [self] in
            for _ in 0..<min(BenchRun.connectingMax, load.connectionCount) { connectNext() }
        }
    }

    /// Looks at the clock; to be called ten times a second.
    ///
    /// - Parameter progress: Is told how far it is.
    func tick(_ progress: @escaping @Sendable (BenchProgress) -> Void) {
        loop.execute { [self] in
            guard phase != .over else { return }
            watchClock()
            if phase != .over { progress(currentProgress) }
        }
    }

    /// Ends the measurement early.
    func interrupt() {
        loop.execute { [self] in
            result.wasInterrupted = true
            finish()
        }
    }

    // MARK: For the load

    /// The broker does what is to be measured, from now on.
    func startClock() {
        clockStart = now
        phase = isTimed && plan.warmUp > .zero ? .warmingUp : .measuring
    }

    /// A send was answered.
    func sent(since start: MonotonicInstant?) {
        guard phase == .measuring else { return }
        result.sends += 1
        if let start { result.latency.record(now.duration(since: start)) }
    }

    /// A message came out at the other end.
    func delivered(since start: MonotonicInstant) {
        guard phase == .measuring else { return }
        result.deliveries += 1
        result.latency.record(now.duration(since: start))
    }

    /// A request was refused.
    func failed(_ status: Int, _ body: UnsafeBufferPointer<UInt8>) {
        guard phase == .measuring || phase == .warmingUp else { return }
        result.errors += 1
        guard result.firstError == nil else { return }
        let problem = JSONObject(Array(body))
        result.firstError = "\(problem?.string("code") ?? "status \(status)"): \(problem?.string("detail") ?? "")"
    }

    /// The measurement makes no sense any more.
    func fail(_ reason: String) {
        end(.failure(.unexpected("\(plan.url): \(reason)")))
    }

    /// Everything was measured: removes the inboxes, then ends.
    func finish() {
        guard phase != .cleaning, phase != .over else { return }
        if phase == .measuring { result.elapsed = now.duration(since: clockStart) }
        phase = .cleaning
        cleaningEnd = now + BenchRun.cleaningTime
        for connection in connections where !connection.isBusy { clean(connection) }
        closeIfClean()
    }

    // MARK: What happens to the connections

    private func connectNext() {
        guard connections.count < load.connectionCount else { return }
        let connection = BenchConnection(index: connections.count, run: self)
        connections.append(connection)
        openCount += 1
        connection.connect(to: address)
    }

    func connected() {
        connectedCount += 1
        guard phase == .connecting else { return }
        connectNext()
        if connectedCount == load.connectionCount { load.begin(self) }
    }

    func answered(_ connection: BenchConnection, _ status: Int, _ body: UnsafeBufferPointer<UInt8>) {
        switch phase {
        case .connecting, .warmingUp, .measuring: load.answered(connection, status, body, self)
        case .cleaning: clean(connection)
        case .over: break
        }
    }

    func due(_ connection: BenchConnection) {
        if phase != .cleaning, phase != .over { load.due(connection, self) }
    }

    func lost(_ connection: BenchConnection, reason: String) {
        guard phase != .over else { return }
        openCount -= 1
        if phase == .cleaning { return closeIfClean() }
        let text = connectedCount == 0 ? reason : "connection \(connection.index + 1): \(reason)"
        end(.failure(.unreachable(url: plan.url.description, reason: text)))
    }

    private func clean(_ connection: BenchConnection) {
        guard !cleaned.contains(connection.index), let recipient = load.recipient(of: connection.index) else {
            connection.close()
            openCount -= 1
            return closeIfClean()
        }
        cleaned.insert(connection.index)
        connection.send(plan.bytes(HTTPRequest(method: "DELETE", path: "/v1/inbox", query: [("recipient", recipient)])))
    }

    private var cleaned: Set<Int> = []

    private func closeIfClean() {
        if openCount == 0 { end(.success(result)) }
    }

    private func end(_ outcome: Result<BenchResult, Failure>) {
        guard phase != .over else { return }
        phase = .over
        for connection in connections { connection.close() }
        connections = []
        completion(outcome)
    }

    // MARK: The clock

    private func watchClock() {
        load.tick(self)
        let elapsed = now.duration(since: clockStart)
        switch phase {
        case .warmingUp where elapsed >= plan.warmUp:
            phase = .measuring
            clockStart = now
        case .measuring where isTimed && elapsed >= plan.seconds:
            finish()
        case .cleaning where now >= cleaningEnd:
            // What is left expires by itself.
            end(.success(result))
        default:
            break
        }
    }

    private var currentProgress: BenchProgress {
        let elapsed = now.duration(since: clockStart).inSeconds
        switch phase {
        case .connecting:
            let share = Double(connectedCount) / Double(load.connectionCount)
            return BenchProgress(share: share, text: load.stage.isEmpty || share < 1 ? "connecting" : load.stage)
        case .warmingUp:
            return BenchProgress(share: 0, text: "warming up")
        case .measuring:
            let count = max(result.sends, result.deliveries)
            let rate = load.stage.isEmpty ? "\(Int(Double(count) / max(elapsed, 0.001)))/s" : load.stage
            return BenchProgress(share: min(1, elapsed / plan.seconds.inSeconds), text: rate)
        case .cleaning, .over:
            return BenchProgress(share: 1, text: "cleaning up")
        }
    }
}

/// How far a measurement is.
struct BenchProgress: Hashable, Sendable {
    /// From 0 to 1.
    var share: Double
    /// What is done at the moment.
    var text: String
}
