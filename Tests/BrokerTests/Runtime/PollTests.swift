import BrokerTestSupport
import Testing

@testable import Broker

/// Polls of the library, in chosen interleavings.
///
/// A poll takes these steps: its client asks, its shard looks and parks it; when something comes its shard goes on and
/// its client does.
@Suite struct PollTests {
    let stage = Stage()

    @Test func `a message that is there is taken at once, and is read`() throws {
        try stage.send("1")
        let taker = try stage.taking()
        stage.run()
        #expect(taker.value?.texts == ["1"])
        #expect(try stage.unread() == 0)
        stage.pass(.seconds(60))
        let statistics = try stage.now { await $0.statistics() }
        #expect(statistics.kept == 0)
        #expect(statistics.expired == 0)
    }

    @Test func `a send that comes before the poll is parked is not missed`() throws {
        let taker = try stage.taking()
        let sender = stage.call { try await $0.send("1", to: Recipient("a")) }
        taker.step()
        sender.step()
        // Both are in line at the shard, the poll first; then the other way round.
        #expect(stage.hosts[0].manual.waiting == 2)
        stage.run()
        #expect(taker.value?.texts == ["1"])
        #expect(sender.value?.online == 1)
        let second = stage.call { try await $0.send("2", to: Recipient("a")) }
        second.step()
        let late = try stage.taking()
        late.step()
        stage.run()
        #expect(late.value?.texts == ["2"])
        #expect(second.value?.online == 0)
    }

    @Test func `a poll that was cancelled before it was parked takes nothing`() throws {
        let taker = try stage.taking()
        taker.cancel()
        stage.run()
        #expect(taker.isCancelled)
        #expect(try stage.waiting() == 0)
        try stage.send("1")
        #expect(try stage.unread() == 1)
    }

    @Test func `a poll that is cancelled while it is parked leaves`() throws {
        let taker = try stage.taking()
        stage.run()
        #expect(try stage.waiting() == 1)
        taker.cancel()
        stage.run()
        #expect(taker.isCancelled)
        #expect(try stage.waiting() == 0)
        #expect(try stage.send("1").online == 0)
    }

    @Test func `a message that comes after the cancellation goes back, at once`() throws {
        let taker = try stage.taking()
        let next = try stage.taking()
        stage.run()
        taker.cancel()
        // The shard has not heard of it yet when the message comes.
        let sender = stage.call { try await $0.send("1", to: Recipient("a")) }
        sender.step()
        stage.run()
        #expect(taker.isCancelled)
        #expect(next.value?.texts == ["1"])
        #expect(try stage.unread() == 0)
    }

    @Test func `a message that came before the cancellation is the taker's`() throws {
        let taker = try stage.taking()
        stage.run()
        let sender = stage.call { try await $0.send("1", to: Recipient("a")) }
        sender.step()
        stage.hosts[0].manual.runNext()
        taker.cancel()
        stage.run()
        #expect(taker.value?.texts == ["1"])
        #expect(try stage.unread() == 0)
    }

    @Test func `of two takers each gets one message`() throws {
        let takers = [try stage.taking(limit: 1), try stage.taking(limit: 1)]
        stage.run()
        try stage.send("1")
        #expect(takers.map(\.isOver) == [true, false])
        try stage.send("2")
        #expect(takers.map { $0.value?.texts } == [["1"], ["2"]])
    }

    @Test func `a timeout comes in its time, and only once`() throws {
        let taker = try stage.taking(within: .seconds(2))
        stage.run()
        stage.pass(.milliseconds(1999))
        stage.run()
        #expect(!taker.isOver)
        stage.pass(.milliseconds(1))
        stage.run()
        #expect(taker.value?.isEmpty == true)
        try stage.send("1")
        #expect(try stage.unread() == 1)
        #expect(try stage.now { await $0.statistics() }.timeouts == 1)
    }

    @Test(arguments: [true, false])
    func `of a timeout and a send in the same turn the first wins`(isTimeoutFirst: Bool) throws {
        let taker = try stage.taking(within: .seconds(2))
        stage.run()
        let sender = stage.call { try await $0.send("1", to: Recipient("a")) }
        sender.step()
        let host = stage.hosts[0]
        stage.time.advance(by: .seconds(2))
        if isTimeoutFirst { host.fireWake(at: stage.time.now) }
        host.manual.runNext()
        host.fireWake(at: stage.time.now)
        stage.run()
        #expect(taker.value?.texts == (isTimeoutFirst ? [] : ["1"]))
        #expect(try stage.unread() == (isTimeoutFirst ? 1 : 0))
    }

