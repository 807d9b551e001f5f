import BrokerTestSupport
import Testing

@testable import Broker

@Suite struct RoomTests {
    private func bench(_ messages: Int, _ whenFull: Limits.WhenFull) -> Bench {
        Bench { limits in
            limits.inboxMessagesMax = messages
            limits.whenFull = whenFull
        }
    }

    private func kept(_ bench: Bench) throws -> [String] {
        try bench.follow(from: .oldest).texts
    }

    @Test func `a full inbox refuses, and loses nothing by it`() throws {
        let bench = bench(3, .refuse)
        try bench.send(["1", "2", "3"])
        let error = #expect(throws: BrokerError.self) { try bench.send("4") }
        #expect(error?.code == .inboxFull)
        #expect(error?.message.contains("holds 3 messages of at most 3") == true)
        #expect(try kept(bench) == ["1", "2", "3"])
        #expect(bench.state.totals.refused == 1)
        #expect(bench.observed == [.refused(recipient: try Recipient("a"), code: .inboxFull)])
    }

    @Test func `what was read goes first, oldest first`() throws {
        let bench = bench(4, .dropOldest)
        try bench.send(["1", "2", "3", "4"])
        try bench.ack(ids: try bench.follow(from: .oldest).messages.filter { ["2", "4"].contains($0.text) }.map(\.id))
        #expect(try bench.send("5").evicted == 0)
        #expect(try kept(bench) == ["1", "3", "4", "5"])
        #expect(try bench.send("6").evicted == 0)
        #expect(try kept(bench) == ["1", "3", "5", "6"])
    }

    @Test func `what was delivered goes next, whatever the policy, and counts as dropped unread`() throws {
        let bench = bench(3, .refuse)
        try bench.send(["1", "2", "3"])
        let cursor = try bench.follow(from: .oldest, limit: 2).cursor
        #expect(throws: BrokerError.self) { try bench.send("4") }
        // The next request of the follower confirms what it has.
        _ = try bench.follow(from: cursor)
        #expect(try bench.send("4").evicted == 1)
        #expect(try bench.send("5").evicted == 1)
        #expect(throws: BrokerError.self) { try bench.send("6") }
        #expect(try kept(bench) == ["3", "4", "5"])
        #expect(bench.state.totals.evicted == 2)
    }

    @Test func `a chat room never fills up while somebody follows it`() throws {
        let bench = bench(3, .refuse)
        let stream = try bench.stream(mode: .follow(.now))
        for number in 1...20 {
            try bench.send("\(number)")
            bench.wrote(stream)
        }
        #expect(stream.texts.flatMap(\.self) == (1...20).map(String.init))
    }

    @Test func `what was read goes before what was delivered, and that before what nobody saw`() throws {
        let bench = bench(3, .dropOldest)
        try bench.send(["1", "2", "3"])
        let second = try bench.follow(from: .oldest, limit: 2)
        _ = try bench.follow(from: second.cursor, limit: 1)
        let third = try #require(try bench.summary().last)
        try bench.ack(ids: [third])
        #expect(try bench.send("4").evicted == 0)
        #expect(try kept(bench) == ["1", "2", "4"])
        #expect(try bench.send("5").evicted == 1)
        #expect(try kept(bench) == ["2", "4", "5"])
        #expect(try bench.send("6").evicted == 1)
        #expect(try bench.send("7").evicted == 1)
        #expect(try bench.send("8").evicted == 1)
        #expect(try kept(bench) == ["6", "7", "8"])
    }

    @Test(arguments: Limits.WhenFull.allCases)
    func `what is leased or on its way stays`(whenFull: Limits.WhenFull) throws {
        let bench = bench(3, whenFull)
        try bench.send(["1", "2", "3"])
        _ = try bench.lease(limit: 1)
        _ = try bench.take(limit: 1)
        let released = try bench.lease(limit: 1)
        try bench.release(ids: released.ids, after: .seconds(9))
        #expect(throws: BrokerError.self) { try bench.send("4") }
        #expect(try kept(bench) == ["1", "2", "3"])
    }

    @Test func `bytes are limited as well as messages`() throws {
        let bench = Bench { limits in
            limits.inboxBytesMax = 10
            limits.whenFull = .dropOldest
        }
        try bench.send(["1234", "5678"])
        #expect(try bench.send("90").evicted == 0)
        #expect(try bench.send("abcdef").evicted == 2)
        #expect(try kept(bench) == ["90", "abcdef"])
        #expect(try bench.summary().bytes == 8)
        let error = #expect(throws: BrokerError.self) { try bench.send("12345678901") }
        // It would never fit, so there is nothing to wait for.
        #expect(error?.code == .tooLarge)
        #expect(error?.message == "the message has 11 bytes with sender and type, an inbox holds 10")
        #expect(error?.remedy == "send less at once, or raise --inbox-bytes-max")
        #expect(try kept(bench) == ["90", "abcdef"])
    }

