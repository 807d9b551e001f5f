import Broker
import Testing

@testable import HTTPFront

/// Clients that read slowly, or not at all.
struct BackPressureTests {
    private static func large(_ configuration: inout ServerConfiguration) {
        configuration.limits.messageBytesMax = 8 << 20
        configuration.limits.inboxBytesMax = 1 << 24
    }

    /// More than the kernel keeps for a peer that does not read.
    private static let text = String(repeating: "x", count: 7_000_000)

    /// Sends until the kernel takes no more for the stream, then so many more; tells how many were sent in all.
    private static func flood(_ live: LiveServer, _ recipient: Recipient, more: Int) async throws -> Int {
        let text = String(repeating: "x", count: 10_000)
        var sent = 0
        while live.server.state.budget.bytesUsed == 0 {
            try await live.send(text, to: recipient)
            sent += 1
            for loop in live.loops { await loop.run {} }
            guard sent < 10_000 else { throw LiveFailure("the kernel takes everything") }
        }
        for _ in 1...more {
            try await live.send(text, to: recipient)
            sent += 1
        }
        for loop in live.loops { await loop.run {} }
        return sent
    }

    @Test(arguments: Setup.all)
    func `a slow reader costs a batch, and is told exactly what it missed`(setup: Setup) async throws {
        try await LiveServer.run(setup) { configuration in
            configuration.limits.inboxMessagesMax = 50
            configuration.limits.whenFull = .dropOldest
        } _: { live in
            for shard in 0..<setup.loops {
                let recipient = try live.recipient("u", shard: shard)
                let slow = try await live.connect(loop: 0, receiveBytes: 65_536)
                let quick = try await live.connect(loop: setup.loops - 1)
                try await slow.send(RequestBench.get("/v1/stream?recipient=\(recipient)&as=ndjson"))
                try await live.waits(at: recipient, streams: 1)
                let count = try await Self.flood(live, recipient, more: 500)
                // However much was sent: one write of 64 KiB, and what JSON adds.
                #expect(live.server.state.budget.bytesUsed < 160_000)
                #expect(await live.broker.summary(of: recipient).kept == 50)
                // The others are served as ever.
                #expect(try await quick.exchange(RequestBench.get("/v1/inbox?recipient=\(recipient)")).status == 200)

                try await slow.beginning()
                var (seen, lost, gaps) = (0, 0, 0)
                while seen + lost < count {
                    let line = try await slow.receive(through: "\n")
                    let gap = /\{"event":"gap","lost":([0-9]+),"cursor":"[0-9A-Za-z]+\.([0-9]+)"\}\n/
                    if let match = line.wholeMatch(of: gap) {
                        lost += try #require(Int(match.1))
                        gaps += 1
                        #expect(Int(match.2) == seen + lost)
                    } else {
                        seen += 1
                        let match = try #require(line.prefixMatch(of: /\{"id":"[0-9A-Za-z]+\.([0-9]+)",/))
                        #expect(Int(match.1) == seen + lost, "in order, without holes but those that were told")
                    }
                }
                #expect(seen + lost == count)
                #expect(gaps >= 1)
                #expect(seen >= 50)
                // It is in time again.
                try await live.send("last", to: recipient)
                #expect(try await slow.receive(through: "\n").contains("\"content\":\"last\""))
                await slow.leave()
                await quick.leave()
                try await live.turns { live.server.state.budget.bytesUsed == 0 }
            }
        }
    }

