import BrokerTestSupport
import Testing

@testable import Broker

/// How far behind readers are, as summaries and statistics tell it.
@Suite struct LagTests {
    let bench = Bench()

    private func lag(_ name: String = "a") throws -> ReaderLag? { try bench.summary(name).lag }

    @Test func `without a reader there is no lag, whatever is unread`() throws {
        #expect(try lag() == nil)
        try bench.send("1")
        _ = try bench.follow(from: .oldest)
        #expect(try lag() == nil)
        #expect(bench.state.lag(at: bench.wall) == nil)
    }

    @Test func `whoever waits has everything`() throws {
        try bench.send("1")
        _ = try bench.lease()
        let taker = try bench.wait()
        let follower = try bench.wait(mode: .follow(.now))
        bench.pass(.seconds(10))
        #expect(try lag() == ReaderLag())
        bench.leave(taker)
        bench.leave(follower)
        #expect(try lag() == nil)
    }

    @Test func `a stream that is not ready is behind by what has come since`() throws {
        let stream = try bench.stream(mode: .follow(.now))
        try bench.send("1")
        // The batch is on its way.
        #expect(try lag() == ReaderLag())
        bench.pass(.seconds(1))
        try bench.send(["2", "3"])
        bench.pass(.milliseconds(1500))
        #expect(try lag() == ReaderLag(messages: 2, age: .milliseconds(1500)))
        bench.wrote(stream)
        #expect(try lag() == ReaderLag())
        bench.wrote(stream)
        #expect(try lag() == ReaderLag())
    }

    @Test func `what its connection cannot write yet counts as well`() throws {
        let stream = try bench.stream("a", "b", mode: .follow(.now))
        try bench.send("1")
        bench.pass(.seconds(2))
        try bench.send(["2", "3"])
        try bench.send("4", to: "b")
        bench.wrote(stream)
        bench.state.withhold(try #require(stream.batches.last?.messages), from: stream)
        #expect(try stream.withheld[Recipient("a")]?.count == 2)
        #expect(try stream.withheld[Recipient("b")]?.count == 1)
        bench.pass(.seconds(3))
        try bench.send("5")
        #expect(try lag() == ReaderLag(messages: 3, age: .seconds(3)))
        #expect(try lag("b") == ReaderLag(messages: 1, age: .seconds(3)))
        bench.wrote(stream)
        #expect(stream.batches.last?.texts == ["5"])
        #expect(try lag() == ReaderLag())
        #expect(try lag("b") == ReaderLag())
    }

    @Test func `what is withheld from a stream that has gone meanwhile is nobody's`() throws {
        let stream = try bench.stream(mode: .follow(.now))
        try bench.send("1")
        bench.leave(stream)
        bench.state.withhold(try #require(stream.batches.last?.messages), from: stream)
        #expect(stream.withheld.isEmpty)
        #expect(stream.line == .none)
    }

    @Test func `the slowest reader counts`() throws {
        bench.servesFollowers = false
        let streams = try (0..<3).map { _ in try bench.stream(mode: .follow(.now)) }
        try bench.send("1")
        bench.fanOut(budget: 2)
        bench.wrote(streams[0])
        bench.pass(.seconds(1))
        try bench.send(["2", "3"])
        // One has yet to be served at all, one is being written to, one waits for the next fan-out.
        #expect(try lag() == ReaderLag(messages: 3, age: .seconds(1)))
        bench.leave(streams[2])
        #expect(try lag() == ReaderLag(messages: 2))
        bench.leave(streams[1])
        #expect(try lag() == ReaderLag(messages: 2))
        bench.fanOut(budget: 1)
        #expect(try lag() == ReaderLag())
    }

    @Test func `messages that are gone count until they are told as a gap, and have no age`() throws {
        let bench = Bench { limits in
            limits.inboxMessagesMax = 2
            limits.whenFull = .dropOldest
        }
        let stream = try bench.stream(mode: .follow(.now))
        try bench.send("1")
        for text in ["2", "3", "4", "5"] {
            try bench.send(text)
            bench.pass(.seconds(1))
        }
        #expect(try bench.summary().lag == ReaderLag(messages: 4, age: .seconds(2)))
        bench.pass(bench.limits.retainUnread)
        #expect(try bench.summary().kept == 0)
        #expect(try bench.summary().lag == ReaderLag(messages: 4))
        bench.wrote(stream)
        #expect(stream.batches.last?.lost == 4)
        #expect(try bench.summary().lag == ReaderLag())
    }

    @Test func `a taker that is not ready is behind by what is unread, until somebody takes it`() throws {
        let stream = try bench.stream(mode: .take)
        try bench.send("1")
        bench.pass(.seconds(1))
        try bench.send(["2", "3"])
        bench.pass(.seconds(1))
        #expect(try lag() == ReaderLag(messages: 2, age: .seconds(1)))
        // Its connection has a message that it cannot write, which is older.
        bench.state.withhold(try #require(stream.batches.last?.messages), from: stream)
        #expect(try lag() == ReaderLag(messages: 3, age: .seconds(2)))
        _ = try bench.take()
        #expect(try lag() == ReaderLag(messages: 1, age: .seconds(2)))
        bench.wrote(stream)
        #expect(try lag() == ReaderLag())
    }

    @Test func `a message that comes back unread makes a taker lag again`() throws {
        _ = try bench.stream(mode: .take)
        try bench.send(["1", "2"])
        let batch = try bench.take()
        #expect(try lag() == ReaderLag())
        bench.pass(.seconds(4))
        bench.giveBack(batch)
        #expect(try lag() == ReaderLag(messages: 1, age: .seconds(4)))
    }

    @Test func `a clock that was set back makes no negative age`() throws {
        let stream = try bench.stream(mode: .follow(.now))
        try bench.send(["1", "2"])
        bench.wall.millisecondsSinceEpoch -= 60_000
        #expect(try lag() == ReaderLag(messages: 1))
        bench.leave(stream)
    }

    @Test func `a shard tells the most messages and the highest age of its inboxes`() throws {
        _ = try bench.stream(mode: .follow(.now))
        _ = try bench.stream("b", mode: .follow(.now))
        try bench.send(["1", "2"])
        bench.pass(.seconds(1))
        try bench.send(["1", "2", "3"], to: "b")
        #expect(bench.state.lag(at: bench.wall) == ReaderLag(messages: 2, age: .seconds(1)))
    }
}
