internal import Broker

/// Each connection sends to its own inbox, one message after the other.
///
/// So that the inboxes do not fill up, each connection marks its messages as read now and then; that is not counted.
final class SendLoad: BenchLoad {
    private struct Sender {
        let request: [UInt8]
        var pacer: Pacer
        var sinceAck = 0
        var isAcking = false
        var lastID = ""
    }

    private let plan: BenchPlan
    private var senders: [Sender] = []

    /// Half of what an inbox keeps by default.
    private static let sendsForEachAck = 500

    init(_ plan: BenchPlan) {
        self.plan = plan
    }

    var connectionCount: Int { plan.connections }
    var stage: String { "" }

    func recipient(of connection: Int) -> String? { plan.recipient(connection) }

    func begin(_ run: BenchRun) {
        senders = (0..<plan.connections).map { index in
            Sender(
                request: plan.sendRequest(to: plan.recipient(index)),
                pacer: Pacer(plan, index: index, count: plan.connections, start: run.now)
            )
        }
        run.startClock()
        for connection in run.connections { next(connection, run, wasBusy: false) }
    }

    func answered(_ connection: BenchConnection, _ status: Int, _ body: UnsafeBufferPointer<UInt8>, _ run: BenchRun) {
        let index = connection.index
        if senders[index].isAcking {
            senders[index].isAcking = false
            if status != 200 { run.failed(status, body) }
        } else if status == 201 {
            run.sent(since: connection.startedAt)
            senders[index].sinceAck += 1
            if senders[index].sinceAck == SendLoad.sendsForEachAck {
                senders[index].lastID = BenchAnswer.text(behind: "\"id\":\"", in: body) ?? ""
            }
        } else {
            run.failed(status, body)
        }
        next(connection, run, wasBusy: true)
    }

    private func next(_ connection: BenchConnection, _ run: BenchRun, wasBusy: Bool) {
        let index = connection.index
        if senders[index].sinceAck >= SendLoad.sendsForEachAck {
            senders[index].sinceAck = 0
            senders[index].isAcking = true
            var body = JSONText()
            body.set("recipient", plan.recipient(index))
            body.set("upTo", senders[index].lastID)
            return connection.send(plan.bytes(.post("/v1/ack", body: body.object)))
        }
        switch senders[index].pacer.turn(now: run.now, wasBusy: wasBusy) {
        case .send(let due): connection.send(senders[index].request, due: due)
        case .wait(let time): connection.wake(at: time)
        }
    }

    func due(_ connection: BenchConnection, _ run: BenchRun) {
        if !connection.isBusy { next(connection, run, wasBusy: false) }
    }

    func tick(_ run: BenchRun) {}
}
