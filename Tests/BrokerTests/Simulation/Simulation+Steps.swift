import BrokerTestSupport

@testable import Broker

// What clients do.
extension Simulation {
    static let names: [Recipient] = ["a", "b", "c"].map { name in
        guard let recipient = try? Recipient(name) else { preconditionFailure("'\(name)' is a name") }
        return recipient
    }

    /// Sessions and keys, two of which Unicode takes for the same.
    private static let texts = ["x", "caf\u{E9}", "cafe\u{301}"]

    private mutating func someRecipients() -> [Recipient] {
        let count = generator.pick([1, 1, 1, 1, 2, 3])
        return Array(Simulation.names.shuffled(using: &generator).prefix(count))
    }

    // MARK: Sending

    mutating func send() throws {
        let recipient = generator.pick(Simulation.names)
        let content = Array(repeating: UInt8(generator.number(65...90)), count: generator.number(0...12))
        let text = generator.chance(3) ? Array(repeating: 48, count: 17) : content
        let payload = text.withUnsafeBufferPointer { bytes in
            Payload.make(
                sender: generator.chance(20) ? generator.pick(Simulation.texts) : nil,
                type: generator.chance(20) ? "t" : nil,
                content: bytes,
                sentAt: wall
            )
        }
        let draft = Draft(
            recipient: recipient,
            payload: payload,
            timeToLive: generator.chance(30) ? .milliseconds(generator.number(1...20) * 250) : nil,
            key: generator.chance(15) ? generator.pick(Simulation.texts) : nil
        )
        let before = state.positions.count
        let answer: Result<SendReceipt, BrokerError>
        do throws(BrokerError) {
            answer = .success(try state.send(draft, now: now))
        } catch {
            answer = .failure(error)
        }
        note("send \(text.count) bytes to \(recipient): \(answer.summary { "\($0)" })")
        if case .success(let receipt) = answer { ids.append(receipt.id) }
        model.expect(takeEvents())
        try model.send(draft, answer, glimpse([recipient], before))
        try settle()
    }

    // MARK: Reading

    mutating func poll() throws {
        let mode: ReadMode = generator.chance(50) ? .take : .lease(.milliseconds(generator.number(1...40) * 250))
        try poll(ReadRequest(recipients: someRecipients(), mode: mode))
    }

    mutating func follow() throws {
        let (recipients, mode) = someStart()
        var request = ReadRequest(recipients: recipients, mode: mode)
        request.isObserving = generator.chance(20)
        request.tellsGapsInPlace = generator.chance(30)
        try poll(request)
    }

    private mutating func someStart() -> ([Recipient], ReadMode) {
        switch generator.number(1...10) {
        case 1: return (someRecipients(), .followUnread)
        case 2...3: return (someRecipients(), .follow(.oldest))
        case 4: return (someRecipients(), .follow(.now))
        default:
            guard !cursors.isEmpty else { return (someRecipients(), .follow(.oldest)) }
            let kept = generator.pick(cursors)
            guard generator.chance(5) else { return (kept.recipients, .follow(kept.cursor)) }
            // A cursor that is ahead, or one of other recipients.
            guard generator.chance(50) else { return (someRecipients(), .follow(kept.cursor)) }
            let ahead = kept.cursor.positions.map { MessageID(epoch: $0.epoch, sequence: $0.sequence + 3) }
            return (kept.recipients, .follow(Cursor(ahead)))
        }
    }

    private mutating func poll(_ request: ReadRequest) throws {
        var request = request
        request.limit = generator.pick([1, 2, 3, 5, 100])
        request.bytesMax = generator.chance(10) ? generator.number(0...20) : nil
        request.session = generator.chance(20) ? generator.pick(Simulation.texts) : nil
        let deadline = generator.chance(80) ? now + .milliseconds(generator.number(0...12) * 500) : nil
        let reader = SimulatedReader(id: nextNumber, recipients: request.recipients, isStream: false)
        nextNumber += 1
        let before = state.positions.count
        let answer = answer(reader, request, until: deadline)
        let how = "\(request.mode)\(request.isObserving ? ", observing" : ""), limit \(request.limit)"
        note("poll \(reader.id) of \(request.recipients) \(how): \(answer.summary)")
        model.expect(takeEvents())
        try model.poll(reader.id, request, until: deadline, answer, glimpse(request.recipients, before))
        try settle()
    }

    /// What a shard does with a poll.
    private mutating func answer(
        _ reader: SimulatedReader,
        _ request: ReadRequest,
        until deadline: MonotonicInstant?
    ) -> DeliveryModel.ReadAnswer {
        do throws(BrokerError) {
            try state.attach(reader, heard(request), wall: wall)
        } catch {
            return .refused(error)
        }
        if fault == .eagerConfirmation, case .follow(let cursor) = request.mode { confirmAll(before: cursor) }
        if let batch = state.collect(reader, now: now) {
            state.leave(reader)
            let flight = launch(batch, to: reader)
            return .batch(flight.batch, number: flight.number)
        }
        if state.isDraining || deadline.map({ $0 <= now }) == true {
            let cursor = state.cursor(of: reader)
            state.leave(reader)
            keep(cursor, of: reader.recipients)
            if !state.isDraining { state.totals.timeouts += 1 }
            return .ended(state.isDraining ? .draining : .timedOut, cursor)
        }
        state.wait(reader, until: deadline)
        readers.append(reader)
        return .waits
    }

