import BrokerTestSupport
import Testing

@testable import Broker

@Suite struct LeaseTests {
    let bench = Bench()

    @Test func `a lease says how often the message has been leased`() throws {
        try bench.send("1")
        #expect(try bench.lease(for: .seconds(5)).messages.map(\.attempt) == [1])
        bench.pass(.seconds(5))
        #expect(try bench.lease(for: .seconds(5)).messages.map(\.attempt) == [2])
        bench.pass(.seconds(5))
        #expect(try bench.take().messages.map(\.attempt) == [0])
    }

    @Test func `a lease that runs out puts its message back at its old place`() throws {
        try bench.send(["1", "2", "3"])
        _ = try bench.lease(for: .seconds(5), limit: 2)
        try bench.send("4")
        bench.pass(.milliseconds(4999))
        #expect(try bench.summary().unread == 2)
        bench.pass(.milliseconds(1))
        #expect(try bench.take().texts == ["1", "2", "3", "4"])
    }

    @Test func `a lease that runs out wakes whoever waits`() throws {
        try bench.send("1")
        _ = try bench.lease(for: .seconds(5))
        let taker = try bench.wait(mode: .lease(.seconds(7)))
        bench.pass(.seconds(5))
        #expect(taker.batches.first?.messages.map(\.attempt) == [2])
        #expect(try bench.summary().leased == 1)
    }

    @Test func `a leased answer that arrives late does not make the message of the next taker read`() throws {
        try bench.send("1")
        let late = try bench.lease(for: .seconds(5))
        bench.pass(.seconds(5))
        let taken = try bench.take()
        bench.confirm(late)
        #expect(try bench.summary().leased == 1)
        bench.giveBack(taken)
        #expect(try bench.take().texts == ["1"])
    }

    @Test func `leases end one by one, each in its time`() throws {
        try bench.send(["1", "2", "3"])
        _ = try bench.lease(for: .seconds(9), limit: 1)
        _ = try bench.lease(for: .seconds(3), limit: 1)
        _ = try bench.lease(for: .seconds(6), limit: 1)
        bench.pass(.seconds(3))
        #expect(try bench.take().texts == ["2"])
        bench.pass(.seconds(3))
        #expect(try bench.take().texts == ["3"])
        bench.pass(.seconds(3))
        #expect(try bench.take().texts == ["1"])
    }

    @Test func `a released message is unread at once, at its old place, and keeps its attempts`() throws {
        try bench.send(["1", "2"])
        let batch = try bench.lease()
        #expect(try bench.release(ids: [batch.ids[0]]) == 1)
        let again = try bench.lease()
        #expect(again.texts == ["1"])
        #expect(again.messages.map(\.attempt) == [2])
    }

    @Test func `a released message goes to whoever waits`() throws {
        try bench.send("1")
        let batch = try bench.lease()
        let taker = try bench.wait()
        #expect(try bench.release(ids: batch.ids) == 0)
        #expect(taker.texts == [["1"]])
    }

    @Test func `a message released with a delay is unread after it, not before`() throws {
        try bench.send("1")
        let batch = try bench.lease(for: .seconds(2))
        #expect(try bench.release(ids: batch.ids, after: .seconds(5)) == 0)
        let taker = try bench.wait()
        bench.pass(.milliseconds(4999))
        #expect(taker.isQuiet)
        bench.pass(.milliseconds(1))
        #expect(taker.texts == [["1"]])
    }

    @Test func `a message released with a delay is nobody's to extend or to release`() throws {
        try bench.send("1")
        let batch = try bench.lease()
        try bench.release(ids: batch.ids, after: .seconds(5))
        #expect(throws: BrokerError.self) { try bench.extend(ids: batch.ids, lease: .seconds(60)) }
        #expect(try bench.release(ids: batch.ids) == 0)
        bench.giveBack(batch)
        #expect(try bench.summary().leased == 1)
        bench.pass(.seconds(5))
        #expect(try bench.summary().unread == 1)
    }

