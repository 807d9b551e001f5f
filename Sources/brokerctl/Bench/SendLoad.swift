internal import Broker

/// Each connection sends to an inbox of its own, one message after the other.
///
/// So that the inboxes do not fill up, each connection marks its messages as read now and then; that is not counted.
final class SendLoad: BenchLoad {
    private struct Sender {
        var due = MonotonicInstant(nanoseconds: 0)
        var written = MonotonicInstant(nanoseconds: 0)
        var isSending = false
        var sinceAck = 0
    }

    private let plan: BenchPlan
    private var template: SendTemplate
    private var senders: [Sender]
    private(set) var inFlight = 0

    /// After how many sends a connection marks what it has sent as read: half of what an inbox keeps by default, in
    /// messages or in bytes.
    private let sendsForEachAck: Int

    init(_ plan: BenchPlan) {
        self.plan = plan
        template = SendTemplate(plan)
        sendsForEachAck = max(1, min(500, (512 << 10) / (plan.payloadBytes + 64)))
        senders = Array(repeating: Sender(), count: plan.connections)
    }

    func send(from sender: BenchSender, due: MonotonicInstant, at now: MonotonicInstant, _ run: BenchRun) {
        senders[sender.index].due = due
        senders[sender.index].written = now
        senders[sender.index].isSending = true
        inFlight += 1
        template.fill(recipient: sender.index, stamp: 0)
        sender.send(template.bytes)
    }

    func answered(
        _ sender: BenchSender,
        _ status: Int,
        _ body: UnsafeBufferPointer<UInt8>,
        at now: MonotonicInstant,
        _ run: BenchRun
    ) {
        let index = sender.index
        guard senders[index].isSending else {
            // The inbox that was removed may have been gone already.
            if status != 200, status != 404 { run.failed(status, body, due: now) }
            return run.isFree(sender)
        }
        senders[index].isSending = false
        inFlight -= 1
        guard status == 201 else {
            run.failed(status, body, due: senders[index].due)
            // A broker that keeps less than most: empty, the inbox takes the next.
            guard status == 429, run.isReading else { return run.isFree(sender) }
            senders[index].sinceAck = 0
            return run.remove(plan.recipient(index), over: sender)
        }
        run.sent()
        run.record(.sendToAnswer, from: senders[index].due, due: senders[index].due, to: now)
        run.record(.writtenToAnswer, from: senders[index].written, due: senders[index].due, to: now)
        senders[index].sinceAck += 1
        guard senders[index].sinceAck >= sendsForEachAck, run.isReading,
            let id = BenchAnswer.text(behind: "\"id\":\"", in: body)
        else { return run.isFree(sender) }
        senders[index].sinceAck = 0
        var ack = JSONText()
        ack.set("recipient", plan.recipient(index))
        ack.set("upTo", id)
        sender.send(plan.bytes(.post("/v1/ack", body: ack.object)))
    }

    func giveUp(at now: MonotonicInstant, _ run: BenchRun) {
        for sender in senders where sender.isSending {
            run.unanswered(due: sender.due)
            run.record(.sendToAnswer, from: sender.due, due: sender.due, to: now)
            run.record(.writtenToAnswer, from: sender.written, due: sender.due, to: now)
        }
        inFlight = 0
    }
}
