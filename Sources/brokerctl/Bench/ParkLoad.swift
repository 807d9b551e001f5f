internal import Broker

/// Many connections, each with a poll that waits and waits; at the end each is woken by a send, one after the other.
///
/// The last connection asks the broker whether all are parked, and sends.
final class ParkLoad: BenchLoad {
    private enum Stage {
        case begin
        /// The broker counts `baseline` readers beside ours.
        case parking(baseline: Int)
        case holding(until: MonotonicInstant)
        case waking(next: Int)
    }

    private let plan: BenchPlan
    private var state = Stage.begin
    private let statsRequest: [UInt8]
    private var hasDelivery = false
    private var hasSent = false

    init(_ plan: BenchPlan) {
        self.plan = plan
        statsRequest = plan.bytes(.get("/v1/stats"))
    }

    var connectionCount: Int { plan.connections + 1 }

    var stage: String {
        switch state {
        case .begin, .parking: "parking \(plan.connections) polls"
        case .holding: "\(plan.connections) polls parked"
        case .waking(let next): "waking \(next) of \(plan.connections)"
        }
    }

    func recipient(of connection: Int) -> String? {
        connection < plan.connections ? plan.recipient(connection) : nil
    }

    func begin(_ run: BenchRun) {
        run.connections[plan.connections].send(statsRequest)
    }

    func answered(_ connection: BenchConnection, _ status: Int, _ body: UnsafeBufferPointer<UInt8>, _ run: BenchRun) {
        guard status == 200 || status == 201 else { return run.fail(ParkLoad.problem(status, body)) }
        if connection.index < plan.connections {
            return polled(connection, body, run)
        }
        let waiting = BenchAnswer.text(behind: "\"waiting\":", in: body).flatMap { Int($0) } ?? 0
        switch state {
        case .begin:
            state = .parking(baseline: waiting)
            for index in 0..<plan.connections { park(run.connections[index]) }
            connection.wake(at: run.now + .milliseconds(50))
        case .parking(let baseline):
            guard waiting >= baseline + plan.connections else {
                return connection.wake(at: run.now + .milliseconds(50))
            }
            run.startClock()
            state = .holding(until: run.now + plan.seconds)
        case .holding:
            break
        case .waking:
            run.sent(since: nil)
            hasSent = true
            wakeNext(run)
        }
    }

    private func park(_ connection: BenchConnection) {
        connection.send(plan.pollRequest(of: plan.recipient(connection.index)))
    }

    private func polled(_ connection: BenchConnection, _ body: UnsafeBufferPointer<UInt8>, _ run: BenchRun) {
        guard BenchAnswer.text(behind: "\"success\":\"", in: body) == "1" else { return park(connection) }
        run.delivered(since: run.connections[plan.connections].startedAt)
        hasDelivery = true
        wakeNext(run)
    }

    /// Wakes the next one, once both answers of the one before are there.
    private func wakeNext(_ run: BenchRun) {
        guard case .waking(let next) = state, hasSent, hasDelivery else { return }
        hasSent = false
        hasDelivery = false
        guard next < plan.connections else { return run.finish() }
        state = .waking(next: next + 1)
        run.connections[plan.connections].send(plan.sendRequest(to: plan.recipient(next)))
    }

    func due(_ connection: BenchConnection, _ run: BenchRun) {
        if case .parking = state { connection.send(statsRequest) }
    }

    func tick(_ run: BenchRun) {
        guard case .holding(let end) = state, run.now >= end else { return }
        state = .waking(next: 0)
        hasSent = true
        hasDelivery = true
        wakeNext(run)
    }

    private static func problem(_ status: Int, _ body: UnsafeBufferPointer<UInt8>) -> String {
        JSONObject(Array(body))?.string("detail") ?? "the broker answered with status \(status)"
    }
}
