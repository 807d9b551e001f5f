import BrokerTestSupport

@testable import Broker

/// A random workload on the state of one shard, judged step by step by ``DeliveryModel``.
///
/// The same seed makes the same workload. Each step moves the time, does one thing, serves some followers, and then
/// checks the whole structure, the memory that is counted, every total, and that nobody waits for what is there.
struct Simulation: ~Copyable {
    let seed: UInt64
    /// A defect that is put in between state and model, to see that it is found.
    let fault: Fault
    /// Whether its inboxes are rooms that are followed rather than queues that are taken from.
    let isRoom: Bool
    var generator: SeededGenerator
    let budget: MemoryBudget
    var state: ShardState
    var model: DeliveryModel
    var now = MonotonicInstant(nanoseconds: 5_000_000_000)
    var wall = WallInstant(millisecondsSinceEpoch: 1_795_241_728_000)
    /// What was done, newest last.
    private(set) var history: [String] = []
    /// Readers that wait or stream.
    var readers: [SimulatedReader] = []
    /// Batches on their way to somebody.
    var flights: [Flight] = []
    var nextNumber = 1
    /// What clients have kept: cursors, ids, keys.
    var cursors: [KeptCursor] = []
    var ids: [MessageID] = []

    enum Fault: CaseIterable {
        case none
        /// A waiting poll is not told of its messages.
        case lostWakeUp
        /// What has not arrived is taken for read.
        case confirmedInsteadOfGivenBack
        /// One lost message too many is told of.
        case shiftedGap
        /// Somebody gets a message that another has.
        case secondTaker
        /// Something is not done when its time has come.
        case sleepyClock
        /// A cursor confirms everything that lies before it, whoever has seen that.
        case eagerConfirmation
        /// An observer is taken for a follower.
        case deafToObservers
    }

    struct Flight {
        let number: Int
        let reader: SimulatedReader
        let batch: Batch
        /// Whether the stream has written it and goes on, although nobody knows yet whether it has arrived.
        var isWritten = false
    }

    struct KeptCursor {
        let recipients: [Recipient]
        let cursor: Cursor
    }

    init(seed: UInt64, fault: Fault = .none) {
        self.seed = seed
        self.fault = fault
        var generator = SeededGenerator(seed: seed)
        let limits = Simulation.limits(&generator)
        isRoom = generator.chance(30)
        self.generator = generator
        budget = MemoryBudget(bytesMax: limits.memoryBytesMax)
        state = ShardState(limits: limits, budget: budget, randomness: SeededGenerator(seed: ~seed), now: now)
        model = DeliveryModel(limits: limits)
    }

    /// Tiny limits, so that everything that happens at a limit happens often.
    private static func limits(_ generator: inout SeededGenerator) -> Limits {
        var limits = Limits()
        limits.inboxMessagesMax = generator.chance(10) ? 30 : generator.number(1...8)
        limits.inboxBytesMax = generator.pick([20, 60, 1000])
        limits.messageBytesMax = 16
        limits.memoryBytesMax = generator.pick([1 << 20, 1 << 20, 2400, 1500])
        limits.whenFull = generator.pick(Limits.WhenFull.allCases)
        limits.retainUnread = .seconds(60)
        limits.retainRead = .seconds(generator.pick([0, 2, 10]))
        limits.retainKeys = .seconds(20)
        limits.retainPositions = .seconds(100)
        limits.answerBytesMax = generator.pick([1, 20, 1000])
        return limits
    }

    /// Does `steps` random things, then lets everything come to its end.
    mutating func run(steps: Int) throws {
        for _ in 0..<steps {
            try moveTime()
            try act()
        }
        try finish()
    }

    private mutating func act() throws {
        if isRoom { try actInRoom() } else { try actInQueue() }
    }

    /// Mostly followers, so that inboxes fill up with what some of them have seen.
    private mutating func actInRoom() throws {
        switch generator.number(1...100) {
        case ...35: try send()
        case ...65: try follow()
        case ...69: try openStream()
        case ...93: try land()
        case ...95: try poll()
        case ...98: try leave()
        default: try serveFollowers(budget: generator.number(1...3))
        }
    }

    private mutating func actInQueue() throws {
        switch generator.number(1...100) {
        case ...30: try send()
        case ...44: try poll()
        case ...50: try follow()
        case ...56: try openStream()
        case ...74: try land()
        case ...80: try ack()
        case ...84: try release()
        case ...87: try extend()
        case ...91: try leave()
        case ...93: try delete()
        default: try serveFollowers(budget: generator.number(1...3))
        }
    }

    mutating func note(_ text: @autoclosure () -> String) {
        history.append("\(now.nanoseconds / 1_000_000) ms: \(text())")
        if history.count > 40 { history.removeFirst() }
    }

    func epoch(of recipient: Recipient) -> Epoch? {
        state.inboxes[recipient]?.epoch ?? state.positions.peek(recipient)?.epoch
    }

    func glimpse(_ recipients: [Recipient], _ positionsBefore: Int) -> DeliveryModel.Glimpse {
        var epochs: [Recipient: Epoch] = [:]
        for recipient in recipients { epochs[recipient] = epoch(of: recipient) }
        return DeliveryModel.Glimpse(now: now, epochs: epochs, positionsBefore: positionsBefore)
    }

    // MARK: Time

