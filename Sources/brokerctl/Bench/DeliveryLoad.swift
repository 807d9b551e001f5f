internal import Broker

/// Messages go to readers that wait: to all of them, who follow one inbox, or to each in turn, in an inbox of its own.
///
/// In a closed loop, a connection sends the next message when the one before has been answered and received by all that it
/// is for: at most as many are on their way as there are connections, and no inbox fills up.
final class DeliveryLoad: BenchLoad {
    private let plan: BenchPlan
    private let isFanOut: Bool
    /// How many readers a message is for.
    private let receivers: Int
    private var template: SendTemplate
    private var flights: [UInt64: Flight] = [:]
    /// The number of the last message of each sender.
    private var current: [UInt64]
    private var sequence: UInt64 = 0

    init(_ plan: BenchPlan, isFanOut: Bool) {
        self.plan = plan
        self.isFanOut = isFanOut
        receivers = isFanOut ? plan.readers : 1
        template = SendTemplate(plan)
        current = Array(repeating: 0, count: plan.connections)
    }

    var inFlight: Int { flights.count }

    func send(from sender: BenchSender, due: MonotonicInstant, at now: MonotonicInstant, _ run: BenchRun) {
        sequence += 1
        current[sender.index] = sequence
        flights[sequence] = Flight(due: due, written: now, sender: sender.index)
        template.fill(recipient: isFanOut ? 0 : Int(sequence % UInt64(plan.readers)), stamp: sequence)
        sender.send(template.bytes)
    }

    func answered(
        _ sender: BenchSender,
        _ status: Int,
        _ body: UnsafeBufferPointer<UInt8>,
        at now: MonotonicInstant,
        _ run: BenchRun
    ) {
        let stamp = current[sender.index]
        guard status == 201 else {
            run.failed(status, body, due: flights[stamp]?.due ?? now)
            flights[stamp] = nil
            return run.isFree(sender)
        }
        run.sent()
        guard var flight = flights[stamp] else { return run.isFree(sender) }
        run.record(.sendToAnswer, from: flight.due, due: flight.due, to: now)
        flight.isAnswered = true
        let isDone = flight.deliveries == receivers
        flights[stamp] = isDone ? nil : flight
        if isDone || plan.rate != nil { run.isFree(sender) }
    }

    func delivered(_ stamp: UInt64, at now: MonotonicInstant, _ run: BenchRun) {
        guard var flight = flights[stamp], flight.deliveries < receivers else { return run.deliveredAgain() }
        run.delivered()
        flight.deliveries += 1
        run.record(.sendToDelivery, from: flight.due, due: flight.due, to: now)
        run.record(.writtenToDelivery, from: flight.written, due: flight.due, to: now)
        if flight.deliveries == 1 { run.record(.sendToFirstDelivery, from: flight.due, due: flight.due, to: now) }
        let hasAll = flight.deliveries == receivers
        if hasAll { run.record(.sendToLastDelivery, from: flight.due, due: flight.due, to: now) }
        flights[stamp] = hasAll && flight.isAnswered ? nil : flight
        if hasAll, flight.isAnswered, plan.rate == nil { run.isFree(run.senders[flight.sender]) }
    }

    func giveUp(at now: MonotonicInstant, _ run: BenchRun) {
        for flight in flights.values {
            if !flight.isAnswered {
                run.unanswered(due: flight.due)
                run.record(.sendToAnswer, from: flight.due, due: flight.due, to: now)
            }
            let missing = receivers - flight.deliveries
            guard missing > 0 else { continue }
            if flight.isAnswered { run.undelivered(missing, due: flight.due) }
            run.record(.sendToDelivery, from: flight.due, due: flight.due, to: now, times: missing)
            run.record(.writtenToDelivery, from: flight.written, due: flight.due, to: now, times: missing)
            if flight.deliveries == 0 { run.record(.sendToFirstDelivery, from: flight.due, due: flight.due, to: now) }
            run.record(.sendToLastDelivery, from: flight.due, due: flight.due, to: now)
        }
        flights = [:]
    }
}