    @Test(arguments: Setup.all)
    func `whoever reads nothing at all is let go`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipient = try Recipient("u")
            let peer = try await live.connect(receiveBytes: 65_536)
            try await peer.send(RequestBench.get("/v1/stream?recipient=u"))
            try await live.waits(at: recipient, streams: 1)
            _ = try await Self.flood(live, recipient, more: 1)
            await live.pass(.seconds(29))
            #expect(await live.broker.summary(of: recipient).streaming == 1)
            // Should the kernel have taken something meanwhile, it is given the time again, but not for ever.
            try await live.turns {
                await live.pass(.seconds(31))
                return live.server.state.openCount == 0
            }
            try await live.waits(at: recipient)
        }
    }

    @Test(arguments: Setup.all)
    func `a stream says that it is alive while what it took is on its way`(setup: Setup) async throws {
        try await LiveServer.run(setup, Self.large) { live in
            let recipient = try Recipient("u")
            let peer = try await live.connect(receiveBytes: 65_536)
            try await peer.send(RequestBench.get("/v1/stream?recipient=u&take=1&as=ndjson"))
            _ = try await peer.answer()
            // The kernel of the server takes it, that of the peer does not.
            try await live.send(String(repeating: "x", count: 200_000), to: recipient)
            try await live.turns { await live.pendingBytes() == 0 }
            await live.pass(.milliseconds(15_100))
            #expect(await live.broker.summary(of: recipient).leased == 1)
            _ = try await peer.receive(through: "xx\",")
            _ = try await peer.receive(through: "{\"event\":\"ping\"}\n")
            await peer.leave()
        }
    }

    @Test(arguments: Setup.all)
    func `whoever reads a little is given more time`(setup: Setup) async throws {
        try await LiveServer.run(setup, Self.large) { live in
            let recipient = try Recipient("u")
            try await live.send(Self.text, to: recipient)
            let peer = try await live.connect(receiveBytes: 65_536)
            try await peer.send(RequestBench.get("/v1/poll?recipient=u"))
            try await live.turns { await live.pendingBytes() > 0 }
            var rounds = 0
            while await live.pendingBytes() > 0 {
                // Until the kernel has taken something of what waits.
                let pending = await live.pendingBytes()
                while await live.pendingBytes() == pending { _ = try await peer.receive(50_000) }
                await live.pass(.seconds(31))
                #expect(live.server.state.openCount == 1)
                rounds += 1
            }
            #expect(rounds >= 1)
            await peer.leave()
        }
    }

    @Test(arguments: Setup.all)
    func `an answer that does not fit goes as its client reads`(setup: Setup) async throws {
        try await LiveServer.run(setup, Self.large) { live in
            let recipient = try Recipient("u")
            try await live.send(Self.text, to: recipient)
            let peer = try await live.connect(receiveBytes: 65_536)
            // What comes behind it waits.
            try await peer.send(RequestBench.get("/v1/poll?recipient=u") + RequestBench.get("/health/live"))
            try await live.turns { await live.pendingBytes() > 0 }
            await live.pass(.seconds(29))
            #expect(await live.broker.summary(of: recipient).leased == 1)
            #expect(try await peer.answer().body.utf8.count > Self.text.utf8.count)
            #expect(try await peer.answer().body == #"{"status":"live"}"#)
            try await live.turns {
                await live.pass(.milliseconds(20))
                return await live.broker.summary(of: recipient).leased == 0
            }
            #expect(await live.broker.summary(of: recipient).unread == 0)
        }
    }

    @Test(arguments: Setup.all)
    func `an answer that nobody reads is given back`(setup: Setup) async throws {
        try await LiveServer.run(setup, Self.large) { live in
            let recipient = try Recipient("u")
            try await live.send(Self.text, to: recipient)
            let peer = try await live.connect(receiveBytes: 65_536)
            try await peer.send(RequestBench.get("/v1/poll?recipient=u"))
            try await live.turns { await live.pendingBytes() > 0 }
            try await live.turns {
                await live.pass(.seconds(31))
                return live.server.state.openCount == 0
            }
            try await live.turns { await live.broker.summary(of: recipient).unread == 1 }
        }
    }
}

extension LiveServer {
    /// Bytes that channels hold for peers which do not read them.
    func pendingBytes() async -> Int {
        var sum = 0
        for loop in loops {
            sum += await loop.run { loop.targets.reduce(0) { $0 + (($1 as? Channel)?.pendingBytes ?? 0) } }
        }
        return sum
    }
}
