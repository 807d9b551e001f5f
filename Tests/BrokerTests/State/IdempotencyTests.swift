import BrokerTestSupport
import Testing

@testable import Broker

@Suite struct IdempotencyTests {
    let bench = Bench()

    @Test func `a repeated send is answered as the first time and puts nothing in`() throws {
        _ = try bench.stream(mode: .follow(.now))
        let first = try bench.send("1", sender: "s", key: "k")
        try bench.send("2")
        var second = try bench.send("1", sender: "s", key: "k")
        #expect(second.isDuplicate)
        second.isDuplicate = false
        #expect(second == first)
        #expect(try bench.summary().kept == 2)
        #expect(bench.state.totals.duplicates == 1)
        #expect(bench.state.totals.sent == 2)
    }

    @Test func `it is answered so when the message was read and has gone, too`() throws {
        try bench.send("1", timeToLive: .seconds(1), key: "k")
        bench.pass(.seconds(2))
        #expect(try bench.summary().kept == 0)
        #expect(try bench.send("1", timeToLive: .seconds(1), key: "k").isDuplicate)
        #expect(try bench.summary().kept == 0)
    }

    @Test(arguments: [("2", "t", 60), ("1", "u", 60), ("1", nil, 60), ("1", "t", 61), ("t1", nil, 60)])
    func `the same key with something else to say is refused`(content: String, type: String?, seconds: Int) throws {
        try bench.send("1", type: "t", timeToLive: .seconds(60), key: "k")
        let error = #expect(throws: BrokerError.self) {
            try bench.send(content, type: type, timeToLive: .seconds(seconds), key: "k")
        }
        #expect(error?.code == .keyReused)
        #expect(error?.message.contains("'k'") == true)
        #expect(try bench.summary().kept == 1)
        #expect(bench.observed == [.refused(recipient: try Recipient("a"), code: .keyReused)])
    }

    @Test func `a key belongs to its sender and its recipient`() throws {
        try bench.send("1", sender: "s", key: "k")
        #expect(try !bench.send("2", sender: "t", key: "k").isDuplicate)
        #expect(try !bench.send("3", key: "k").isDuplicate)
        #expect(try !bench.send("4", to: "b", sender: "s", key: "k").isDuplicate)
        #expect(try !bench.send("5", sender: "sk", key: "").isDuplicate)
    }

    @Test func `keys are the same only if their bytes are`() throws {
        try bench.send("1", key: "caf\u{E9}")
        #expect(try !bench.send("2", key: "cafe\u{301}").isDuplicate)
    }

    @Test func `a key's senders and recipients are the same only if their bytes are`() throws {
        try bench.send("1", to: "caf\u{E9}", sender: "caf\u{E9}", key: "k")
        #expect(try !bench.send("2", to: "caf\u{E9}", sender: "cafe\u{301}", key: "k").isDuplicate)
        #expect(try !bench.send("3", to: "cafe\u{301}", sender: "caf\u{E9}", key: "k").isDuplicate)
        #expect(try bench.send("1", to: "caf\u{E9}", sender: "caf\u{E9}", key: "k").isDuplicate)
    }

    @Test func `a key is forgotten after five minutes`() throws {
        try bench.send("1", key: "k")
        bench.pass(.seconds(100))
        try bench.send("2", key: "l")
        bench.pass(.milliseconds(199_999))
        #expect(try bench.send("1", key: "k").isDuplicate)
        bench.pass(.milliseconds(1))
        #expect(try !bench.send("3", key: "k").isDuplicate)
        #expect(try bench.send("2", key: "l").isDuplicate)
    }

    @Test func `a send that was refused can be repeated under its key`() throws {
        let small = Bench { $0.inboxMessagesMax = 1 }
        try small.send("1")
        #expect(throws: BrokerError.self) { try small.send("2", key: "k") }
        small.confirm(try small.take())
        #expect(try !small.send("2", key: "k").isDuplicate)
    }

    @Test func `a key does not outlive its inbox`() throws {
        try bench.send("1", key: "k")
        try bench.send("1", to: "b", key: "k")
        try bench.delete()
        #expect(try !bench.send("1", key: "k").isDuplicate)
        #expect(try bench.take().texts == ["1"])
        #expect(try bench.send("1", to: "b", key: "k").isDuplicate)
    }

    @Test func `keys are counted and given back`() throws {
        try bench.send("1", timeToLive: .seconds(1), key: "k")
        bench.pass(.seconds(1))
        #expect(bench.budget.bytes > Cost.key)
        bench.pass(.seconds(299))
        #expect(bench.budget.bytes == Cost.position)
    }
}