    @Test func `what is not leased is not released`() throws {
        try bench.send(["1", "2", "3"])
        let taken = try bench.take(limit: 1)
        let leased = try bench.lease(limit: 1)
        let foreign = MessageID(epoch: Epoch(bits: 4711), sequence: 1)
        #expect(
            try bench.release(
                ids: taken.ids + [bench.summary().last, foreign].compactMap(\.self)
            ) == 1
        )
        #expect(try bench.summary().leased == 2)
        bench.pass(.seconds(30))
        #expect(try bench.release(ids: leased.ids) == 2)
        #expect(try bench.release("unknown", ids: leased.ids) == 0)
    }

    @Test func `an extended lease ends later, never earlier`() throws {
        try bench.send("1")
        let batch = try bench.lease(for: .seconds(10))
        #expect(try bench.extend(ids: batch.ids, lease: .seconds(3)) == 0)
        bench.pass(.seconds(5))
        #expect(try bench.summary().leased == 1)
        try bench.extend(ids: batch.ids, lease: .seconds(10))
        bench.pass(.milliseconds(9999))
        #expect(try bench.summary().leased == 1)
        bench.pass(.milliseconds(1))
        #expect(try bench.summary().unread == 1)
    }

    @Test func `all leases are extended or none`() throws {
        try bench.send(["1", "2", "3"])
        let batch = try bench.lease(for: .seconds(10))
        try bench.ack(ids: [batch.ids[1]])
        let error = #expect(throws: BrokerError.self) { try bench.extend(ids: batch.ids, lease: .seconds(99)) }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("'\(batch.ids[1])'") == true)
        bench.pass(.seconds(10))
        #expect(try bench.summary().unread == 2)
    }

    @Test func `no lease is extended that has run out, or is of nobody or another life`() throws {
        try bench.send("1")
        let batch = try bench.lease(for: .seconds(1))
        bench.pass(.seconds(1))
        let codes = ["a", "b"].map { name in
            #expect(throws: BrokerError.self) { try bench.extend(name, ids: batch.ids, lease: .seconds(5)) }?.code
        }
        #expect(codes == [.notFound, .notFound])
        try bench.delete()
        try bench.send("2")
        _ = try bench.lease()
        #expect(throws: BrokerError.self) { try bench.extend(ids: batch.ids, lease: .seconds(5)) }
    }

    @Test func `a late holder's ack counts, whoever has the message now`() throws {
        try bench.send(["1", "2"])
        let late = try bench.lease(for: .seconds(1))
        bench.pass(.seconds(1))
        let holder = try bench.lease(limit: 1)
        #expect(try bench.ack(ids: late.ids) == 0)
        #expect(try bench.summary().leased == 0)
        bench.giveBack(holder)
        bench.pass(.seconds(31))
        #expect(try bench.summary().unread == 0)
    }

    @Test func `a leased message is not read when its answer has arrived, but when it is acked`() throws {
        try bench.send("1")
        let batch = try bench.lease(for: .seconds(5))
        bench.confirm(batch)
        #expect(try bench.summary().leased == 1)
        #expect(try bench.ack(ids: batch.ids) == 0)
        bench.pass(.seconds(5))
        #expect(try bench.summary().unread == 0)
        #expect(bench.state.totals.acked == 1)
    }

    @Test func `a lease whose answer did not arrive was no attempt`() throws {
        try bench.send("1")
        let batch = try bench.lease()
        bench.giveBack(batch)
        #expect(try bench.lease().messages.map(\.attempt) == [1])
    }

    @Test func `what did not arrive of an earlier lease does not end a later one`() throws {
        try bench.send("1")
        let early = try bench.lease(for: .seconds(1))
        bench.pass(.seconds(1))
        _ = try bench.lease(for: .seconds(60))
        bench.giveBack(early)
        #expect(try bench.summary().leased == 1)
    }

    @Test func `a leased message outlives its time until the lease ends`() throws {
        try bench.send("1", timeToLive: .seconds(2))
        let batch = try bench.lease(for: .seconds(5))
        bench.pass(.seconds(4))
        try bench.extend(ids: batch.ids, lease: .seconds(5))
        bench.pass(.seconds(4))
        #expect(try bench.summary().leased == 1)
        bench.pass(.seconds(1))
        #expect(try bench.summary().kept == 0)
        #expect(bench.state.totals.expired == 1)
    }

    @Test func `an ack up to a message is one of all before it`() throws {
        try bench.send(["1", "2", "3", "4"])
        let leased = try bench.lease(limit: 1)
        let taken = try bench.take(limit: 1)
        #expect(try bench.ack(upTo: MessageID(epoch: leased.ids[0].epoch, sequence: 3)) == 1)
        #expect(bench.state.totals.acked == 3)
        bench.confirm(taken)
        #expect(try bench.take().texts == ["4"])
    }

    @Test func `an ack of what is gone or of another life changes nothing`() throws {
        try bench.send("1", timeToLive: .seconds(1))
        let old = try #require(try bench.summary().last)
        bench.pass(.seconds(1))
        #expect(try bench.ack(ids: [old]) == 0)
        try bench.delete()
        try bench.send("2")
        #expect(try bench.ack(upTo: old) == 1)
        #expect(try bench.ack(ids: [old]) == 1)
        #expect(try bench.ack("unknown", upTo: old) == 0)
        #expect(bench.state.totals.acked == 0)
    }

    @Test(arguments: [false, true])
    func `an id ahead of its inbox is refused, and nothing is changed`(isAsleep: Bool) throws {
        try bench.send("1", timeToLive: .seconds(100))
        let batch = try bench.lease(for: .seconds(50))
        if isAsleep {
            try bench.ack(ids: batch.ids)
            bench.pass(.seconds(100))
        }
        let ahead = MessageID(epoch: batch.ids[0].epoch, sequence: 2)
        let before = try bench.summary()
        let codes = [
            #expect(throws: BrokerError.self) { try bench.ack(upTo: ahead) }?.code,
            #expect(throws: BrokerError.self) { try bench.ack(ids: batch.ids + [ahead]) }?.code,
            #expect(throws: BrokerError.self) { try bench.release(ids: batch.ids + [ahead]) }?.code,
            #expect(throws: BrokerError.self) { try bench.extend(ids: batch.ids + [ahead], lease: .seconds(99)) }?.code,
        ]
        #expect(codes == [.invalidRequest, .invalidRequest, .invalidRequest, .invalidRequest])
        #expect(try bench.summary() == before)
    }

    @Test func `attempts stop counting at their limit`() throws {
        try bench.send("1")
        let inbox = try #require(bench.state.inboxes[Recipient("a")])
        inbox.log[0].attempt = .max - 1
        for _ in 0..<3 {
            let batch = try bench.lease(for: .seconds(1))
            #expect(batch.messages.map(\.attempt) == [65_535])
            bench.pass(.seconds(1))
        }
    }
}
