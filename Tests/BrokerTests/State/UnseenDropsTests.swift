import BrokerTestSupport
import Testing

@testable import Broker

/// What is told of drops that nobody had seen: all of them, once, and none twice.
@Suite struct UnseenDropsTests {
    private func bench(_ messages: Int, _ change: (inout Limits) -> Void = { _ in }) -> Bench {
        Bench { limits in
            limits.inboxMessagesMax = messages
            limits.whenFull = .dropOldest
            change(&limits)
        }
    }

    @Test func `a drop from the middle is in the gap where it was, and in nothing else`() throws {
        let bench = bench(2)
        try bench.send(["1", "2"])
        _ = try bench.lease(limit: 1)
        try bench.send("3")
        let batch = try bench.follow(from: .oldest)
        #expect(batch.texts == ["1", "3"])
        #expect(batch.lost == 1)
        // By arithmetic, so for everybody who comes by.
        #expect(try bench.follow(from: .oldest).lost == 1)
    }

    @Test func `a stream is told of it once, at its place`() throws {
        let bench = bench(2)
        try bench.send(["1", "2"])
        _ = try bench.lease(limit: 1)
        try bench.send("3")
        let stream = try bench.stream(mode: .follow(.oldest))
        for _ in 0..<4 { bench.wrote(stream) }
        #expect(stream.batches.map(\.texts) == [["1"], [], ["3"]])
        #expect(stream.batches.map(\.lost) == [0, 1, 0])
    }

    @Test func `what a follower was told of is told to no other after the inbox was empty`() throws {
        let bench = bench(1) { $0.retainRead = .milliseconds(1) }
        let start = try bench.follow(from: .now).cursor
        try bench.send(["1", "2"])
        bench.confirm(try bench.take())
        bench.pass(.seconds(1))
        #expect(bench.state.inboxes.isEmpty)
        try bench.send("3")
        #expect(try bench.follow(from: start).lost == 2)
        #expect(try bench.follow(from: .oldest).lost == 0)
    }

    @Test func `what nobody was told of is told after the inbox was empty`() throws {
        let bench = bench(1) { $0.retainRead = .milliseconds(1) }
        try bench.send(["1", "2"])
        bench.confirm(try bench.take())
        bench.pass(.seconds(1))
        try bench.send("3")
        #expect(try bench.follow(from: .oldest).lost == 1)
        #expect(try bench.follow(from: .oldest).lost == 0)
    }

    @Test func `a follower that is told of some leaves the others to be told`() throws {
        let bench = bench(3)
        let start = try bench.follow(from: .now).cursor
        try bench.send(["1", "2", "3", "4"])
        let leased = try bench.lease(limit: 1)
        #expect(leased.texts == ["2"])
        try bench.send("5")
        let batch = try bench.follow(from: start, limit: 1)
        #expect(batch.texts == ["2"])
        #expect(batch.lost == 1)
        try bench.ack(ids: [leased.messages[0].id])
        try bench.send("6")
        #expect(try bench.follow(from: .oldest).lost == 1)
        #expect(try bench.follow(from: .oldest).lost == 0)
    }

    @Test func `what was told and given back is told again, and only that`() throws {
        let bench = bench(3)
        let start = try bench.follow(from: .now).cursor
        try bench.send(["1", "2", "3", "4"])
        _ = try bench.lease(limit: 1)
        try bench.send("5")
        let batch = try bench.follow(from: start, limit: 1)
        #expect(batch.lost == 1)
        bench.giveBack(batch)
        #expect(bench.state.inboxes[try Recipient("a")]?.untold.unseen.whole?.count == 2)
        // The one before where it starts; the other is in the gap that it comes to.
        let fresh = try bench.follow(from: .oldest)
        #expect(fresh.texts == ["2", "4", "5"])
        #expect(fresh.lost == 2)
        #expect(bench.state.inboxes[try Recipient("a")]?.untold.unseen.isEmpty == true)
    }

    @Test(arguments: UInt64(0)..<60)
    func `runs hold what a set holds`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var drops = UnseenDrops()
        var known: Set<UInt64> = []
        var taken: [(UnseenDrops, Set<UInt64>)] = []
        var last: UInt64 = 0
        for _ in 0..<200 {
            switch random.number(1...4) {
            case 1...2:
                last += UInt64(random.number(1...2))
                drops.note(last)
                known.insert(last)
            case 3 where !taken.isEmpty && random.chance(50):
                let back = taken.remove(at: random.number(0...taken.count - 1))
                drops += back.0
                known.formUnion(back.1)
            default:
                let start = UInt64(random.number(0...Int(last)))
                let end = start + UInt64(random.number(0...20))
                let gone = drops.take(after: start, through: end)
                let wanted = known.filter { $0 > start && $0 <= end }
                #expect(gone.runs.reduce(0) { $0 + $1.count } == wanted.count, "seed \(seed)")
                known.subtract(wanted)
                taken.append((gone, wanted))
            }
            let isWhole = drops.runs.allSatisfy(\.isDense)
            guard isWhole else { return }
            #expect(Set(drops.runs.flatMap { $0.first...$0.last }) == known, "seed \(seed)")
        }
    }

    @Test func `drops here and there take no more memory than so much, and each still counts`() {
        var drops = UnseenDrops()
        for number in 1...UInt64(1000) { drops.note(number * 2) }
        #expect(drops.runs.count == UnseenDrops.runsMax)
        #expect(drops.count == 1000)
        // The newest are known one by one, the oldest together: in a gap as a whole or not at all, to a newcomer always.
        #expect(drops.take(after: 1990, through: 2000).count == 5)
        #expect(drops.take(after: 0, through: 100).count == 0)
        #expect(drops.takeBegun(by: 1).count == 0)
        #expect(drops.takeBegun(by: 100).count > 900)
        #expect(drops.runs.first.map { $0.first > 1900 } == true)
    }

    @Test func `drops between many leased messages are told to who comes without a position`() throws {
        let bench = bench(80) { $0.retainRead = .milliseconds(1) }
        for number in 1...80 { try bench.send("\(number)") }
        let ids = try bench.lease(limit: 80).messages.map(\.id)
        try bench.release(ids: ids.filter { $0.sequence % 2 == 0 })
        for number in 81...120 { try bench.send("\(number)") }
        // Those before the eleventh are dropped or read.
        try bench.ack(ids: ids.filter { $0.sequence % 2 == 1 && $0.sequence < 11 })
        bench.pass(.seconds(1))
        #expect(try bench.summary().first?.sequence == 11)
        let batch = try bench.follow(from: .oldest, limit: 1)
        #expect(batch.texts == ["11"])
        // 2, 4, 6, 8 and 10; some behind them are known only together with these.
        #expect(batch.lost >= 5)
        let untold = try #require(bench.state.inboxes[try Recipient("a")]?.untold.unseen)
        #expect(batch.lost + untold.count == 40)
    }
}
