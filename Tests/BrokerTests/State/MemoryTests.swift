import BrokerTestSupport
import Testing

@testable import Broker

@Suite struct MemoryTests {
    private func bench(_ bytes: Int) -> Bench { Bench { $0.memoryBytesMax = bytes } }

    @Test func `everything counted is given back in the end`() throws {
        let bench = bench(1 << 20)
        try bench.send(["1", "2", "3"])
        try bench.send("4", to: "b", sender: "s", type: "t", key: "k")
        _ = try bench.take(limit: 1)
        _ = try bench.lease(limit: 1)
        let stream = try bench.stream("a", "b", "c")
        #expect(bench.budget.bytes > 3 * Cost.inbox + 4 * Cost.message)
        bench.leave(stream)
        for name in ["a", "b", "c"] { try bench.delete(name) }
        #expect(bench.budget.bytes == 0)
    }

    @Test func `the memory of all inboxes together is limited`() throws {
        let bench = bench(2 * (Cost.inbox + Cost.message + 1) + 10)
        try bench.send("1")
        try bench.send("2", to: "b")
        let error = #expect(throws: BrokerError.self) { try bench.send("3") }
        #expect(error?.code == .brokerFull)
        #expect(error?.message.contains("\(bench.budget.bytes) bytes of at most \(bench.budget.bytesMax)") == true)
        #expect(throws: BrokerError.self) { try bench.send("4", to: "c") }
        #expect(throws: BrokerError.self) { try bench.wait("c") }
        #expect(throws: BrokerError.self) { try bench.poll("a", "c") }
        #expect(try bench.take().texts == ["1"])
        #expect(try bench.summary("a").waiting == 0)
        try bench.delete("b")
        #expect(try bench.send("5").unread == 1)
    }

    @Test func `what is kept only for convenience goes before a send is refused`() throws {
        let bench = bench(Cost.inbox + 2 * (Cost.message + 1))
        try bench.send(["1", "2"])
        bench.confirm(try bench.take(limit: 1))
        try bench.send("3")
        #expect(try bench.follow(from: .oldest).texts == ["2", "3"])
    }

    /// What one message of `bytes` bytes is counted for.
    private static func cost(_ bytes: Int) -> Int { Cost.message + bytes }

    /// An inbox that fills the memory: the messages that it may hold, what happened to the oldest of its three messages
    /// of ten bytes, and what one more message comes to.
    struct SpentMemory: CustomTestStringConvertible, Sendable {
        enum Oldest: Sendable { case unread, delivered, read, leased }

        var messagesMax = 100
        var whenFull = Limits.WhenFull.refuse
        var oldest: [Oldest] = []
        var bytes = 10
        var evicted = 0
        var kept: [String] = []
        var code: BrokerError.Code?

        var testDescription: String { "\(messagesMax) \(whenFull) \(oldest) \(bytes)" }
    }

    @Test(arguments: [
        // The inbox is full as well: what its policy drops for it is enough for the memory.
        SpentMemory(messagesMax: 3, whenFull: .dropOldest, evicted: 1, kept: ["2", "3", "new"]),
        SpentMemory(messagesMax: 3, oldest: [.delivered], evicted: 1, kept: ["2", "3", "new"]),
        SpentMemory(messagesMax: 3, oldest: [.read], kept: ["2", "3", "new"]),
        SpentMemory(messagesMax: 3, code: .inboxFull),
        SpentMemory(messagesMax: 3, whenFull: .dropOldest, oldest: [.leased], evicted: 1, kept: ["1", "3", "new"]),
        // More has to go for the memory than for the inbox.
        SpentMemory(messagesMax: 3, whenFull: .dropOldest, bytes: 11, evicted: 2, kept: ["3", "new"]),
        SpentMemory(messagesMax: 3, oldest: [.delivered], bytes: 11, code: .brokerFull),
        SpentMemory(messagesMax: 3, oldest: [.read, .delivered], bytes: 11, evicted: 1, kept: ["3", "new"]),
        // Only the memory is spent.
        SpentMemory(whenFull: .dropOldest, evicted: 1, kept: ["2", "3", "new"]),
        SpentMemory(oldest: [.delivered], evicted: 1, kept: ["2", "3", "new"]),
        SpentMemory(oldest: [.read], kept: ["2", "3", "new"]),
        SpentMemory(whenFull: .dropOldest, oldest: [.delivered, .read], kept: ["1", "3", "new"]),
        SpentMemory(code: .brokerFull),
        SpentMemory(whenFull: .dropOldest, oldest: [.leased, .leased, .leased], code: .brokerFull),
        SpentMemory(whenFull: .dropOldest, bytes: 2 * Cost.message + 30, evicted: 3, kept: ["new"]),
        SpentMemory(whenFull: .dropOldest, bytes: 2 * Cost.message + 31, code: .brokerFull),
    ])
    func `an inbox makes room for its own next message when the memory is spent`(_ spent: SpentMemory) throws {
        let bench = Bench { limits in
            limits.memoryBytesMax = Cost.inbox + 3 * MemoryTests.cost(10)
            limits.inboxMessagesMax = spent.messagesMax
            limits.whenFull = spent.whenFull
        }
        for text in ["1", "2", "3"] { try bench.send(text.padded(to: 10)) }
        let ids = try bench.poll(mode: .follow(.oldest)).batch?.ids ?? []
        for (id, standing) in zip(ids, spent.oldest) {
            switch standing {
            case .unread: break
            case .delivered: bench.markDelivered(id)
            case .read: try bench.ack(ids: [id])
            case .leased: _ = try bench.lease(limit: 1)
            }
        }
        let text = "new".padded(to: spent.bytes)
        if let code = spent.code {
            let before = try bench.summary()
            let error = #expect(throws: BrokerError.self) { try bench.send(text) }
            #expect(error?.code == code)
            #expect(try bench.summary().unread == before.unread)
            return
        }
        #expect(try bench.send(text).evicted == spent.evicted)
        let kept = try bench.poll(mode: .follow(.oldest)).batch?.texts ?? []
        #expect(kept.map { $0.filter { $0 != "." } } == spent.kept)
    }

