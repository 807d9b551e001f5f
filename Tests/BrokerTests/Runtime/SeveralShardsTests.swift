import BrokerTestSupport
import Testing

@testable import Broker

/// Reads whose recipients are in two shards, in chosen interleavings.
@Suite struct SeveralShardsTests {
    let stage = Stage(shards: 2)
    let a: Recipient
    let b: Recipient

    init() throws {
        let names = try stage.namesByShard()
        (a, b) = (names[0], names[1])
    }

    private func polling(
        _ mode: ReadMode = .take,
        limit: Int = 100,
        within timeout: Duration? = .seconds(40)
    ) -> Stage.Call<ReadOutcome> {
        let request = ReadRequest(recipients: [a, b], mode: mode, limit: limit)
        return stage.call { try await $0.poll(request, within: timeout) }
    }

    private func unread() throws -> [Int] { try [stage.unread(a.name), stage.unread(b.name)] }

    @Test func `what is there in both is given at once, in the order of sending`() throws {
        for (text, name) in [("1", b), ("2", a), ("3", b)] {
            try stage.send(text, to: name.name)
            stage.pass(.milliseconds(5))
        }
        let poll = polling()
        stage.run()
        #expect(poll.batch?.texts == ["1", "2", "3"])
        #expect(poll.batch?.isTaken == true)
        #expect(poll.batch?.cursor.positions.map(\.sequence) == [1, 2])
        try stage.checkInvariants()
    }

    @Test(arguments: [0, 1])
    func `a poll that waits at both wakes for either, and leaves the other`(index: Int) throws {
        let poll = polling()
        stage.run()
        #expect(try stage.waiting(a.name) == 1)
        #expect(try stage.waiting(b.name) == 1)
        try stage.send("1", to: [a, b][index].name)
        #expect(poll.batch?.texts == ["1"])
        #expect(try stage.waiting(a.name) == 0)
        #expect(try stage.waiting(b.name) == 0)
        try stage.checkInvariants()
    }

    @Test func `the first outcome wins, and what the other shard gave goes back at once`() throws {
        let poll = polling()
        stage.run()
        let senders = [a, b].map { name in stage.call { try await $0.send(name.name, to: name) } }
        for sender in senders { sender.step() }
        // Both shards hand their message out before the poll goes on.
        stage.hosts[1].manual.runNext()
        stage.hosts[0].manual.runNext()
        #expect(!poll.isOver)
        stage.run()
        #expect(poll.batch?.texts == [b.name])
        #expect(try unread() == [1, 0])
        try stage.checkInvariants()
    }

    @Test func `a message that comes between looking and waiting is not missed`() throws {
        for index in 0..<2 {
            let poll = polling()
            stage.visit(poll, times: 2)
            let name = [a, b][index]
            let sender = stage.call { try await $0.send("1", to: name) }
            sender.step()
            stage.hosts[index].manual.runAll()
            #expect(!poll.isOver)
            stage.run()
            #expect(poll.batch?.texts == ["1"])
            try stage.checkInvariants()
        }
    }

    @Test func `a cancelled poll leaves both, and takes nothing`() throws {
        let poll = polling()
        stage.run()
        poll.cancel()
        stage.run()
        guard case .success(.ended(.left, _)) = poll.result else {
            Issue.record("\(String(describing: poll.result))")
            return
        }
        #expect(try stage.send("1", to: a.name).online == 0)
        #expect(try stage.send("1", to: b.name).online == 0)
        #expect(try unread() == [1, 1])
    }

    @Test func `a poll that is cancelled while it takes its places leaves those that it has`() throws {
        let poll = polling()
        stage.visit(poll, times: 3)
        #expect(stage.waitingNow(a) + stage.waitingNow(b) == 1)
        poll.cancel()
        stage.run()
        #expect(poll.isOver)
        #expect(try stage.waiting(a.name) == 0)
        #expect(try stage.waiting(b.name) == 0)
        try stage.checkInvariants()
    }

