import BrokerTestSupport
import Testing

@testable import Broker

@Suite struct FollowingTests {
    let bench = Bench()

    /// A cursor of inbox `a` at a position.
    private func cursor(_ sequence: UInt64) throws -> Cursor {
        let epoch = try #require(bench.state.inboxes[Recipient("a")]?.epoch)
        return .after(MessageID(epoch: epoch, sequence: sequence))
    }

    @Test func `following changes nothing for takers`() throws {
        try bench.send(["1", "2"])
        let batch = try bench.follow(from: .oldest)
        #expect(batch.texts == ["1", "2"])
        #expect(!batch.isTaken)
        #expect(batch.unread == 2)
        bench.giveBack(batch)
        bench.confirm(batch)
        #expect(try bench.take().texts == ["1", "2"])
    }

    @Test func `a follower sees what is unread, on its way, leased and read`() throws {
        try bench.send(["1", "2", "3", "4"])
        bench.confirm(try bench.take(limit: 1))
        _ = try bench.take(limit: 1)
        _ = try bench.lease(limit: 1)
        #expect(try bench.follow(from: .oldest).texts == ["1", "2", "3", "4"])
    }

    @Test func `each answer's cursor goes on from there`() throws {
        try bench.send(["1", "2", "3"])
        let first = try bench.follow(from: .oldest, limit: 2)
        #expect(first.texts == ["1", "2"])
        let second = try bench.follow(from: first.cursor, limit: 2)
        #expect(second.texts == ["3"])
        #expect(try bench.follow(from: second.cursor).isEmpty)
    }

    @Test func `from now on only new messages are followed`() throws {
        try bench.send("1")
        let quiet = try bench.poll(mode: .follow(.now))
        #expect(quiet.batch == nil)
        try bench.send("2")
        #expect(try bench.follow(from: try #require(quiet.cursor)).texts == ["2"])
    }

    @Test func `a follower without a cursor may start at the oldest unread message`() throws {
        try bench.send(["1", "2", "3", "4"])
        bench.confirm(try bench.take(limit: 2))
        #expect(try bench.poll(mode: .followUnread).batch?.texts == ["3", "4"])
        bench.confirm(try bench.take())
        #expect(try bench.poll(mode: .followUnread).batch == nil)
    }

    @Test func `every waiting follower gets the next message, and the taker too`() throws {
        let followers = try (0..<3).map { _ in try bench.wait(mode: .follow(.now)) }
        let taker = try bench.wait()
        #expect(try bench.send("1").online == 4)
        #expect(followers.map(\.texts) == [[["1"]], [["1"]], [["1"]]])
        #expect(taker.texts == [["1"]])
    }

    // MARK: Gaps

    /// Six messages of which some are removed, read from position `from`: so many are lost, these come.
    struct GapCase: Sendable, CustomTestStringConvertible {
        let removed: [Int]
        let from: UInt64
        let lost: Int
        let texts: [String]
        var testDescription: String { "\(removed) of 6 gone, from \(from)" }
    }

    static let gapCases = [
        GapCase(removed: [], from: 0, lost: 0, texts: ["1", "2", "3", "4", "5", "6"]),
        GapCase(removed: [1, 2], from: 0, lost: 2, texts: ["3", "4", "5", "6"]),
        GapCase(removed: [1, 2], from: 1, lost: 1, texts: ["3", "4", "5", "6"]),
        GapCase(removed: [1, 2], from: 2, lost: 0, texts: ["3", "4", "5", "6"]),
        GapCase(removed: [3, 4], from: 1, lost: 2, texts: ["2", "5", "6"]),
        GapCase(removed: [3, 5], from: 2, lost: 2, texts: ["4", "6"]),
        GapCase(removed: [2, 4, 6], from: 0, lost: 3, texts: ["1", "3", "5"]),
        GapCase(removed: [5, 6], from: 3, lost: 2, texts: ["4"]),
        GapCase(removed: [5, 6], from: 5, lost: 1, texts: []),
        GapCase(removed: [5, 6], from: 6, lost: 0, texts: []),
        GapCase(removed: [1, 2, 3, 4, 5, 6], from: 0, lost: 6, texts: []),
        GapCase(removed: [1, 2, 3, 4, 5, 6], from: 4, lost: 2, texts: []),
        GapCase(removed: [1, 2, 3, 4, 5, 6], from: 6, lost: 0, texts: []),
    ]

    private func remove(_ removed: [Int]) throws {
        for number in 1...6 { try bench.send("\(number)", timeToLive: removed.contains(number) ? .seconds(1) : nil) }
    }

