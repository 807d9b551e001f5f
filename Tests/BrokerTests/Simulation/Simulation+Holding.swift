import BrokerTestSupport

@testable import Broker

// What holders of messages and owners of inboxes do, and how a simulation ends.
extension Simulation {
    private mutating func someIDs() -> [MessageID] {
        guard !ids.isEmpty, !generator.chance(5) else { return [MessageID(epoch: Epoch(bits: 77), sequence: 3)] }
        var some: [MessageID] = []
        let recent = Array(ids.suffix(8))
        for _ in 0..<generator.number(1...3) {
            let id = generator.pick(recent)
            let isAhead = generator.chance(3)
            some.append(MessageID(epoch: id.epoch, sequence: isAhead ? id.sequence + 5 : id.sequence))
        }
        return some
    }

    /// The recipient that an id is of, or another one.
    private mutating func recipient(of id: MessageID?) -> Recipient {
        for recipient in Simulation.names where epoch(of: recipient) == id?.epoch && !generator.chance(5) {
            return recipient
        }
        return generator.pick(Simulation.names)
    }

    mutating func ack() throws {
        var ids = someIDs()
        let recipient = recipient(of: ids.first)
        var position: MessageID?
        if generator.chance(40) {
            position = ids[0]
            ids = []
        }
        let before = state.positions.count
        let answer: Result<Int, BrokerError>
        do throws(BrokerError) {
            answer = .success(try state.ack(recipient, upTo: position, ids: ids, now: now, wall: wall))
        } catch {
            answer = .failure(error)
        }
        note("ack \(recipient) \(position.map { "up to \($0)" } ?? "\(ids)"): \(answer.summary { "\($0) unread" })")
        model.expect(takeEvents())
        try model.ack(recipient, upTo: position, ids: ids, answer, glimpse([recipient], before))
        try settle()
    }

    mutating func release() throws {
        let ids = someIDs()
        let recipient = recipient(of: ids.first)
        let delay: Duration = generator.chance(50) ? .zero : .milliseconds(generator.number(1...10) * 250)
        let before = state.positions.count
        let answer: Result<Int, BrokerError>
        do throws(BrokerError) {
            answer = .success(try state.release(recipient, ids: ids, delay: delay, now: now))
        } catch {
            answer = .failure(error)
        }
        note("release \(recipient) \(ids) after \(delay): \(answer.summary { "\($0) unread" })")
        model.expect(takeEvents())
        try model.release(recipient, ids: ids, delay: delay, answer, glimpse([recipient], before))
        try settle()
    }

    mutating func extend() throws {
        let ids = someIDs()
        let recipient = recipient(of: ids.first)
        let lease: Duration = .milliseconds(generator.number(1...40) * 250)
        let before = state.positions.count
        let answer: Result<Int, BrokerError>
        do throws(BrokerError) {
            answer = .success(try state.extend(recipient, ids: ids, lease: lease, now: now))
        } catch {
            answer = .failure(error)
        }
        note("extend \(recipient) \(ids) by \(lease): \(answer.summary { "\($0) unread" })")
        model.expect(takeEvents())
        try model.extend(recipient, ids: ids, lease: lease, answer, glimpse([recipient], before))
        try settle()
    }

    mutating func delete() throws {
        try delete(generator.pick(Simulation.names))
    }

    private mutating func delete(_ recipient: Recipient) throws {
        note("delete \(recipient)")
        state.delete(recipient)
        model.expect(takeEvents())
        try model.delete(recipient)
        try settle()
    }

    /// Shuts down, lets everything under way come to its end, and checks that nothing is left.
    mutating func finish() throws {
        note("drain")
        state.drain()
        model.expect(takeEvents())
        try model.drain()
        try settle()
        try send()
        while !flights.isEmpty { try land(at: 0, arrives: generator.chance(50)) }
        for recipient in Simulation.names { try delete(recipient) }
        guard readers.isEmpty else { throw Mismatch("readers \(readers.map(\.id)) were never told of the end") }
        while let next = state.nextDeadline {
            now = max(now, next)
            state.advance(to: now)
            try model.advance(to: now)
        }
        model.settle(now)
        try check()
        guard budget.bytes == 0 else { throw Mismatch("\(budget.bytes) bytes are left over") }
    }
}
