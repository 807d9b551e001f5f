import BrokerTestSupport
import Testing

@testable import Broker

@Suite struct ManagingTests {
    let bench = Bench()

    @Test func `a summary tells what is in an inbox and who is there`() throws {
        try bench.send(["1", "22", "333", "4444"])
        bench.confirm(try bench.take(limit: 1))
        bench.pass(.seconds(60))
        _ = try bench.lease(limit: 1)
        let seen = bench.wall
        bench.servesFollowers = false
        _ = try bench.stream(mode: .follow(.now))
        bench.pass(.seconds(1))
        let summary = try bench.summary()
        #expect(summary.unread == 2)
        #expect(summary.leased == 1)
        #expect(summary.kept == 3)
        #expect(summary.bytes == 9)
        #expect(summary.first?.sequence == 2)
        #expect(summary.last?.sequence == 4)
        #expect(summary.waiting == 0)
        #expect(summary.streaming == 1)
        #expect(summary.lastSeen == seen)
    }

    @Test func `a summary of nobody's inbox is all zeros`() throws {
        let empty = InboxSummary(recipient: try Recipient("a"))
        #expect(try bench.summary() == empty)
        _ = try bench.poll(mode: .follow(.now))
        #expect(try bench.summary() == empty)
    }

    @Test func `a summary of a sleeping inbox still says where it stands`() throws {
        try bench.send("1", timeToLive: .seconds(1))
        bench.pass(.seconds(1))
        let summary = try bench.summary()
        #expect(summary.kept == 0)
        #expect(summary.last?.sequence == 1)
    }

    @Test func `reading and acking are when a recipient was last seen, sending is not`() throws {
        try bench.send("1")
        #expect(try bench.summary().lastSeen == nil)
        _ = try bench.follow(from: .oldest)
        #expect(try bench.summary().lastSeen == bench.wall)
        bench.pass(.seconds(5))
        try bench.ack(ids: [])
        #expect(try bench.summary().lastSeen == bench.wall)
    }

    @Test func `inboxes are listed by the bytes of their names, page by page`() throws {
        let names = ["b", "a", "é", "e\u{301}", "Z", "room:1", "room:10", "room:2"]
        for name in names { try bench.send("1", to: name) }
        let sorted = ["Z", "a", "b", "e\u{301}", "room:1", "room:10", "room:2", "é"]
        func list(_ prefix: String = "", after: String? = nil, limit: Int = 100) -> [[UInt8]] {
            bench.state.summaries(prefix: prefix, after: after, limit: limit, wall: bench.wall).map {
                Array($0.recipient.name.utf8)
            }
        }
        #expect(list() == sorted.map { Array($0.utf8) })
        #expect(list(limit: 3) == sorted.prefix(3).map { Array($0.utf8) })
        #expect(list(after: "b", limit: 2) == ["e\u{301}", "room:1"].map { Array($0.utf8) })
        #expect(list(after: "c").count == 5)
        #expect(list("room:1") == ["room:1", "room:10"].map { Array($0.utf8) })
        #expect(list("room:", after: "room:10") == [Array("room:2".utf8)])
        #expect(list("x") == [])
    }

    @Test func `a removed inbox takes its messages along and tells its readers`() throws {
        let taker = try bench.wait()
        let follower = try bench.wait(mode: .follow(.now))
        let waiting = try bench.stream(mode: .follow(.now))
        let busy = try bench.stream(mode: .follow(.now))
        let other = try bench.wait("b")
        bench.servesFollowers = false
        try bench.send("1")
        bench.fanOut(budget: 2)
        #expect(taker.texts == [["1"]])
        try bench.delete()
        #expect([follower, waiting, busy].filter { $0.reason == .deleted }.count == 2)
        #expect([follower, waiting, busy].allSatisfy { $0.ends.count + ($0.isStream ? 0 : $0.batches.count) == 1 })
        #expect(other.isQuiet)
        #expect(try bench.summary().kept == 0)
        #expect(bench.budget.bytes == Cost.inbox)
        #expect(bench.state.totals.expired == 0)
    }

    @Test func `removing what is not there is no error`() throws {
        try bench.delete("nobody")
        #expect(bench.budget.bytes == 0)
    }

    @Test func `draining ends everybody, refuses sends and keeps messages`() throws {
        try bench.send("1", to: "b")
        let poll = try bench.wait("a", "c")
        let stream = try bench.stream(mode: .follow(.now))
        bench.drain()
        #expect(poll.reason == .draining)
        #expect(stream.reason == .draining)
        let error = #expect(throws: BrokerError.self) { try bench.send("2") }
        #expect(error?.code == .draining)
        #expect(try bench.take("b").texts == ["1"])
        #expect(bench.state.statistics.waiting == 0)
        #expect(bench.state.totals.timeouts == 0)
    }

    @Test func `statistics add up what the inboxes hold`() throws {
        try bench.send(["1", "2", "3"])
        try bench.send("4", to: "b")
        _ = try bench.lease(limit: 1)
        _ = try bench.wait("c", "d")
        _ = try bench.stream("b", mode: .follow(.now))
        let sum = bench.state.statistics
        #expect(sum.inboxes == 4)
        #expect(sum.kept == 4)
        #expect(sum.unread == 3)
        #expect(sum.leased == 1)
        #expect(sum.waiting == 2)
        #expect(sum.streaming == 1)
        #expect(sum.sent == 4)
        #expect(sum.delivered == 1)
    }

    @Test func `a delivery that did not arrive is not counted`() throws {
        try bench.send(["1", "2"])
        bench.giveBack(try bench.take())
        bench.giveBack(try bench.follow(from: .oldest))
        #expect(bench.state.totals.delivered == 0)
    }
}
