import Testing

@testable import Broker
@testable import HTTPFront

/// A server that shuts down: everybody is answered, and it takes no longer than it may.
struct DrainTests {
    /// Begins to drain, and waits until every loop and every shard knows.
    private static func begin(_ live: LiveServer) async throws -> Task<Bool, Never> {
        let draining = Task { await live.server.drain(within: RawPeer.patience) }
        try await live.turns {
            var isDraining = true
            for shard in live.broker.shards { isDraining = await shard.isDraining && isDraining }
            for front in live.server.state.allFronts {
                isDraining =
                    await front.loop.run { [front = LoopConfined(front)] in front.value.isDraining } && isDraining
            }
            return isDraining
        }
        return draining
    }

    @Test(arguments: Setup.all)
    func `polls are answered and streams say goodbye`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            var (polls, streams): ([LivePeer], [LivePeer]) = ([], [])
            for shard in 0..<setup.loops {
                let recipient = try live.recipient("u", shard: shard)
                for index in 0..<setup.loops {
                    polls.append(try await live.connect(loop: index))
                    streams.append(try await live.connect(loop: index))
                    try await polls.last?.send(RequestBench.get("/v1/poll?recipient=\(recipient)"))
                    try await streams.last?.send(RequestBench.get("/v1/stream?recipient=\(recipient)&as=ndjson"))
                    try await streams.last?.beginning()
                }
                try await live.waits(at: recipient, polls: setup.loops, streams: setup.loops)
            }
            let both = try await live.connect()
            let recipients = try (0..<setup.loops).map { "recipient=\(try live.recipient("v", shard: $0))" }
            try await both.send(RequestBench.get("/v1/poll?" + recipients.joined(separator: "&") + "&cursor=now"))
            try await live.waits(at: try live.recipient("v", shard: setup.loops - 1), polls: 1)
            polls.append(both)

            #expect(await live.server.drain(within: RawPeer.patience))
            for peer in polls {
                let answer = try await peer.answer()
                #expect(answer.body == #"{"success":"0"}"#)
                #expect(answer["Connection"] == "close")
                #expect(try await peer.reachesEnd())
            }
            for peer in streams {
                #expect(try await peer.receive(through: "\n") == "{\"event\":\"bye\",\"reason\":\"draining\"}\n")
                #expect(try await peer.reachesEnd())
            }
        }
    }

    @Test(arguments: Setup.all)
    func `what still comes is answered as by a server that shuts down`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            // A request whose body is half there holds the server up.
            let slow = try await live.connect()
            let (begin, end) = ("{\"recipient\":\"u\",", "\"content\":1}")
            try await slow.send(String(RequestBench.json("/v1/send", begin + end).dropLast(end.count)))
            try await live.turns { await live.isReadingBody() }
            var peers: [LivePeer] = []
            for _ in 1...5 { peers.append(try await live.connect()) }
            try await live.turns { live.server.state.openCount == 6 }
            let draining = try await Self.begin(live)
            for loop in live.loops { #expect(await loop.run { !loop.targets.contains { $0 is Listener } }) }
            let send = try await peers[0].exchange(RequestBench.json("/v1/send", #"{"recipient":"u","content":1}"#))
            #expect(send.status == 503)
            #expect(send["Retry-After"] == "5")
            #expect(send.body.contains(#""code":"draining""#))
            #expect(send["Connection"] == "close")
            #expect(try await peers[1].exchange(RequestBench.get("/health/ready")).status == 503)
            #expect(try await peers[2].exchange(RequestBench.get("/health/live")).status == 200)
            #expect(try await peers[3].exchange(RequestBench.get("/v1/poll?recipient=u")).body == #"{"success":"0"}"#)
            #expect(try await peers[4].exchange(RequestBench.get("/v1/stream?recipient=u")).status == 503)
            for peer in peers { #expect(try await peer.reachesEnd()) }
            let last = try await slow.exchange(end)
            #expect(last.status == 503)
            #expect(await draining.value)
        }
    }

    @Test(arguments: Setup.all)
    func `whoever does not read is not waited for longer than it may take`(setup: Setup) async throws {
        try await LiveServer.run(setup) { configuration in
            configuration.limits.messageBytesMax = 8 << 20
            configuration.limits.inboxBytesMax = 1 << 24
        } _: { live in
            let recipient = try Recipient("u")
            try await live.send(String(repeating: "x", count: 7_000_000), to: recipient)
            let peer = try await live.connect(receiveBytes: 65_536)
            try await peer.send(RequestBench.get("/v1/poll?recipient=u"))
            try await live.turns { live.server.state.budget.bytesUsed > 0 }
            var isFinished = true
            let elapsed = await ContinuousClock().measure {
                isFinished = await live.server.drain(within: .milliseconds(50))
            }
            #expect(!isFinished)
            #expect(elapsed >= .milliseconds(50))
            #expect(live.server.state.openCount == 0)
        }
    }

    @Test(arguments: Setup.all)
    func `an answer that is being read is waited for`(setup: Setup) async throws {
        try await LiveServer.run(setup) { configuration in
            configuration.limits.messageBytesMax = 8 << 20
            configuration.limits.inboxBytesMax = 1 << 24
        } _: { live in
            let recipient = try Recipient("u")
            try await live.send(String(repeating: "x", count: 7_000_000), to: recipient)
            let peer = try await live.connect(receiveBytes: 65_536)
            try await peer.send(RequestBench.get("/v1/poll?recipient=u"))
            try await live.turns { live.server.state.budget.bytesUsed > 0 }
            let draining = try await Self.begin(live)
            #expect(try await peer.answer().body.utf8.count > 7_000_000)
            #expect(await draining.value)
        }
    }

    @Test(arguments: Setup.all)
    func `stopping needs nobody's consent`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let (poll, stream, half) = (try await live.connect(), try await live.connect(), try await live.connect())
            try await poll.send(RequestBench.get("/v1/poll?recipient=u"))
            try await stream.send(RequestBench.get("/v1/stream?recipient=u"))
            try await half.send("GET /")
            try await live.waits(at: try Recipient("u"), polls: 1, streams: 1)
            live.server.stop()
            #expect(try await poll.reachesEnd())
            #expect(live.server.state.openCount == 0)
        }
    }
}

extension Shard {
    fileprivate var isDraining: Bool { state.isDraining }
}