    private mutating func moveTime() throws {
        let step: Duration
        switch generator.number(1...20) {
        case ...4: step = .zero
        case ...12: step = .milliseconds(generator.number(1...500))
        case ...18: step = .milliseconds(generator.number(500...3000))
        case 19: step = .seconds(generator.number(3...30))
        default: step = .seconds(generator.number(30...250))
        }
        if generator.chance(3) { wall.millisecondsSinceEpoch += Int64(generator.number(-5000...5000)) }
        let target = now + step
        // Sometimes the host comes late: then several things are due at once.
        if generator.chance(20), model.dueCount(target) <= DeliveryModel.dueMax {
            try advance(to: target)
        }
        while let next = state.nextDeadline, next <= target { try advance(to: max(now, next)) }
        wall.millisecondsSinceEpoch += target.duration(since: now).wholeNanoseconds / 1_000_000
        now = target
    }

    private mutating func advance(to instant: MonotonicInstant) throws {
        wall.millisecondsSinceEpoch += instant.duration(since: now).wholeNanoseconds / 1_000_000
        now = instant
        note("time passes")
        if fault != .sleepyClock || generator.chance(90) { state.advance(to: now) }
        model.expect(takeEvents())
        try model.advance(to: now)
        try settle()
    }

    // MARK: What came of a step

    /// Takes out what the state decided for waiting readers.
    mutating func takeEvents() -> [DeliveryModel.Event] {
        var events: [DeliveryModel.Event] = []
        while let action = state.actions.popFirst() ?? state.endings.popFirst() {
            switch action {
            case .deliver(let reader, let batch):
                guard let reader = reader as? SimulatedReader else { preconditionFailure("a reader of nobody's") }
                if fault == .lostWakeUp, !reader.isStream, generator.chance(20) { continue }
                let flight = launch(batch, to: reader)
                events.append(.deliver(reader: reader.id, flight.batch, number: flight.number))
                if fault == .secondTaker, batch.isTaken, let other = readers.first(where: { $0.id != reader.id }) {
                    events.append(.deliver(reader: other.id, flight.batch, number: flight.number))
                }
                if !reader.isStream { readers.removeAll { $0 === reader } }
            case .end(let reader, let reason, let cursor):
                guard let reader = reader as? SimulatedReader else { preconditionFailure("a reader of nobody's") }
                note("reader \(reader.id) ends: \(reason)")
                events.append(.end(reader: reader.id, reason, cursor))
                keep(cursor, of: reader.recipients)
                readers.removeAll { $0 === reader }
            case .observe:
                break
            }
        }
        return events
    }

    /// A batch sets out to a reader, and may arrive or not.
    mutating func launch(_ batch: Batch, to reader: SimulatedReader) -> Flight {
        var batch = batch
        if fault == .shiftedGap, batch.lost > 0 { batch.lost += 1 }
        let flight = Flight(number: nextNumber, reader: reader, batch: batch)
        nextNumber += 1
        flights.append(flight)
        let what =
            "\(batch.messages.map(\.id)), lost \(batch.lost)\(batch.isReset ? ", reset" : ""), to \(batch.cursor)"
        note("reader \(reader.id) is given batch \(flight.number): \(what)")
        ids += batch.messages.map(\.id)
        return flight
    }

    mutating func keep(_ cursor: Cursor, of recipients: [Recipient]) {
        cursors.append(KeptCursor(recipients: recipients, cursor: cursor))
        if cursors.count > 20 { cursors.remove(at: generator.number(0...10)) }
        if ids.count > 40 { ids.removeFirst(20) }
    }

    /// Serves followers, or leaves some for later, and checks everything.
    mutating func settle() throws {
        if generator.chance(60) { try serveFollowers(budget: 1000) }
        model.settle(now)
        try check()
    }

    mutating func serveFollowers(budget: Int) throws {
        guard state.isFanningOut else { return }
        state.fanOut(budget: budget, now: now)
        let isDone = !state.isFanningOut
        note("up to \(budget) followers are served\(isDone ? ", all" : "")")
        model.expect(takeEvents())
        try model.fanOut(budget: budget, isDone: isDone, now)
    }

    func check() throws {
        try state.checkInvariants()
        let positions = state.positions.count
        guard budget.bytes == state.heldBytes, budget.bytes == model.heldBytes(positions: positions) else {
            let text = "\(budget.bytes) bytes are counted, \(state.heldBytes) are held, not"
            throw Mismatch("\(text) \(model.heldBytes(positions: positions))")
        }
        guard budget.bytes <= budget.bytesMax else { throw Mismatch("\(budget.bytes) bytes are more than there are") }
        guard model.positionsAllowed(now).contains(positions) else {
            throw Mismatch("\(positions) positions are remembered, not \(model.positionsAllowed(now))")
        }
        guard state.statistics == model.statistics else {
            throw Mismatch("the totals are \(state.statistics), not \(model.statistics)")
        }
        for inbox in state.inboxes.values {
            try model.check(inbox.summary(wall: wall))
            let (delivered, wanted) = (inbox.log.delivered, model.delivered(at: inbox.recipient))
            guard delivered == wanted else { throw Mismatch("delivered are \(delivered), not \(wanted)") }
        }
        if let due = model.nextDue {
            guard let next = state.nextDeadline, next <= max(due, now) else {
                throw Mismatch("the next deadline is \(String(describing: state.nextDeadline)), not \(due)")
            }
        }
        var queued: Set<Recipient> = []
        for inbox in state.inboxes.values where inbox.isFanningOut { queued.insert(inbox.recipient) }
        try model.checkNobodyIsBehind(except: queued)
    }
}

/// A reader that only has a number.
final class SimulatedReader: Reader, @unchecked Sendable {
    let id: Int
    let recipients: [Recipient]

    init(id: Int, recipients: [Recipient], isStream: Bool) {
        self.id = id
        self.recipients = recipients
        super.init(isStream: isStream)
    }
}

extension MessageLog {
    /// The messages that count as delivered.
    var delivered: [UInt64] {
        indices.compactMap { self[$0].payload != nil && self[$0].isDelivered ? self[$0].sequence : nil }
    }
}
