import Broker
import Testing

@testable import HTTPFront

/// A taken message is read when its answer has arrived, and unread again when it cannot arrive.
struct ArrivalTests {
    private static let recipient = "u"

    private static func summary(_ live: LiveServer) async throws -> InboxSummary {
        await live.broker.summary(of: try Recipient(recipient))
    }

    private static func isRead(_ live: LiveServer) async throws {
        try await live.turns {
            // Arrival is looked at from time to time.
            await live.pass(.milliseconds(20))
            guard let summary = try? await summary(live) else { return false }
            return summary.unread == 0 && summary.leased == 0 && summary.kept == 1
        }
    }

    private static func isUnread(_ live: LiveServer) async throws {
        try await live.turns {
            guard let summary = try? await summary(live) else { return false }
            return summary.unread == 1 && summary.leased == 0
        }
    }

    private static func large(_ configuration: inout ServerConfiguration) {
        configuration.limits.messageBytesMax = 1 << 20
        configuration.limits.inboxBytesMax = 1 << 22
    }

    /// More than the kernel of a peer takes that does not read: the rest stays with that of the server, at least.
    private static let text = String(repeating: "x", count: 400_000)

    @Test(arguments: Setup.all)
    func `a message is read soon after its answer was received`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            try await live.send("hi", to: try Recipient(Self.recipient))
            let peer = try await live.connect()
            #expect(try await peer.exchange(RequestBench.get("/v1/poll?recipient=u")).body.contains(#""content":"hi""#))
            try await Self.isRead(live)
            // And stays so when the connection goes.
            await peer.reset()
            try await live.turns { live.server.state.openCount == 0 }
            #expect(try await Self.summary(live).unread == 0)
        }
    }

    @Test(arguments: Setup.all)
    func `a message is not read as long as its answer is on its way`(setup: Setup) async throws {
        try await LiveServer.run(setup, Self.large) { live in
            try await live.send(Self.text, to: try Recipient(Self.recipient))
            let peer = try await live.connect(receiveBytes: 65_536)
            try await peer.send(RequestBench.get("/v1/poll?recipient=u"))
            try await live.turns { (try? await Self.summary(live).leased) == 1 }
            // However long it takes.
            for _ in 1...5 { await live.pass(.seconds(5)) }
            #expect(try await Self.summary(live).leased == 1)
            let answer = try await peer.answer()
            #expect(answer.body.utf8.count > Self.text.utf8.count)
            try await Self.isRead(live)
        }
    }

    @Test(arguments: Setup.all, [false, true])
    func `a message is unread again when the connection dies before its answer arrived`(
        setup: Setup,
        isLast: Bool
    ) async throws {
        try await LiveServer.run(setup, Self.large) { live in
            try await live.send(Self.text, to: try Recipient(Self.recipient))
            let peer = try await live.connect(receiveBytes: 65_536)
            let next = try await live.connect()
            let request = RequestBench.get("/v1/poll?recipient=u", isLast ? "Connection: close" : "X-Other: 1")
            try await peer.send(request)
            try await live.turns { (try? await Self.summary(live).leased) == 1 }
            try await next.send(RequestBench.get("/v1/poll?recipient=u"))
            try await live.waits(at: try Recipient(Self.recipient), polls: 1)
            await peer.reset()
            // It goes to whoever waits.
            #expect(try await next.answer().body.utf8.count > Self.text.utf8.count)
            try await Self.isRead(live)
        }
    }

    @Test(arguments: Setup.all)
    func `a leased message is unread again when the connection dies before its answer arrived`(
        setup: Setup
    ) async throws {
        try await LiveServer.run(setup, Self.large) { live in
            try await live.send(Self.text, to: try Recipient(Self.recipient))
            let peer = try await live.connect(receiveBytes: 65_536)
            try await peer.send(RequestBench.get("/v1/poll?recipient=u&lease=60"))
            try await live.turns { (try? await Self.summary(live).leased) == 1 }
            await peer.reset()
            try await Self.isUnread(live)
            let next = try await live.connect()
            let answer = try await next.exchange(RequestBench.get("/v1/poll?recipient=u&lease=60"))
            // The attempt that never arrived is not counted.
            #expect(answer.body.contains(#""attempt":1}"#))
        }
    }

    @Test(
        arguments: Setup.all,
        [
            "GET /v1/poll?recipient=u HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "GET /v1/poll?recipient=u HTTP/1.0\r\n\r\n",
        ]
    )
    func `the last answer of a connection is confirmed too`(setup: Setup, request: String) async throws {
        try await LiveServer.run(setup) { live in
            try await live.send("hi", to: try Recipient(Self.recipient))
            let peer = try await live.connect()
            let answer = try await peer.exchange(request)
            #expect(answer.body.contains(#""content":"hi""#))
            #expect(answer["Connection"] == "close")
            #expect(try await peer.reachesEnd())
            await peer.leave()
            try await live.turns { live.server.state.openCount == 0 }
            try await Self.isRead(live)
        }
    }

    @Test(arguments: Setup.all)
    func `the last answer of a connection that its peer leaves open is confirmed too`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            try await live.send("hi", to: try Recipient(Self.recipient))
            let peer = try await live.connect()
            _ = try await peer.exchange(RequestBench.get("/v1/poll?recipient=u", "Connection: close"))
            #expect(try await peer.reachesEnd())
            try await live.turns {
                // It is asked again and again whether the answer has arrived.
                await live.pass(.milliseconds(1100))
                return live.server.state.openCount == 0
            }
            try await Self.isRead(live)
        }
    }

    @Test(arguments: Setup.all)
    func `a slow peer has the time that it needs for its last answer`(setup: Setup) async throws {
        try await LiveServer.run(setup, Self.large) { live in
            try await live.send(Self.text, to: try Recipient(Self.recipient))
            let peer = try await live.connect(receiveBytes: 65_536)
            try await peer.send(RequestBench.get("/v1/poll?recipient=u", "Connection: close"))
            try await live.turns { (try? await Self.summary(live).leased) == 1 }
            for _ in 1...5 { await live.pass(.seconds(1)) }
            #expect(try await Self.summary(live).leased == 1)
            #expect(try await peer.answer().body.utf8.count > Self.text.utf8.count)
            #expect(try await peer.reachesEnd())
            await peer.leave()
            try await live.turns { live.server.state.openCount == 0 }
            try await Self.isRead(live)
        }
    }

    @Test(arguments: Setup.all, ["", "Connection: close"])
    func `a client that ends after its request has its answer, and the message is read`(
        setup: Setup,
        field: String
    ) async throws {
        try await LiveServer.run(setup, isFrozen: false) { live in
            let recipient = try live.recipient(Self.recipient, shard: 0)
            try await live.send("hi", to: recipient)
            let peer = try await live.connect(loop: 0)
            try await peer.send(
                RequestBench.get("/v1/poll?recipient=\(recipient)", field.isEmpty ? "X-Other: 1" : field)
            )
            try await peer.finishSending()
            #expect(try await peer.answer().body.contains(#""content":"hi""#))
            #expect(try await peer.reachesEnd())
            await peer.leave()
            try await live.turns { live.server.state.openCount == 0 }
            #expect(await live.broker.summary(of: recipient).unread == 0)
            #expect(await live.broker.summary(of: recipient).leased == 0)
        }
    }

    @Test(arguments: Setup.all, [false, true])
    func `a message that comes in the turn in which its taker leaves is unread again`(
        setup: Setup,
        hasPolled: Bool
    ) async throws {
        try await LiveServer.run(setup, isFrozen: false) { live in
            let recipient = try live.recipient(Self.recipient, shard: 0)
            let request = RequestBench.get("/v1/poll?recipient=\(recipient)&timeout=300")
            let peer = try await live.connect(loop: 0)
            // Those that came to another loop have gone.
            try await live.turns { live.server.state.openCount == 1 }
            // The first poll of a connection makes the task that waits for the later ones.
            if hasPolled {
                try await peer.send(request)
                try await live.waits(at: recipient, polls: 1)
                try await live.send("first", to: recipient)
                _ = try await peer.answer()
                try await live.turns { await live.broker.summary(of: recipient).leased == 0 }
            }
            let draft = Draft(recipient: recipient, payload: try Sample.message("1.1", "1").payload)
            // The request, a message, and the end of the connection in one turn, before the tasks have theirs.
            await live.turn(of: 0, receiving: request) { [shard = live.broker.shards[0]] channel in
                _ = try? shard.assumeIsolated { try $0.send(draft) }
                channel.close()
            }
            try await live.turns { live.server.state.openCount == 0 }
            try await live.turns { await live.broker.summary(of: recipient).unread == 1 }
        }
    }

    @Test(arguments: Setup.all)
    func `a client that ends after its request may take its time to receive`(setup: Setup) async throws {
        try await LiveServer.run(setup, Self.large) { live in
            let recipient = try live.recipient(Self.recipient, shard: 0)
            try await live.send(Self.text, to: recipient)
            let peer = try await live.connect(loop: 0, receiveBytes: 65_536)
            try await peer.send(RequestBench.get("/v1/poll?recipient=\(recipient)"))
            try await peer.finishSending()
            try await live.turns { await live.broker.summary(of: recipient).leased == 1 }
            for _ in 1...5 { await live.pass(.seconds(5)) }
            #expect(await live.broker.summary(of: recipient).leased == 1)
            #expect(try await peer.answer().body.utf8.count > Self.text.utf8.count)
            try await live.turns {
                await live.pass(.milliseconds(20))
                return live.server.state.openCount == 0
            }
            #expect(try await peer.reachesEnd())
            #expect(await live.broker.summary(of: recipient).leased == 0)
            #expect(await live.broker.summary(of: recipient).unread == 0)
        }
    }

    @Test(arguments: Setup.all)
    func `messages that several loops hold are settled each on its own`(setup: Setup) async throws {
        try await LiveServer.run(setup, isFrozen: false, Self.large) { live in
            let recipients = try (0..<2).map { try live.recipient("\($0)-", shard: $0 % setup.loops) }
            let target = "/v1/poll?" + recipients.map { "recipient=\($0)" }.joined(separator: "&")
            func counts() async -> [Int] {
                var counts: [Int] = []
                for recipient in recipients {
                    let summary = await live.broker.summary(of: recipient)
                    counts += [summary.unread, summary.leased]
                }
                return counts
            }
            for recipient in recipients { try await live.send(Self.text, to: recipient) }
            let lost = try await live.connect(receiveBytes: 65_536)
            try await lost.send(RequestBench.get(target))
            try await live.turns { await counts() == [0, 1, 0, 1] }
            await lost.reset()
            try await live.turns { await counts() == [1, 0, 1, 0] }
            let peer = try await live.connect()
            let answer = try await peer.exchange(RequestBench.get(target))
            #expect(answer.body.contains(#""unread":0}"#))
            try await live.turns { await counts() == [0, 0, 0, 0] }
        }
    }
}
