import BrokerTestSupport
import Synchronization
import Testing

@testable import Broker

/// A stream that says why it has ended.
private final class Ending: Reader, @unchecked Sendable {
    var reason: EndReason?

    init() { super.init(isStream: true) }

    override func receive(_ outcome: ReadOutcome) -> Bool {
        if case .ended(let reason, _) = outcome { self.reason = reason }
        return true
    }
}

// Sessions whose recipients are in two shards: the newest reader stays, in whatever order readers reach the shards.
extension SeveralShardsTests {
    private func polling() -> Stage.Call<ReadOutcome> {
        let request = ReadRequest(recipients: [a, b], mode: .take, session: "tab")
        return stage.call { try await $0.poll(request, within: .seconds(40)) }
    }

    @Test func `a newer poll of a session ends the older in both shards`() throws {
        let older = polling()
        stage.run()
        let newer = polling()
        stage.run()
        guard case .success(.ended(.replaced, _)) = older.result else {
            Issue.record("\(String(describing: older.result))")
            return
        }
        #expect(!newer.isOver)
        #expect(try stage.waiting(a.name) == 1)
        #expect(try stage.waiting(b.name) == 1)
        try stage.send("1", to: b.name)
        #expect(newer.batch?.texts == ["1"])
        try stage.checkInvariants()
    }

    @Test func `polls of a session that begin in the same moment do not end each other`() throws {
        for seed in 0..<300 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let stage = Stage(shards: 2, seed: seed)
            let names = try stage.namesByShard()
            let polls = (0..<random.number(2...4)).map { _ in
                let request = ReadRequest(recipients: names.shuffled(using: &random), mode: .take, session: "tab")
                return stage.call { try await $0.poll(request, within: nil) }
            }
            stage.run(inAnyOrder: &random)
            #expect(polls.filter { !$0.isOver }.count == 1, "seed \(seed)")
            for name in names { #expect(stage.waitingNow(name) == 1, "seed \(seed)") }
            let newest = stage.broker.fencingTokens.load(ordering: .relaxed)
            try stage.checkInvariants()
            for shard in stage.broker.shards {
                #expect(shard.tokens == [newest], "seed \(seed)")
            }
        }
    }

    @Test func `the newest stays as well if each names others of the inboxes`() throws {
        for seed in 0..<300 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let stage = Stage(shards: 2, seed: seed)
            let names = try stage.namesByShard()
            let polls = [names, [names[0]], names, [names[1]], [names[0]]].shuffled(using: &random).map { some in
                let request = ReadRequest(recipients: some, mode: .take, session: "tab")
                return stage.call { try await $0.poll(request, within: nil) }
            }
            stage.run(inAnyOrder: &random)
            let newest = stage.broker.fencingTokens.load(ordering: .relaxed)
            var tokens: [UInt64] = []
            try stage.checkInvariants()
            for (shard, name) in zip(stage.broker.shards, names) {
                tokens += shard.tokens
                #expect(stage.waitingNow(name) <= 1, "seed \(seed)")
            }
            #expect(newest == 5)
            #expect(tokens.contains(newest), "seed \(seed)")
            // Each that has gone was ended by a newer one that named one of its inboxes.
            #expect(polls.filter { !$0.isOver }.count == Set(tokens).count, "seed \(seed)")
        }
    }

    @Test func `a poll that is replaced while it looks gives back what it has found`() throws {
        try stage.send("1", to: a.name)
        let older = polling()
        // It has looked at one of the shards; the clock says at which first.
        stage.visit(older, times: 1)
        let request = ReadRequest(recipients: [a, b], mode: .follow(.now), session: "tab")
        for part in try stage.broker.split(request) {
            _ = try part.shard.assumeIsolated { try $0.open(Ending(), part.request) }
        }
        stage.run()
        guard case .success(.ended(.replaced, _)) = older.result else {
            Issue.record("\(String(describing: older.result))")
            return
        }
        #expect(try [a, b].map { try stage.unread($0.name) } == [1, 0])
        #expect(try stage.waiting(a.name) == 0)
        try stage.checkInvariants()
    }

    @Test func `streams of a session that reach the shards in another order each do not end each other`() throws {
        let request = ReadRequest(recipients: [a, b], mode: .follow(.now), session: "tab")
        let (older, newer) = (try stage.broker.split(request), try stage.broker.split(request))
        let readers = (0..<4).map { _ in Ending() }
        for (reader, part) in zip(readers, [older[0], newer[0], newer[1], older[1]]) {
            _ = try part.shard.assumeIsolated { try $0.open(reader, part.request) }
        }
        #expect(readers.map(\.reason) == [.replaced, nil, nil, .replaced])
        try stage.checkInvariants()
    }
}

extension Shard {
    /// The tokens of those who read under a session.
    nonisolated fileprivate var tokens: [UInt64] {
        assumeIsolated { $0.state.sessions.values.map(\.fencingToken) }
    }
}