    @Test(arguments: gapCases)
    func `a gap is told with its exact number`(gap: GapCase) throws {
        try remove(gap.removed)
        let cursor = try cursor(gap.from)
        bench.pass(.seconds(1))
        let batch = try bench.follow(from: cursor)
        #expect(batch.texts == gap.texts)
        #expect(batch.lost == gap.lost)
        #expect(try bench.follow(from: batch.cursor).isEmpty)
    }

    @Test(arguments: gapCases, [1, 2, 100])
    func `a stream is told of each gap at its place`(gap: GapCase, limit: Int) throws {
        try remove(gap.removed)
        let cursor = try cursor(gap.from)
        bench.pass(.seconds(1))
        let stream = try bench.stream(mode: .follow(cursor), limit: limit)
        for _ in 0..<20 { bench.wrote(stream) }
        var position = gap.from
        for batch in stream.batches {
            #expect(batch.lost == 0 || batch.messages.isEmpty)
            #expect(batch.messages.map(\.id.sequence) == (0..<batch.messages.count).map { position + UInt64($0) + 1 })
            position += UInt64(batch.lost + batch.messages.count)
            #expect(batch.cursor.positions.map(\.sequence) == [position])
        }
        #expect(position == 6)
        #expect(stream.batches.reduce(0) { $0 + $1.lost } == gap.lost)
        #expect(stream.texts.flatMap(\.self) == gap.texts)
    }

    @Test(arguments: gapCases, 1...3)
    func `a limit cuts a gap off where the answer ends`(gap: GapCase, limit: Int) throws {
        try remove(gap.removed)
        var cursor = try cursor(gap.from)
        bench.pass(.seconds(1))
        var lost = 0
        var texts: [String] = []
        while true {
            let batch = try bench.follow(from: cursor, limit: limit)
            #expect(batch.messages.count <= limit)
            lost += batch.lost
            texts += batch.texts
            cursor = batch.cursor
            guard !batch.isEmpty else { break }
        }
        #expect(lost == gap.lost)
        #expect(texts == gap.texts)
    }

    @Test func `a waiting follower is told what was lost before it could be served`() throws {
        let small = Bench { limits in
            limits.inboxMessagesMax = 2
            limits.whenFull = .dropOldest
        }
        small.servesFollowers = false
        let follower = try small.wait(mode: .follow(.now))
        try small.send(["1", "2", "3"])
        small.fanOut(budget: 1)
        #expect(follower.batches.map(\.lost) == [1])
        #expect(follower.texts == [["2", "3"]])
    }

    // MARK: Resets and wrong cursors

    @Test func `a cursor of another life is told of a reset and starts at the oldest`() throws {
        try bench.send(["1", "2", "3"])
        let cursor = try bench.follow(from: .oldest).cursor
        try bench.delete()
        let empty = try bench.follow(from: cursor)
        #expect(empty.isReset)
        #expect(empty.lost == 0)
        #expect(empty.messages.isEmpty)
        try bench.send("4")
        let batch = try bench.follow(from: cursor)
        #expect(batch.isReset)
        #expect(batch.texts == ["4"])
        #expect(try !bench.follow(from: empty.cursor).isReset)
    }

    @Test func `a stream is told of a reset before anything else`() throws {
        try bench.send("1")
        let stream = try bench.stream(mode: .follow(.after(MessageID(epoch: Epoch(bits: 9), sequence: 1))))
        #expect(stream.batches.map(\.isReset) == [true])
        #expect(stream.texts == [[]])
        bench.wrote(stream)
        #expect(stream.texts == [[], ["1"]])
        #expect(stream.batches.map(\.isReset) == [true, false])
    }

    @Test func `a cursor ahead of its inbox is refused`() throws {
        try bench.send("1")
        let cursor = try cursor(2)
        let error = #expect(throws: BrokerError.self) { try bench.follow(from: cursor) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains("'\(cursor)'") == true)
        #expect(throws: BrokerError.self) {
            try bench.poll("b", "a", mode: .follow(.afterEach(cursor.positions + cursor.positions)))
        }
        #expect(bench.state.inboxes.count == 1)
    }

    @Test(arguments: [0, 1, 3])
    func `a cursor has one part for each recipient`(count: Int) throws {
        let part = MessageID(epoch: Epoch(bits: 9), sequence: 1)
        let cursor = Cursor.afterEach(Array(repeating: part, count: count))
        let error = #expect(throws: BrokerError.self) { try bench.poll("a", "b", mode: .follow(cursor)) }
        #expect(error?.code == .invalidRequest)
        #expect(bench.state.inboxes.isEmpty)
    }

    @Test func `a stream gives up its place while it writes, and then gets all that came`() throws {
        let stream = try bench.stream(mode: .follow(.now))
        try bench.send(["1", "2", "3"])
        #expect(stream.texts == [["1"]])
        bench.wrote(stream)
        #expect(stream.texts == [["1"], ["2", "3"]])
        #expect(try bench.summary().streaming == 1)
    }
}