    /// The request as the state gets it.
    private func heard(_ request: ReadRequest) -> ReadRequest {
        var heard = request
        if fault == .deafToObservers { heard.isObserving = false }
        return heard
    }

    private func confirmAll(before cursor: Cursor) {
        for position in cursor.positions where position.sequence > 0 {
            for inbox in state.inboxes.values where inbox.epoch == position.epoch {
                for sequence in 1...position.sequence { inbox.markDelivered(sequence) }
            }
        }
    }

    // MARK: Streaming

    mutating func openStream() throws {
        var (recipients, mode) = someStart()
        if generator.chance(30) { mode = .take }
        let session = generator.chance(20) ? generator.pick(Simulation.texts) : nil
        let limit = generator.pick([1, 3, 100])
        var request = ReadRequest(recipients: recipients, mode: mode, limit: limit, session: session)
        request.isObserving = mode != .take && generator.chance(20)
        let reader = SimulatedReader(id: nextNumber, recipients: recipients, isStream: true)
        nextNumber += 1
        let before = state.positions.count
        let answer = open(reader, request)
        let how = "\(mode)\(request.isObserving ? ", observing" : ""), limit \(limit)"
        note("stream \(reader.id) of \(recipients) \(how): \(answer.summary { "\($0)" })")
        model.expect(takeEvents())
        try model.open(reader.id, request, answer, glimpse(recipients, before))
        try settle()
    }

    /// What a shard does with a stream.
    private mutating func open(_ reader: SimulatedReader, _ request: ReadRequest) -> Result<Cursor, BrokerError> {
        guard !state.isDraining else { return .failure(.draining) }
        do throws(BrokerError) {
            try state.attach(reader, heard(request), wall: wall)
        } catch {
            return .failure(error)
        }
        let cursor = state.cursor(of: reader)
        state.wait(reader, until: nil)
        readers.append(reader)
        state.pause(reader)
        state.resume(reader, now: now)
        return .success(cursor)
    }

    // MARK: Arriving

    /// A batch arrives, or does not.
    mutating func land() throws {
        guard !flights.isEmpty else { return try poll() }
        let index = generator.number(0...flights.count - 1)
        if isStreaming(flights[index]), !flights[index].isWritten, generator.chance(30) {
            let number = flights[index].number
            note("batch \(number) is written")
            flights[index].isWritten = true
            try resume(flights[index].reader)
            return try settle()
        }
        try land(at: index, arrives: generator.chance(70))
    }

    private func isStreaming(_ flight: Flight) -> Bool {
        flight.reader.isStream && readers.contains { $0 === flight.reader }
    }

    private mutating func resume(_ reader: SimulatedReader) throws {
        state.resume(reader, now: now)
        model.expect(takeEvents())
        try model.resume(reader.id, now)
    }

    mutating func land(at index: Int, arrives: Bool) throws {
        let flight = flights.remove(at: index)
        let batch = flight.batch
        note("batch \(flight.number) has \(arrives ? "arrived" : "not arrived")")
        if arrives {
            keep(batch.cursor, of: flight.reader.recipients)
            // Each message of a stream is a place to go on from.
            if flight.reader.tellsGapsInPlace, flight.reader.recipients.count == 1, let message = batch.messages.first {
                keep(.after(message.id), of: flight.reader.recipients)
            }
            let only = flight.reader.isStream ? flight.reader.onlyInbox : nil
            state.confirm(batch, isStream: flight.reader.isStream, only: only, now: now)
            try model.confirm(batch, number: flight.number, isStream: flight.reader.isStream, now)
            if isStreaming(flight), !flight.isWritten { try resume(flight.reader) }
        } else {
            if readers.contains(where: { $0 === flight.reader }) { try leave(flight.reader) }
            if fault == .confirmedInsteadOfGivenBack {
                state.confirm(batch, isStream: false, now: now)
            } else {
                state.giveBack(batch, now: now)
            }
            model.expect(takeEvents())
            try model.giveBack(batch, number: flight.number, now)
        }
        try settle()
    }

    /// A reader's client leaves; what was on its way to it does not arrive.
    mutating func leave() throws {
        guard !readers.isEmpty else { return }
        let reader = generator.pick(readers)
        guard let index = flights.firstIndex(where: { $0.reader === reader }) else {
            try leave(reader)
            return try settle()
        }
        try land(at: index, arrives: false)
    }

    private mutating func leave(_ reader: SimulatedReader) throws {
        note("reader \(reader.id) leaves")
        guard state.leave(reader), !state.leave(reader) else {
            throw Mismatch("reader \(reader.id) left twice or never")
        }
        readers.removeAll { $0 === reader }
        model.expect(takeEvents())
        try model.leave(reader.id)
    }
}

extension Result where Failure == BrokerError {
    /// The answer in few words.
    func summary(_ success: (Success) -> String) -> String {
        switch self {
        case .success(let value): success(value)
        case .failure(let error): error.code.rawValue
        }
    }
}

extension DeliveryModel.ReadAnswer {
    /// The answer in few words.
    var summary: String {
        switch self {
        case .refused(let error): error.code.rawValue
        case .batch(_, let number): "batch \(number)"
        case .ended(let reason, let cursor): "\(reason) at \(cursor)"
        case .waits: "waits"
        }
    }
}