    @Test func `a timeout ends the poll at both, and is counted once`() throws {
        let poll = polling(within: .seconds(2))
        stage.run()
        stage.pass(.seconds(2))
        stage.run()
        guard case .success(.ended(.timedOut, let cursor)) = poll.result else {
            Issue.record("\(String(describing: poll.result))")
            return
        }
        #expect(cursor.positions.map(\.sequence) == [0, 0])
        #expect(try stage.now { await $0.statistics() }.timeouts == 1)
        let hasty = polling(within: .zero)
        stage.run()
        #expect(hasty.isOver)
        #expect(try stage.now { await $0.statistics() }.timeouts == 2)
        try stage.checkInvariants()
    }

    @Test func `a follower goes on from a cursor with a part for each`() throws {
        try stage.send("1", to: a.name)
        let first = polling(.follow(.oldest))
        stage.run()
        let cursor = try #require(first.batch?.cursor)
        try stage.send("2", to: b.name)
        let second = polling(.follow(cursor))
        stage.run()
        #expect(second.batch?.texts == ["2"])
        let third = polling(.follow(try #require(second.batch?.cursor)))
        stage.run()
        try stage.send("3", to: a.name)
        #expect(third.batch?.texts == ["3"])
        #expect(third.batch?.cursor.positions.map(\.sequence) == [2, 1])
    }

    @Test func `a follower of what is unread misses nothing that is taken while it comes`() throws {
        let poll = polling(.followUnread)
        stage.visit(poll, times: 2)
        let name = a
        let sender = stage.call { try await $0.send("1", to: name) }
        let taker = try stage.taking(a.name)
        runAll([stage.hosts[0].manual, sender.executor, taker.executor])
        #expect(taker.value?.texts == ["1"])
        stage.run()
        #expect(poll.batch?.texts == ["1"])
    }

    @Test(arguments: [ReadMode.take, .follow(.oldest)])
    func `unread counts all inboxes, also those that gave nothing`(mode: ReadMode) throws {
        try stage.send("1", to: a.name)
        try stage.send("2", to: b.name)
        try stage.send("3", to: b.name)
        let poll = polling(mode, limit: 1)
        stage.run()
        #expect(poll.batch?.unread == (mode == .take ? 2 : 3))
        let follower = polling(.follow(.now))
        stage.run()
        try stage.send("4", to: a.name)
        #expect(follower.batch?.texts == ["4"])
        #expect(follower.batch?.unread == (mode == .take ? 3 : 4))
    }

    @Test(arguments: [ReadMode.take, .follow(.oldest)])
    func `a limit below the number of shards starves none`(mode: ReadMode) throws {
        for number in 0..<40 {
            try stage.send("\(number)", to: a.name)
            try stage.send("\(number)", to: b.name)
        }
        var counts: [Recipient: Int] = [:]
        for _ in 0..<40 {
            stage.time.advance(by: .microseconds(1001))
            let poll = polling(mode, limit: 1)
            stage.run()
            let batch = try #require(poll.batch)
            #expect(batch.messages.count == 1)
            for message in batch.messages { counts[message.recipient, default: 0] += 1 }
        }
        #expect(counts[a] ?? 0 > 5)
        #expect(counts[b] ?? 0 > 5)
    }

    @Test func `an answer's bytes are those of both shards together`() throws {
        let stage = Stage(shards: 2) { $0.answerBytesMax = 10 }
        let names = try stage.namesByShard()
        for name in names { for _ in 0..<4 { try stage.send("12345", to: name.name) } }
        let request = ReadRequest(recipients: names, mode: .take)
        let poll = stage.call { try await $0.poll(request, within: .zero) }
        stage.run()
        #expect(poll.batch?.messages.count == 2)
    }

    @Test func `a wrong cursor is refused, and what was taken elsewhere goes back`() throws {
        try stage.send("1", to: a.name)
        try stage.send("2", to: b.name)
        let positions = try [a, b].map { name in
            try #require(try stage.now { await $0.summary(of: name).last })
        }
        let ahead = Cursor([positions[0], MessageID(epoch: positions[1].epoch, sequence: 9)])
        for cursor in [ahead, .after(positions[0]), .afterEach(positions + positions)] {
            let poll = polling(.follow(cursor))
            stage.run()
            #expect(throws: BrokerError.self) { try poll.result?.get() }
        }
        #expect(try stage.waiting(a.name) == 0)
        #expect(try stage.now { await $0.statistics() }.delivered == 0)
    }

    @Test(arguments: [0, 1])
    func `a read that is refused at one shard takes nothing from the other`(microseconds: Int) throws {
        let stage = Stage(shards: 2) { $0.memoryBytesMax = Cost.inbox + Cost.message + 100 }
        let names = try stage.namesByShard()
        try stage.send("1", to: names[0].name)
        // Which shard is asked first depends on the clock.
        stage.time.advance(by: .microseconds(microseconds))
        let request = ReadRequest(recipients: names, mode: .take)
        let poll = stage.call { try await $0.poll(request, within: nil) }
        stage.run()
        let error = #expect(throws: BrokerError.self) { try poll.result?.get() }
        #expect(error?.code == .brokerFull)
        #expect(try stage.unread(names[0].name) == 1)
        #expect(try stage.now { await $0.statistics() }.delivered == 0)
    }

    @Test func `a batch concerns the shards of its messages and of the drops that it tells of`() throws {
        let stage = Stage(shards: 2) { limits in
            limits.inboxMessagesMax = 1
            limits.whenFull = .dropOldest
        }
        let names = try stage.namesByShard()
        try stage.send("1", to: names[1].name)
        try stage.send("2", to: names[1].name)
        let request = ReadRequest(recipients: [names[1]], mode: .take)
        let batch = try #require(stage.call { try await $0.poll(request, within: .zero) }.ran(stage).batch)
        #expect(Set(batch.shards(of: stage.broker)) == [1])
        var onlyDrops = batch
        onlyDrops.messages = []
        #expect(Set(onlyDrops.shards(of: stage.broker)) == [1])
        #expect(Set(Batch(cursor: .now).shards(of: stage.broker)) == [])
    }

    @Test(arguments: [ReadMode.take, .follow(.now)])
    func `draining ends a poll that waits at both`(mode: ReadMode) throws {
        let poll = polling(mode)
        stage.run()
        try stage.now { await $0.drain() }
        stage.run()
        guard case .success(.ended(.draining, _)) = poll.result else {
            Issue.record("\(String(describing: poll.result))")
            return
        }
        try stage.checkInvariants()
    }

    @Test func `removing one inbox ends a poll that waits at both`() throws {
        let poll = polling()
        stage.run()
        let name = b
        try stage.now { await $0.delete(name) }
        stage.run()
        guard case .success(.ended(.deleted, _)) = poll.result else {
            Issue.record("\(String(describing: poll.result))")
            return
        }
        #expect(try stage.waiting(a.name) == 0)
    }

    @Test func `everything that names no recipient adds up the shards`() throws {
        for name in [b, a] { try stage.send("1", to: name.name) }
        let sum = try stage.now { await $0.statistics() }
        #expect(sum.inboxes == 2)
        #expect(sum.sent == 2)
        #expect(sum.memoryBytes == stage.broker.memoryBytes)
        let all = try stage.now { await $0.summaries() }
        #expect(all.map(\.recipient) == [a, b].sorted())
        #expect(try stage.now { await $0.summaries(limit: 1) }.map(\.recipient) == [min(a, b)])
    }
}

extension Stage.Call<ReadOutcome> {
    /// The call after everybody has got on as far as possible.
    fileprivate func ran(_ stage: Stage) -> Self {
        stage.run()
        return self
    }

    var batch: Batch? {
        guard case .batch(let batch) = value else { return nil }
        return batch
    }
}