    @Test func `a poll without a timeout waits for ever`() throws {
        let taker = try stage.taking(within: nil)
        stage.run()
        stage.pass(.seconds(1_000_000))
        stage.run()
        #expect(!taker.isOver)
        try stage.send("1")
        #expect(taker.value?.texts == ["1"])
    }

    @Test func `a poll that is not to wait does not`() throws {
        let taker = try stage.taking(within: .zero)
        stage.run()
        #expect(taker.value?.isEmpty == true)
    }

    @Test func `draining answers those who wait, and those who come`() throws {
        let waiting = try stage.taking()
        stage.run()
        let late = try stage.taking()
        late.step()
        try stage.now { await $0.drain() }
        stage.run()
        #expect(waiting.value?.isEmpty == true)
        #expect(late.value?.isEmpty == true)
        #expect(throws: BrokerError.self) { try stage.send("1") }
    }

    @Test func `a lease is held until it is acked, extended or released`() throws {
        let recipient = try Recipient("a")
        try stage.send("1")
        let batch = try stage.now { try await $0.lease(from: recipient, for: .seconds(5), within: .zero) }
        #expect(batch.messages.map(\.attempt) == [1])
        stage.pass(.seconds(4))
        #expect(try stage.now { try await $0.extend(recipient, ids: batch.ids, lease: .seconds(5)) } == 0)
        stage.pass(.seconds(4))
        #expect(try stage.now { try await $0.release(recipient, ids: batch.ids) } == 1)
        let again = try stage.now { try await $0.lease(from: recipient, for: .seconds(5), within: .zero) }
        #expect(again.messages.map(\.attempt) == [2])
        #expect(try stage.now { try await $0.ack(recipient, ids: batch.ids) } == 0)
        stage.pass(.seconds(60))
        #expect(try stage.now { await $0.summary(of: recipient) }.kept == 0)
    }

    @Test func `a taker is told of drops`() throws {
        let stage = Stage { limits in
            limits.inboxMessagesMax = 1
            limits.whenFull = .dropOldest
        }
        try stage.send("1")
        try stage.send("2")
        let recipient = try Recipient("a")
        let batch = try stage.now { try await $0.take(from: recipient) }
        #expect(batch.lost == 1)
        #expect(batch.texts == ["2"])
    }

    @Test func `a request out of range is refused`() throws {
        let a = try Recipient("a")
        let many = try (0..<101).map { try Recipient("r\($0)") }
        let requests: [@Sendable (Broker) async throws -> Batch] = [
            { try await $0.take(from: a, limit: 0) },
            { try await $0.take(from: a, limit: 1001) },
            { try await $0.lease(from: a, for: .zero) },
            { try await $0.lease(from: a, for: .seconds(3601)) },
            { try await $0.follow([], from: .now, within: .zero) },
            { try await $0.follow(many, from: .now, within: .zero) },
            { try await $0.follow([a, a], from: .now, within: .zero) },
        ]
        for request in requests {
            let error = #expect(throws: BrokerError.self) { try stage.now(request) }
            #expect(error?.code == .invalidRequest)
        }
    }

    @Test func `a send out of range is refused`() throws {
        let a = try Recipient("a")
        let sends: [@Sendable (Broker) async throws -> SendReceipt] = [
            { try await $0.send("1", to: a, from: "") },
            { try await $0.send("1", to: a, from: String(repeating: "x", count: 257)) },
            { try await $0.send("1", to: a, type: "\n") },
            { try await $0.send("1", to: a, timeToLive: .zero) },
            { try await $0.send("1", to: a, timeToLive: .seconds(604_801)) },
            { try await $0.send("1", to: a, key: "") },
        ]
        for send in sends {
            let error = #expect(throws: BrokerError.self) { try stage.now(send) }
            #expect(error?.code == .invalidRequest)
        }
        #expect(try stage.unread() == 0)
    }
}
