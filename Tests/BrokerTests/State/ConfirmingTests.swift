import BrokerTestSupport
import Testing

@testable import Broker

/// What a cursor that comes back makes delivered, so that it may be dropped.
@Suite struct ConfirmingTests {
    /// An inbox of 3 messages, full.
    private func fullBench() throws -> Bench {
        let bench = Bench { $0.inboxMessagesMax = 3 }
        try bench.send(["1", "2", "3"])
        return bench
    }

    /// The sequence numbers that count as delivered.
    private func delivered(_ bench: Bench, _ name: String = "a") throws -> [UInt64] {
        bench.state.inboxes[try Recipient(name)]?.log.delivered ?? []
    }

    /// The cursor of a follower that begins now.
    private func now(_ bench: Bench) throws -> Cursor {
        try #require(try bench.poll(mode: .follow(.now)).cursor)
    }

    @Test func `a cursor that comes back confirms its answer, and nothing before`() throws {
        let bench = Bench()
        try bench.send(["1", "2", "3"])
        let start = try bench.follow(from: .oldest, limit: 1).cursor
        let second = try bench.follow(from: start, limit: 1)
        #expect(try delivered(bench) == [1])
        _ = try bench.follow(from: second.cursor)
        #expect(try delivered(bench) == [1, 2])
    }

    @Test func `an answer that nobody came back from is not confirmed by somebody else's`() throws {
        let bench = try fullBench()
        let thrownAway = try bench.follow(from: .oldest)
        #expect(throws: BrokerError.self) { try bench.send("4") }
        let newcomer = try now(bench)
        #expect(newcomer == thrownAway.cursor)
        _ = try bench.follow(from: newcomer)
        #expect(try delivered(bench) == [])
        #expect(throws: BrokerError.self) { try bench.send("4") }
        let again = try bench.follow(from: .oldest)
        #expect(again.texts == ["1", "2", "3"])
        #expect(again.lost == 0)
    }

    @Test func `of several answers that ended at the same message the shortest counts`() throws {
        let bench = Bench()
        try bench.send(["1", "2", "3", "4"])
        let first = try bench.follow(from: .oldest, limit: 2).cursor
        let long = try bench.follow(from: .oldest).cursor
        let short = try bench.follow(from: first).cursor
        #expect(long == short)
        #expect(try delivered(bench) == [1, 2])
        let inbox = try #require(try bench.state.inboxes[Recipient("a")])
        #expect(inbox.log.indices.map { inbox.log[$0].reach } == [LogEntry.unanswered, 0, LogEntry.unanswered, 2])
        _ = try bench.follow(from: long)
        #expect(try delivered(bench) == [1, 2, 3, 4])
    }

    @Test func `a newcomer leaves what it has not seen to those who were given it`() throws {
        let bench = Bench()
        try bench.send(["1", "2"])
        let follower = try bench.follow(from: .oldest).cursor
        let newcomer = try now(bench)
        _ = try bench.follow(from: follower)
        #expect(try delivered(bench) == [])
        try bench.send("3")
        let next = try bench.follow(from: newcomer)
        #expect(next.texts == ["3"])
        _ = try bench.follow(from: next.cursor)
        #expect(try delivered(bench) == [3])
    }

    @Test func `a message's own id is no cursor of an answer, and confirms nothing`() throws {
        let bench = Bench()
        try bench.send(["1", "2", "3"])
        let batch = try bench.follow(from: .oldest)
        _ = try bench.follow(from: .after(batch.messages[1].id))
        #expect(try delivered(bench) == [])
    }

    @Test func `a cursor that a follower waited with in vain says nothing new`() throws {
        let bench = Bench()
        try bench.send(["1", "2"])
        let cursor = try bench.follow(from: .oldest, limit: 1).cursor
        let ahead = try bench.follow(from: cursor).cursor
        // Another was given the same, and waits with it; its timeout gives the same cursor out again.
        let waiting = try bench.wait(mode: .follow(ahead), within: .seconds(1))
        bench.pass(.seconds(1))
        #expect(waiting.ends.map(\.cursor) == [ahead])
        #expect(try delivered(bench) == [1, 2])
    }

    @Test func `a taker's cursor confirms nothing`() throws {
        let bench = Bench()
        try bench.send(["1", "2"])
        let leased = try bench.lease(limit: 1)
        let followed = try bench.follow(from: .oldest)
        let taken = try bench.take()
        #expect(taken.cursor == followed.cursor)
        _ = try bench.follow(from: taken.cursor)
        #expect(try delivered(bench) == [])
        bench.giveBack(taken)
        bench.giveBack(leased)
        #expect(try bench.take().texts == ["1", "2"])
    }

