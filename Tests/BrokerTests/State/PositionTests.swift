import BrokerTestSupport
import Testing

@testable import Broker

@Suite struct PositionTests {
    let bench = Bench()

    /// An inbox whose messages were all read and have gone, and the cursor of somebody who has seen them.
    private func quietInbox() throws -> Cursor {
        try bench.send(["1", "2"])
        let cursor = try bench.follow(from: .oldest).cursor
        try bench.ack(upTo: cursor.positions[0])
        bench.pass(.seconds(60))
        #expect(bench.state.inboxes.isEmpty)
        return cursor
    }

    @Test func `a reader of a quiet inbox is told of no gap and no reset`() throws {
        let cursor = try quietInbox()
        #expect(try bench.poll(mode: .follow(cursor)).batch == nil)
        try bench.send("3")
        let batch = try bench.follow(from: cursor)
        #expect(batch.texts == ["3"])
        #expect(batch.lost == 0)
        #expect(!batch.isReset)
        #expect(batch.ids[0].sequence == 3)
    }

    @Test func `a cursor of an inbox that never had a message stays good`() throws {
        let cursor = try #require(try bench.poll(mode: .follow(.now)).cursor)
        #expect(bench.state.inboxes.isEmpty)
        try bench.send("1")
        #expect(try bench.follow(from: cursor).texts == ["1"])
    }

    @Test func `a position costs no more than is counted for it`() throws {
        _ = try quietInbox()
        #expect(bench.budget.bytes == Cost.position)
        // Key and value in a table that is as empty as it gets after it has grown, and one bit of its map.
        #expect(Double(8 + MemoryLayout<Position>.stride) / 0.375 < Double(Cost.position))
    }

    @Test func `a position is kept for a day at least and two at most`() throws {
        bench.pass(.seconds(3600))
        let cursor = try quietInbox()
        bench.pass(.seconds(86_399))
        #expect(try bench.summary().last != nil)
        #expect(bench.state.positions.count == 1)
        bench.pass(.seconds(86_400))
        #expect(bench.state.positions.count == 0)
        #expect(bench.budget.bytes == 0)
        #expect(try bench.follow(from: cursor).isReset)
    }

    @Test func `a position goes by itself, without anybody asking`() throws {
        _ = try quietInbox()
        let day: Duration = .seconds(86_400)
        for _ in 0..<2 {
            let next = try #require(bench.nextDeadline)
            #expect(next <= bench.now + day)
            bench.pass(next.duration(since: bench.now))
        }
        #expect(bench.budget.bytes == 0)
        #expect(bench.nextDeadline == nil)
    }

    @Test func `an inbox that is used again keeps its epoch`() throws {
        let cursor = try quietInbox()
        for _ in 0..<5 {
            bench.pass(.seconds(80_000))
            _ = try bench.poll()
        }
        #expect(try bench.poll(mode: .follow(cursor)).batch == nil)
    }

    @Test func `a position is not forgotten early because none was forgotten for long`() throws {
        bench.now = bench.now + .seconds(1_000_000)
        _ = try bench.poll(mode: .follow(.now))
        bench.pass(.seconds(86_399))
        #expect(bench.state.positions.count == 1)
    }

    @Test func `an inbox that was removed has another epoch in its next life`() throws {
        let cursor = try quietInbox()
        try bench.delete()
        #expect(bench.budget.bytes == 0)
        #expect(try bench.follow(from: cursor).isReset)
    }

    @Test func `a table drops its older half to make room`() {
        var table = PositionTable(period: .seconds(100), now: bench.now)
        let names = ["a", "b", "c"].compactMap { try? Recipient($0) }
        for (index, name) in names.enumerated() {
            let position = Position(epoch: Epoch(bits: 7), last: UInt64(index))
            #expect(table.remember(position, of: name) == 1)
            #expect(table.remember(position, of: name) == 0)
            if index == 0 { #expect(table.forget(bench.now + .seconds(100)) == 0) }
        }
        #expect(table.count == 3)
        // One that is remembered anew moves to the younger half, and back again as time passes.
        #expect(table.remember(Position(epoch: Epoch(bits: 7), last: 9), of: names[0]) == 0)
        #expect(table.peek(names[0])?.last == 9)
        #expect(table.forget(bench.now + .seconds(200)) == 0)
        for name in names.dropFirst() {
            #expect(table.remember(Position(epoch: Epoch(bits: 7), last: 1), of: name) == 0)
        }
        #expect(table.count == 3)
        #expect(table.makeRoom() == 1)
        #expect(table.peek(names[0]) == nil)
        #expect(table.recall(names[1])?.last == 1)
        #expect(table.makeRoom() == 1)
        #expect(table.makeRoom() == 0)
        #expect(table.count == 0)
        #expect(table.nextForget == nil)
    }
}
