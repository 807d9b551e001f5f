import Broker
import Testing

@testable import HTTPFront

/// What belongs to a connection goes with it.
struct LifetimeTests {
    /// Objects that are not kept alive by being looked at.
    private struct Remnants: @unchecked Sendable {
        struct Remnant {
            weak var connection: HTTPConnection?
            weak var channel: Channel?
            weak var stream: EventStream?
        }

        var remnants: [Remnant] = []

        var areGone: Bool { remnants.allSatisfy { $0.connection == nil && $0.channel == nil && $0.stream == nil } }
    }

    private static func remnants(_ live: LiveServer) async -> Remnants {
        let found = await live.connections { connection in
            LoopConfined(
                Remnants.Remnant(connection: connection, channel: connection.channel, stream: connection.stream)
            )
        }
        return Remnants(remnants: found.map(\.value))
    }

    @Test(
        arguments: Setup.all,
        [
            "", "GET /v1/", RequestBench.get("/v1/poll?recipient=u"), RequestBench.get("/v1/stream?recipient=u"),
            RequestBench.get("/v1/poll?recipient=a&recipient=b&recipient=c&recipient=d&recipient=e"),
            RequestBench.get("/v1/stream?recipient=a&recipient=b&recipient=c&recipient=d&recipient=e&take=1"),
            RequestBench.get("/v1/poll?recipient=u&timeout=0") + RequestBench.get("/v1/poll?recipient=u"),
            RequestBench.get("/v1/poll?recipient=u&timeout=0.001"), RequestBench.get("/v1/stats"), "nonsense\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab",
            RequestBench.get("/v1/poll?recipient=full"), RequestBench.get("/v1/stream?recipient=full&take=1"),
        ]
    )
    func `a connection is freed when it is closed`(setup: Setup, request: String) async throws {
        try await LiveServer.run(setup) { live in
            try await live.send("hi", to: try Recipient("full"))
            for isReset in [false, true] {
                let peer = try await live.connect()
                try await live.turns { live.server.state.openCount == 1 }
                try await peer.send(request)
                for _ in 1...3 { await live.pass(.milliseconds(20)) }
                let remnants = await Self.remnants(live)
                if isReset { await peer.reset() } else { await peer.leave() }
                try await live.turns { live.server.state.openCount == 0 && remnants.areGone }
                let statistics = await live.broker.statistics()
                #expect(statistics.waiting == 0)
                #expect(statistics.streaming == 0)
            }
        }
    }

    @Test(arguments: PollerKind.allCases)
    func `a server that stops while many are still to be told leaves nobody waiting`(poller: PollerKind) async throws {
        weak var front: Front?
        try await LiveServer.run(Setup(poller: poller, loops: 1)) { live in
            front = live.server.state.allFronts.first
            let recipient = try Recipient("u")
            var peers: [LivePeer] = []
            for _ in 0..<150 {
                peers.append(try await live.connect())
                try await peers.last?.send(RequestBench.get("/v1/poll?recipient=u&timeout=300"))
            }
            try await live.waits(at: recipient, polls: 150)
            let loop = live.loops[0]
            let shard = live.broker.shard(of: recipient)
            await loop.run {
                // Some are told in this turn, and some in its slices; no other turn follows.
                shard.assumeIsolated { $0.delete(recipient) }
                loop.stop()
            }
            live.server.stop()
        }
        // Each parked poll's task would keep it.
        #expect(front == nil)
    }

    @Test(arguments: Setup.all)
    func `a server is freed when it has stopped`(setup: Setup) async throws {
        weak var state: ServerState?
        weak var front: Front?
        weak var loop: EventLoop?
        try await LiveServer.run(setup, isFrozen: false) { live in
            state = live.server.state
            front = live.server.state.allFronts.first
            loop = live.loops.first
            let (poll, stream) = (try await live.connect(), try await live.connect())
            try await poll.send(RequestBench.get("/v1/poll?recipient=u&timeout=0.001"))
            _ = try await poll.answer()
            try await poll.send(RequestBench.get("/v1/poll?recipient=u&timeout=300"))
            try await stream.send(RequestBench.get("/v1/stream?recipient=u"))
            try await live.waits(at: try Recipient("u"), polls: 1, streams: 1)
            #expect(state != nil && front != nil && loop != nil)
        }
        #expect(state == nil)
        #expect(front == nil)
        #expect(loop == nil)
    }
}
