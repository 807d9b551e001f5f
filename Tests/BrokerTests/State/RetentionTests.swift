import BrokerTestSupport
import Testing

@testable import Broker

@Suite struct RetentionTests {
    let bench = Bench()

    @Test func `an unread message is kept for a day`() throws {
        try bench.send("1")
        bench.pass(.seconds(86_399))
        #expect(try bench.summary().unread == 1)
        bench.pass(.seconds(1))
        #expect(try bench.summary().kept == 0)
        #expect(bench.state.totals.expired == 1)
        #expect(bench.observed == [.expired(recipient: try Recipient("a"), count: 1)])
    }

    @Test func `a read message is kept for a minute after it was read`() throws {
        try bench.send(["1", "2"])
        bench.confirm(try bench.take(limit: 1))
        bench.pass(.seconds(30))
        try bench.ack(upTo: try bench.summary().last)
        bench.pass(.seconds(30))
        #expect(try bench.summary().kept == 1)
        bench.pass(.seconds(30))
        #expect(try bench.summary().kept == 0)
        #expect(bench.state.totals.expired == 0)
    }

    @Test func `a message is kept no longer than it asks for, read or not`() throws {
        try bench.send(["1", "2"])
        try bench.send("3", timeToLive: .seconds(5))
        try bench.ack(upTo: try bench.summary().last)
        bench.pass(.seconds(5))
        #expect(try bench.summary().kept == 2)
    }

    @Test func `a message is kept for longer than a day if it asks for it`() throws {
        try bench.send("1", timeToLive: .seconds(7 * 86_400))
        bench.pass(.seconds(7 * 86_400 - 1))
        #expect(try bench.take().texts == ["1"])
    }

    @Test(arguments: [[5, 3, 1, 4, 2], [1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [3, 3, 1, 5, 1]])
    func `expiry of one never waits for another`(seconds: [Int]) throws {
        for time in seconds { try bench.send("\(time)", timeToLive: .seconds(time)) }
        for time in 1...5 {
            bench.pass(.milliseconds(999))
            #expect(try bench.summary().kept == seconds.count { $0 >= time })
            bench.pass(.milliseconds(1))
            #expect(try bench.summary().kept == seconds.count { $0 > time })
            let rest = try bench.follow(from: .oldest)
            #expect(rest.texts == seconds.filter { $0 > time }.map(String.init))
        }
    }

    @Test func `a deadline within a millisecond is kept, never early`() throws {
        try bench.send("1", timeToLive: .nanoseconds(1_500_000))
        bench.pass(.nanoseconds(1_499_999))
        #expect(try bench.summary().kept == 1)
        bench.pass(.nanoseconds(500_001))
        #expect(try bench.summary().kept == 0)
    }

    @Test func `a time to live beyond all clocks is one for ever`() throws {
        try bench.send("1", timeToLive: .seconds(Int64.max))
        #expect(bench.nextDeadline == nil)
        #expect(try bench.take().texts == ["1"])
    }

    @Test func `a very large inbox is not swept at every tick`() throws {
        let inbox = Inbox(recipient: try Recipient("a"), epoch: Epoch(bits: 1))
        let payload = [].withUnsafeBufferPointer {
            Payload.make(sender: nil, type: nil, content: $0, sentAt: bench.wall)
        }
        for number in 0..<5000 { inbox.append(payload, expires: bench.now + .milliseconds(number)) }
        var now = bench.now
        while inbox.log.count > 2100 {
            let count = inbox.log.count
            _ = inbox.sweep(now)
            // One expectation for each tick would take longer than all of the sweeping.
            let pause = inbox.nextSweep.duration(since: now)
            guard pause >= .milliseconds(2), pause <= .microseconds(count + 1000) else {
                Issue.record("\(count) messages are swept again after \(pause)")
                return
            }
            now = inbox.nextSweep
        }
    }

    @Test func `nothing happens by itself where nothing is kept`() throws {
        #expect(bench.nextDeadline == nil)
        let reader = try bench.wait()
        #expect(bench.nextDeadline == nil)
        bench.leave(reader)
        #expect(bench.nextDeadline == nil)
    }
}
