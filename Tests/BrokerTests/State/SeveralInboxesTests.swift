import BrokerTestSupport
import Testing

@testable import Broker

@Suite struct SeveralInboxesTests {
    let bench = Bench()

    @Test func `several inboxes share an answer, so that a full one starves no other`() throws {
        for number in 0..<50 { try bench.send("a\(number)") }
        try bench.send(["b0", "b1"], to: "b")
        try bench.send("c0", to: "c")
        let batch = try #require(try bench.poll("a", "b", "c", limit: 9).batch)
        #expect(batch.messages.count == 9)
        #expect(batch.messages.filter { $0.recipient.name == "b" }.count == 2)
        #expect(batch.messages.filter { $0.recipient.name == "c" }.count == 1)
        #expect(batch.unread == 44)
    }

    @Test(arguments: [ReadMode.take, .follow(.oldest)])
    func `a limit below the number of inboxes starves none`(mode: ReadMode) throws {
        for name in ["a", "b", "c"] {
            for number in 0..<100 { try bench.send("\(name)\(number)", to: name) }
        }
        var counts: [String: Int] = [:]
        for _ in 0..<90 {
            let batch = try #require(try bench.poll("a", "b", "c", mode: mode, limit: 1).batch)
            counts[batch.messages[0].recipient.name, default: 0] += 1
        }
        for name in ["a", "b", "c"] { #expect(counts[name] ?? 0 > 10, "\(counts)") }
    }

    @Test func `messages of several inboxes come in the order of their sending`() throws {
        for (text, name) in [("1", "b"), ("2", "a"), ("3", "c"), ("4", "a"), ("5", "b")] {
            try bench.send(text, to: name)
            bench.pass(.milliseconds(10))
        }
        #expect(try bench.poll("a", "b", "c").batch?.texts == ["1", "2", "3", "4", "5"])
    }

    @Test func `a wall clock that is set back does not disturb the order within an inbox`() throws {
        for (text, name, back) in [("a1", "a", 0), ("b1", "b", 0), ("a2", "a", 60_000), ("b2", "b", 0), ("a3", "a", 0)]
        {
            bench.wall.millisecondsSinceEpoch += 1000 - Int64(back)
            try bench.send(text, to: name)
        }
        let texts = try #require(try bench.poll("b", "a").batch?.texts)
        #expect(texts.filter { $0.hasPrefix("a") } == ["a1", "a2", "a3"])
        #expect(texts.filter { $0.hasPrefix("b") } == ["b1", "b2"])
    }

    @Test func `an answer's bytes are those of all inboxes together`() throws {
        for name in ["a", "b", "c"] { try bench.send([String(repeating: name, count: 10), "x"], to: name) }
        let batch = try #require(try bench.poll("a", "b", "c", bytesMax: 22).batch)
        #expect(batch.messages.reduce(0) { $0 + $1.payload.byteCount } <= 22)
    }

    @Test func `a cursor has a part for each inbox, in the order of the request`() throws {
        try bench.send(["1", "2"], to: "b")
        try bench.send("3", to: "c")
        let batch = try #require(try bench.poll("c", "a", "b", mode: .follow(.oldest)).batch)
        #expect(batch.cursor.positions.map(\.sequence) == [1, 0, 2])
        try bench.send("4", to: "a")
        try bench.send("5", to: "b")
        let next = try #require(try bench.poll("c", "a", "b", mode: .follow(batch.cursor)).batch)
        #expect(Set(next.texts) == ["4", "5"])
        #expect(next.cursor.positions.map(\.sequence) == [1, 1, 3])
    }

    @Test func `a taker's cursor does not pretend that an inbox it got nothing from was never read`() throws {
        try bench.send(["1", "2", "3"], to: "b")
        bench.confirm(try bench.take("b"))
        bench.pass(.seconds(61))
        try bench.send("4", to: "a")
        let batch = try #require(try bench.poll("a", "b").batch)
        #expect(batch.cursor.positions.map(\.sequence) == [1, 3])
        #expect(try bench.poll("a", "b", mode: .follow(batch.cursor)).batch == nil)
    }

    @Test func `a gap and a reset of one inbox are told with the messages of the others`() throws {
        try bench.send("gone", to: "a", timeToLive: .seconds(1))
        let cursor = try #require(try bench.poll("a", "b", mode: .follow(.now)).cursor)
        try bench.send("gone too", to: "a", timeToLive: .seconds(1))
        try bench.send("old life", to: "b")
        try bench.delete("b")
        try bench.send("kept", to: "b")
        bench.pass(.seconds(1))
        let batch = try #require(try bench.poll("a", "b", mode: .follow(cursor)).batch)
        #expect(batch.texts == ["kept"])
        #expect(batch.lost == 1)
        #expect(batch.isReset)
    }

    @Test(arguments: ["a", "b"])
    func `a reader of several inboxes wakes for any of them, once`(name: String) throws {
        let taker = try bench.wait("a", "b")
        let follower = try bench.wait("b", "a", mode: .follow(.now))
        try bench.send("1", to: name)
        #expect(taker.texts == [["1"]])
        #expect(follower.texts == [["1"]])
        try bench.send(["2", "3"], to: "a")
        try bench.send("4", to: "b")
        #expect(taker.texts.count == 1)
        #expect(follower.texts.count == 1)
        #expect(try bench.summary("a").waiting == 0)
        #expect(try bench.summary("b").waiting == 0)
    }

    @Test func `the longest waiting is served first at each of its inboxes`() throws {
        let both = try bench.wait("a", "b")
        let other = try bench.wait("b")
        try bench.send("1", to: "b")
        try bench.send("2", to: "b")
        #expect(both.texts == [["1"]])
        #expect(other.texts == [["2"]])
    }

    @Test func `a stream of several inboxes is told of a gap alone, at its place`() throws {
        try bench.send("a1", to: "a")
        try bench.send("b1", to: "b", timeToLive: .seconds(1))
        try bench.send("b2", to: "b")
        let cursor = Cursor(
            try ["a", "b"].map { name in
                MessageID(epoch: try #require(bench.state.inboxes[Recipient(name)]?.epoch), sequence: 0)
            }
        )
        bench.pass(.seconds(1))
        let stream = try bench.stream("a", "b", mode: .follow(cursor))
        for _ in 0..<5 { bench.wrote(stream) }
        for batch in stream.batches { #expect(batch.lost == 0 || batch.messages.isEmpty) }
        #expect(stream.batches.reduce(0) { $0 + $1.lost } == 1)
        #expect(Set(stream.texts.flatMap(\.self)) == ["a1", "b2"])
    }

    @Test func `a reader of several inboxes that one is deleted of ends at all of them`() throws {
        let reader = try bench.wait("a", "b", mode: .follow(.now))
        try bench.delete("b")
        #expect(reader.reason == .deleted)
        #expect(bench.state.inboxes.isEmpty)
    }
}
