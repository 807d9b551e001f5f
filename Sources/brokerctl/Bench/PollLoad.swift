internal import Broker

/// Pairs of connections: one has a poll parked, the other sends to it; the latency is from the send to the poll's
/// answer.
///
/// A round is: park the poll, send, wait for both answers. The even connections poll, the odd ones send.
final class PollLoad: BenchLoad {
    private struct Pair {
        let poll: [UInt8]
        let send: [UInt8]
        var pacer: Pacer
        var hasDelivery = false
        var hasSent = false
    }

    private let plan: BenchPlan
    private var pairs: [Pair] = []

    init(_ plan: BenchPlan) {
        self.plan = plan
    }

    var connectionCount: Int { plan.connections * 2 }
    var stage: String { "" }

    func recipient(of connection: Int) -> String? {
        connection.isMultiple(of: 2) ? nil : plan.recipient(connection / 2)
    }

    func begin(_ run: BenchRun) {
        pairs = (0..<plan.connections).map { index in
            Pair(
                poll: plan.pollRequest(of: plan.recipient(index)),
                send: plan.sendRequest(to: plan.recipient(index)),
                pacer: Pacer(plan, index: index, count: plan.connections, start: run.now)
            )
        }
        run.startClock()
        for index in pairs.indices {
            run.connections[index * 2].send(pairs[index].poll)
            next(index, run, wasBusy: false)
        }
    }

    func answered(_ connection: BenchConnection, _ status: Int, _ body: UnsafeBufferPointer<UInt8>, _ run: BenchRun) {
        let index = connection.index / 2
        if !connection.index.isMultiple(of: 2) {
            guard status == 201 else {
                run.failed(status, body)
                return next(index, run, wasBusy: true)
            }
            run.sent(since: nil)
            pairs[index].hasSent = true
        } else {
            guard status == 200, BenchAnswer.text(behind: "\"success\":\"", in: body) == "1" else {
                if status != 200 { run.failed(status, body) }
                return connection.send(pairs[index].poll)
            }
            // The sender's clock started with its last request, which it may have the answer of or not.
            run.delivered(since: run.connections[index * 2 + 1].startedAt)
            pairs[index].hasDelivery = true
        }
        guard pairs[index].hasSent, pairs[index].hasDelivery else { return }
        pairs[index].hasSent = false
        pairs[index].hasDelivery = false
        run.connections[index * 2].send(pairs[index].poll)
        next(index, run, wasBusy: true)
    }

    private func next(_ index: Int, _ run: BenchRun, wasBusy: Bool) {
        let sender = run.connections[index * 2 + 1]
        switch pairs[index].pacer.turn(now: run.now, wasBusy: wasBusy) {
        case .send(let due): sender.send(pairs[index].send, due: due)
        case .wait(let time): sender.wake(at: time)
        }
    }

    func due(_ connection: BenchConnection, _ run: BenchRun) {
        if !connection.isBusy { next(connection.index / 2, run, wasBusy: false) }
    }

    func tick(_ run: BenchRun) {}
}