    @Test func `each message of a stream is a place to come back from, with what the stream had written before`() throws
    {
        let bench = Bench()
        try bench.send(["1", "2", "3", "4"])
        let cursor = try bench.follow(from: .oldest, limit: 2).cursor
        let thrownAway = try bench.follow(from: .oldest, limit: 3).cursor
        let stream = try bench.stream(mode: .follow(cursor))
        #expect(stream.texts == [["3", "4"]])
        #expect(try delivered(bench) == [1, 2])
        // The stream is lost before anybody knows of a write, and its client comes back from a message in the middle.
        bench.leave(stream)
        _ = try bench.follow(from: thrownAway)
        #expect(try delivered(bench) == [1, 2, 3])
    }

    @Test func `a stream that begins now has not seen what was there`() throws {
        let bench = try fullBench()
        let thrownAway = try bench.follow(from: .oldest)
        let stream = try bench.stream(mode: .follow(.now))
        bench.leave(stream)
        // Whoever began with it comes back where it began.
        _ = try bench.stream(mode: .follow(thrownAway.cursor))
        #expect(try delivered(bench) == [])
    }

    @Test func `an answer of several inboxes confirms in each of them what it carried`() throws {
        let bench = Bench()
        try bench.send(["1", "2"])
        try bench.send(["3", "4"], to: "b")
        let start = try bench.follow("b", from: .oldest, limit: 1)
        let both = Cursor.afterEach(try now(bench).positions + start.cursor.positions)
        let batch = try #require(try bench.poll("a", "b", mode: .follow(both)).batch)
        #expect(batch.texts == ["4"])
        _ = try bench.poll("a", "b", mode: .follow(batch.cursor))
        #expect(try delivered(bench) == [])
        #expect(try delivered(bench, "b") == [3, 4].map { $0 - 2 })
    }

    @Test(arguments: [1, 2, 40])
    func `an answer whose last messages have gone is confirmed all the same`(gone: Int) throws {
        let bench = Bench()
        try bench.send(["1", "2"])
        for _ in 0..<gone { try bench.send("fleeting", timeToLive: .seconds(1)) }
        let early = try bench.follow(from: .oldest)
        #expect(early.messages.count == 2 + gone)
        bench.pass(.seconds(1))
        let late = try bench.follow(from: .oldest)
        #expect(late.lost == gone)
        #expect(early.cursor == late.cursor)
        _ = try bench.follow(from: late.cursor)
        #expect(try delivered(bench) == [1, 2])
    }

    @Test func `an end that has gone is not told from the message before it`() throws {
        let bench = Bench()
        try bench.send("1")
        let long = try bench.follow(from: .oldest)
        for _ in 0..<40 { try bench.send("fleeting", timeToLive: .seconds(1)) }
        let newcomer = try now(bench)
        bench.pass(.seconds(1))
        // The log is as short as what is kept: both cursors lead to the same message.
        _ = try bench.follow(from: newcomer)
        _ = try bench.follow(from: long.cursor)
        #expect(try delivered(bench) == [])
    }

    // MARK: A room that is followed

    /// How many messages a follower lets come before it asks again.
    @Test(arguments: [[1], [5], [1, 3], [2, 5], [5, 5], [5, 7, 3], [7, 6, 4]], [true, false])
    func `a room never fills up while pollers follow it, whatever their paces`(paces: [Int], fromNow: Bool) throws {
        let bench = Bench { $0.inboxMessagesMax = 16 }
        var cursors = try paces.map { _ in try fromNow ? now(bench) : Cursor.oldest }
        var heard = paces.map { _ in 0 }
        for number in 1...200 {
            #expect(try bench.send("\(number)").online == 0)
            for (index, pace) in paces.enumerated() where number % pace == 0 {
                let batch = try bench.follow(from: cursors[index])
                cursors[index] = batch.cursor
                heard[index] += batch.messages.count
                #expect(batch.lost == 0)
            }
        }
        #expect(heard == paces.map { 200 - 200 % $0 })
    }

    @Test func `a room never fills up while a poller waits and others come and go`() throws {
        let bench = Bench { $0.inboxMessagesMax = 8 }
        var poller = try bench.wait(mode: .follow(.now))
        var heard: [String] = []
        for number in 1...100 {
            if number % 3 == 0 { _ = try now(bench) }
            let guest = number % 5 == 0 ? try bench.stream(mode: .follow(.now)) : nil
            try bench.send("\(number)", timeToLive: number % 4 == 0 ? .seconds(1) : nil)
            if let guest { bench.leave(guest) }
            let batch = try #require(poller.batches.first)
            heard += batch.texts
            bench.pass(.milliseconds(600))
            poller = try bench.wait(mode: .follow(batch.cursor))
        }
        #expect(heard == (1...100).map(String.init))
    }

    @Test func `a room never fills up while a stream follows it, beside pollers that throw their answers away`() throws
    {
        let bench = Bench { $0.inboxMessagesMax = 4 }
        let stream = try bench.stream(mode: .follow(.now))
        for number in 1...50 {
            try bench.send("\(number)")
            _ = try bench.follow(from: .oldest)
            _ = try now(bench)
            bench.wrote(stream)
        }
        #expect(stream.texts.flatMap(\.self) == (1...50).map(String.init))
    }
}
