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
        budget.release(100)
        #expect(budget.bytes == 0)
    }
}