    @Test func `a key is paid for by what its inbox drops, too`() throws {
        let bench = Bench { limits in
            limits.memoryBytesMax = Cost.inbox + 5 * MemoryTests.cost(1)
            limits.whenFull = .dropOldest
        }
        try bench.send(["1", "2", "3", "4", "5"])
        #expect(try bench.send("6", key: "k").evicted == 4)
        #expect(try bench.take().lost == 4)
    }

    @Test func `an empty inbox has nothing to give, and takes nothing from others`() throws {
        let bench = Bench { limits in
            limits.memoryBytesMax = 2 * Cost.inbox + MemoryTests.cost(1)
            limits.whenFull = .dropOldest
        }
        try bench.send("1")
        #expect(throws: BrokerError.self) { try bench.send("2", to: "b") }
        #expect(try bench.take().texts == ["1"])
    }

    @Test func `positions of quiet inboxes go before a send is refused`() throws {
        let bench = bench(Cost.inbox + 9 * Cost.position)
        for number in 0..<9 { _ = try bench.poll("quiet\(number)") }
        #expect(bench.state.positions.count == 9)
        try bench.send(String(repeating: "x", count: 700))
        #expect(bench.state.positions.count == 0)
    }

    @Test func `a reader of several inboxes that do not all fit is not left at some of them`() throws {
        let bench = bench(2 * Cost.inbox)
        #expect(throws: BrokerError.self) { try bench.wait("a", "b", "c") }
        #expect(bench.state.inboxes.isEmpty)
        #expect(bench.budget.bytes == 0)
        let reader = try bench.wait("a", "b")
        #expect(reader.isQuiet)
    }

    @Test func `a refused send leaves no inbox behind`() throws {
        let bench = bench(Cost.inbox + Cost.message)
        #expect(throws: BrokerError.self) { try bench.send("1") }
        #expect(bench.budget.bytes == 0)
        try bench.send("")
        #expect(bench.budget.bytes == Cost.inbox + Cost.message)
    }

    @Test func `shards share one budget`() throws {
        let budget = MemoryBudget(bytesMax: 100)
        #expect(budget.reserve(60))
        #expect(!budget.reserve(41))
        #expect(budget.reserve(40))
        #expect(!budget.reserve(11, freeing: 10))
        #expect(budget.reserve(10, freeing: 10))
        #expect(budget.reserve(9, freeing: 10))
        #expect(budget.bytes == 99)
        #expect(budget.shortage(of: 1) == 0)
        #expect(budget.shortage(of: 11) == 10)
        budget.release(99)
        #expect(budget.bytes == 0)
    }
}

extension String {
    /// With points behind it, so that it has so many bytes.
    fileprivate func padded(to count: Int) -> String {
        self + String(repeating: ".", count: count - utf8.count)
    }
}

extension Bench {
    /// A stream has written this message.
    fileprivate func markDelivered(_ id: MessageID) {
        for inbox in state.inboxes.values where inbox.epoch == id.epoch { inbox.markDelivered(id.sequence) }
    }
}
