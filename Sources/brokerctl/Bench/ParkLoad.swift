internal import Broker

/// Readers that wait and wait; at the end each is woken by a send, one after the other.
final class ParkLoad: BenchLoad {
    private enum Stage {
        case holding
        case weighing
        case waking
    }

    private let plan: BenchPlan
    private var template: SendTemplate
    private var state = Stage.holding
    private var next = 0
    private var flight: Flight?

    /// For how long one reader may keep the others waiting.
    private static let wakingTimeMax = Duration.seconds(5)

    init(_ plan: BenchPlan) {
        self.plan = plan
        template = SendTemplate(plan)
    }

    var isTimed: Bool { false }
    var inFlight: Int { flight == nil ? 0 : 1 }

    var stage: String? {
        switch state {
        case .holding: "\(plan.readers) readers wait"
        case .weighing, .waking: "waking \(next) of \(plan.readers)"
        }
    }

    func begin(_ run: BenchRun) {
        run.startClock()
    }

    func tick(_ run: BenchRun) {
        switch state {
        case .holding where run.elapsed >= plan.seconds:
            // What happens from now on is work, and no waiting.
            run.closeWindow()
            state = .weighing
            run.weigh { [self] in
                state = .waking
                run.isFree(run.senders[0])
            }
        case .waking:
            guard let flight, run.now.duration(since: flight.due) > ParkLoad.wakingTimeMax else { return }
            run.finish()
        case .holding, .weighing:
            break
        }
    }

    func send(from sender: BenchSender, due: MonotonicInstant, at now: MonotonicInstant, _ run: BenchRun) {
        guard next < plan.readers else { return run.finish() }
        flight = Flight(due: due, written: now, sender: sender.index)
        template.fill(recipient: next, stamp: UInt64(next))
        next += 1
        sender.send(template.bytes)
    }

    func answered(
        _ sender: BenchSender,
        _ status: Int,
        _ body: UnsafeBufferPointer<UInt8>,
        at now: MonotonicInstant,
        _ run: BenchRun
    ) {
        guard status == 201 else {
            run.failed(status, body, due: flight?.due ?? now)
            flight = nil
            return run.isFree(sender)
        }
        run.sent()
        if let flight { run.record(.sendToAnswer, from: flight.due, due: flight.due, to: now) }
        flight?.isAnswered = true
        wakeNext(run)
    }

    func delivered(_ stamp: UInt64, at now: MonotonicInstant, _ run: BenchRun) {
        guard let flight, flight.deliveries == 0, stamp + 1 == UInt64(next) else { return run.deliveredAgain() }
        run.delivered()
        run.record(.sendToDelivery, from: flight.due, due: flight.due, to: now)
        self.flight?.deliveries = 1
        wakeNext(run)
    }

    /// Wakes the next one, once the one before has its message and the send its answer.
    private func wakeNext(_ run: BenchRun) {
        guard let flight, flight.isAnswered, flight.deliveries == 1 else { return }
        self.flight = nil
        run.isFree(run.senders[0])
    }

    func giveUp(at now: MonotonicInstant, _ run: BenchRun) {
        guard let flight else { return }
        if !flight.isAnswered { run.unanswered(due: flight.due) }
        if flight.isAnswered, flight.deliveries == 0 { run.undelivered(1, due: flight.due) }
        if flight.deliveries == 0 { run.record(.sendToDelivery, from: flight.due, due: flight.due, to: now) }
        self.flight = nil
    }
}