    @Test func `sender and type count against the inbox, not against the message`() throws {
        let bench = Bench { limits in
            limits.inboxBytesMax = 10
            limits.messageBytesMax = 4
        }
        #expect(try bench.send("1234", sender: "abc", type: "xyz").unread == 1)
        #expect(try bench.summary().bytes == 10)
        let error = #expect(throws: BrokerError.self) { try bench.send("12345", to: "b") }
        #expect(error?.code == .tooLarge)
        #expect(error?.message == "the content has 5 bytes, the limit is 4")
    }

    // MARK: Telling of drops

    @Test func `drops are told once to the next taker`() throws {
        let bench = bench(2, .dropOldest)
        try bench.send(["1", "2", "3", "4"])
        let batch = try bench.take()
        #expect(batch.lost == 2)
        #expect(batch.texts == ["3", "4"])
        bench.confirm(batch)
        try bench.send("5")
        #expect(try bench.take().lost == 0)
        #expect(bench.state.totals.gaps == 1)
        #expect(bench.state.totals.lost == 2)
    }

    @Test func `drops are told once to the next follower that has no position`() throws {
        let bench = bench(2, .dropOldest)
        try bench.send(["1", "2", "3"])
        #expect(try bench.follow(from: .oldest).lost == 1)
        #expect(try bench.follow(from: .oldest).lost == 0)
        try bench.send("4")
        #expect(try bench.poll(mode: .followUnread).batch?.lost == 1)
        #expect(try bench.poll(mode: .followUnread).batch?.lost == 0)
        try bench.send("5")
        #expect(try bench.poll(mode: .follow(.now)).batch == nil)
        #expect(try bench.follow(from: .oldest).lost == 1)
    }

    @Test func `a follower whose gap reaches back over all drops has told of them`() throws {
        let bench = bench(2, .dropOldest)
        let start = try #require(try bench.poll(mode: .follow(.now)).cursor)
        try bench.send(["1", "2", "3"])
        #expect(try bench.follow(from: start).lost == 1)
        #expect(try bench.follow(from: .oldest).lost == 0)
    }

    @Test func `a follower whose gap is another leaves drops to be told`() throws {
        let bench = bench(2, .dropOldest)
        try bench.send(["1", "2", "3"])
        try bench.send("4", timeToLive: .seconds(1))
        let cursor = Cursor.after(try #require(try bench.summary().last)).moved(by: -1)
        bench.pass(.seconds(1))
        #expect(try bench.follow(from: cursor).lost == 1)
        // Two that were dropped, and the one that has expired behind the last.
        #expect(try bench.follow(from: .oldest).lost == 3)
        #expect(try bench.follow(from: .oldest).lost == 1)
    }

    @Test func `drops of what was delivered are told to takers only`() throws {
        let bench = bench(2, .refuse)
        let stream = try bench.stream(mode: .follow(.now))
        for text in ["1", "2", "3"] {
            try bench.send(text)
            bench.wrote(stream)
        }
        #expect(try bench.follow(from: .oldest).lost == 0)
        #expect(try bench.take().lost == 1)
    }

    @Test func `drops that an answer told of in vain are told again`() throws {
        let bench = bench(2, .dropOldest)
        try bench.send(["1", "2", "3"])
        bench.giveBack(try bench.take())
        bench.giveBack(try bench.follow(from: .oldest))
        #expect(try bench.follow(from: .oldest).lost == 1)
        #expect(try bench.take().lost == 1)
    }

    @Test func `drops of an earlier life are not told again`() throws {
        let bench = bench(2, .dropOldest)
        try bench.send(["1", "2", "3"])
        let taken = try bench.take()
        let followed = try bench.follow(from: .oldest)
        try bench.delete()
        bench.giveBack(taken)
        bench.giveBack(followed)
        try bench.send("4")
        bench.giveBack(taken)
        #expect(try bench.follow(from: .oldest).lost == 0)
        #expect(try bench.take().lost == 0)
    }

    @Test(arguments: [false, true])
    func `drops are told after the inbox has been empty and forgotten`(isGivenBack: Bool) throws {
        let bench = bench(2, .dropOldest)
        try bench.send("1", timeToLive: .seconds(1))
        try bench.send("2", timeToLive: .seconds(1))
        try bench.send("3", timeToLive: .seconds(1))
        let told = isGivenBack ? try bench.follow(from: .oldest) : nil
        let taken = isGivenBack ? try bench.take() : nil
        if let taken { try bench.ack(ids: taken.ids) }
        bench.pass(.seconds(1))
        #expect(bench.state.inboxes.isEmpty)
        if let told, let taken {
            bench.giveBack(told)
            bench.giveBack(taken)
        }
        #expect(try bench.take().lost == 1)
        #expect(try bench.follow(from: .oldest).lost == 1)
        #expect(try bench.take().lost == 0)
    }
}
