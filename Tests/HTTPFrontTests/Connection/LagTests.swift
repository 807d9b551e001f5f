import Broker
import Testing

@testable import HTTPFront

/// How far behind streams are whose clients do not read.
struct LagTests {
    /// A stream on loop 0, which may be another than the recipient's, whose client has stopped reading.
    private static func stuck(
        _ live: LiveServer,
        at recipient: Recipient,
        _ query: String = ""
    ) async throws -> LivePeer {
        let peer = try await live.connect(loop: 0, receiveBytes: 65_536)
        try await peer.send(RequestBench.get("/v1/stream?recipient=\(recipient)&as=ndjson\(query)"))
        try await live.waits(at: recipient, streams: 1)
        let text = String(repeating: "x", count: 30_000)
        var sent = 0
        while await live.pendingBytes() == 0 {
            try await live.send(text, to: recipient)
            for loop in live.loops { await loop.run {} }
            sent += 1
            guard sent < 3000 else { throw LiveFailure("the kernel takes everything") }
        }
        // What was being written when the kernel took no more counts as given; what comes now does not.
        try await live.send("waits", to: recipient)
        for _ in 0..<3 { for loop in live.loops { await loop.run {} } }
        return peer
    }

    private static func large(_ configuration: inout ServerConfiguration) {
        configuration.limits.inboxBytesMax = 1 << 27
        configuration.limits.inboxMessagesMax = 10_000
    }

    @Test(arguments: Setup.all)
    func `a follower that does not read is behind by what has come since, and by how long`(setup: Setup) async throws {
        try await LiveServer.run(setup, Self.large) { live in
            for shard in 0..<setup.loops {
                let recipient = try live.recipient("u", shard: shard)
                let peer = try await Self.stuck(live, at: recipient)
                let before = try #require(await live.broker.summary(of: recipient).lag)
                #expect(before.messages >= 1 && before.age == .zero)
                await live.pass(.seconds(2))
                for number in 1...5 { try await live.send("\(number)", to: recipient) }
                await live.pass(.seconds(1))
                let lag = try #require(await live.broker.summary(of: recipient).lag)
                #expect(lag == ReaderLag(messages: before.messages + 5, age: .seconds(3)))
                #expect(await live.broker.statistics().lag == lag)

                // The others read as ever, and do not hide it.
                let quick = try await live.connect()
                try await quick.send(RequestBench.get("/v1/stream?recipient=\(recipient)&cursor=now&as=ndjson"))
                try await live.waits(at: recipient, streams: 2)
                #expect(await live.broker.summary(of: recipient).lag == lag)
                await quick.leave()
                try await live.waits(at: recipient, streams: 1)

                // It reads on: then it has everything.
                _ = try await peer.receive(through: "\"content\":\"5\"")
                try await live.turns { await live.broker.summary(of: recipient).lag == ReaderLag() }
                await peer.leave()
                try await live.waits(at: recipient)
                #expect(await live.broker.summary(of: recipient).lag == nil)
            }
        }
    }

    @Test(arguments: Setup.all)
    func `a stream that begins with more than its client reads is behind by what does not go out`(
        setup: Setup
    ) async throws {
        try await LiveServer.run(setup, Self.large) { live in
            for shard in 0..<setup.loops {
                let recipient = try live.recipient("u", shard: shard)
                let text = String(repeating: "x", count: 30_000)
                for _ in 0..<600 { try await live.send(text, to: recipient) }
                let before = await live.broker.statistics().delivered
                let peer = try await live.connect(loop: 0, receiveBytes: 65_536)
                try await peer.send(RequestBench.get("/v1/stream?recipient=\(recipient)&as=ndjson&cursor=0"))
                try await live.turns { await live.pendingBytes() > 0 }
                for _ in 0..<3 { for loop in live.loops { await loop.run {} } }
                // The last batch that it was given is on its way nowhere.
                let given = await live.broker.statistics().delivered - before
                let lag = try #require(await live.broker.summary(of: recipient).lag)
                #expect(lag.messages > 600 - given && lag.messages < 600)
                await peer.leave()
                try await live.waits(at: recipient)
            }
        }
    }

    @Test(arguments: Setup.all)
    func `a taker that does not read is behind by what nobody else takes`(setup: Setup) async throws {
        try await LiveServer.run(setup, Self.large) { live in
            for shard in 0..<setup.loops {
                let recipient = try live.recipient("u", shard: shard)
                let peer = try await Self.stuck(live, at: recipient, "&take=1")
                let before = await live.broker.summary(of: recipient)
                let held = try #require(before.lag).messages
                #expect(held >= 1)
                for number in 1...5 { try await live.send("\(number)", to: recipient) }
                let lag = try #require(await live.broker.summary(of: recipient).lag)
                #expect(lag.messages == held + 5)
                let taken = try await live.broker.take(from: recipient, within: .zero).messages.count
                #expect(taken == before.unread + 5)
                #expect(await live.broker.summary(of: recipient).lag?.messages == held - before.unread)
                await peer.leave()
                try await live.waits(at: recipient)
                #expect(await live.broker.summary(of: recipient).lag == nil)
                await live.broker.delete(recipient)
            }
        }
    }

    @Test(arguments: Setup.all)
    func `a stream of several inboxes is behind in those that it has yet to be given from`(setup: Setup) async throws {
        try await LiveServer.run(setup, Self.large) { live in
            let recipients = try live.recipients(2)
            let peer = try await Self.stuck(live, at: recipients[0], "&recipient=\(recipients[1])")
            #expect(await live.broker.summary(of: recipients[1]).lag == ReaderLag())
            try await live.send("of the other", to: recipients[1])
            for loop in live.loops { await loop.run {} }
            #expect(await live.broker.summary(of: recipients[1]).lag == ReaderLag(messages: 1))
            _ = try await peer.receive(through: "\"content\":\"of the other\"")
            try await live.turns { await live.broker.summary(of: recipients[1]).lag == ReaderLag() }
            await peer.leave()
            for recipient in recipients { try await live.waits(at: recipient) }
        }
    }
}
