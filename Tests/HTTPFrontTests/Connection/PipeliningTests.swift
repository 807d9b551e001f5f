import Broker
import Testing

@testable import HTTPFront

/// Requests that come before the ones before them were answered.
struct PipeliningTests {
    private static func send(_ recipient: Recipient, _ content: String) -> String {
        RequestBench.json("/v1/send", #"{"recipient":"\#(recipient)","content":\#(content)}"#)
    }

    @Test(arguments: Setup.all)
    func `requests in one piece are answered in order`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            for shard in 0..<setup.loops {
                let recipient = try live.recipient("u", shard: shard)
                let peer = try await live.connect(loop: 0)
                try await peer.send(
                    Self.send(recipient, "1") + Self.send(recipient, "2")
                        + RequestBench.get("/v1/inbox?recipient=\(recipient)")
                        + RequestBench.get("/v1/poll?recipient=\(recipient)&limit=1") + RequestBench.get("/nothing")
                        + RequestBench.get("/v1/poll?recipient=\(recipient)&cursor=0")
                        + RequestBench.delete("/v1/inbox?recipient=\(recipient)") + RequestBench.get("/health/live")
                )
                #expect(try await peer.answer().body.contains(#""unread":1}"#))
                #expect(try await peer.answer().body.contains(#""unread":2}"#))
                #expect(try await peer.answer().body.contains(#""unread":2,"leased":0,"kept":2"#))
                let taken = try await peer.answer().body
                #expect(taken.contains(#""content":1,"#) && taken.hasSuffix(#""unread":1}"#))
                #expect(try await peer.answer().status == 404)
                let followed = try await peer.answer().body
                #expect(followed.contains(#""content":1,"#) && followed.contains(#""content":2,"#))
                #expect(try await peer.answer().status == 204)
                #expect(try await peer.answer().body == #"{"status":"live"}"#)
            }
        }
    }

    @Test(arguments: Setup.all)
    func `what stands behind a parked poll waits for it`(setup: Setup) async throws {
        try await LiveServer.run(setup, isFrozen: false) { live in
            for shard in 0..<setup.loops {
                let (first, second) = (try live.recipient("a", shard: shard), try live.recipient("b", shard: 0))
                let peer = try await live.connect(loop: 0)
                try await peer.send(
                    RequestBench.get("/v1/poll?recipient=\(first)&timeout=300") + Self.send(second, "1")
                        + RequestBench.get("/v1/poll?recipient=\(first)&timeout=0.01")
                        + RequestBench.get("/v1/poll?recipient=\(second)")
                )
                try await live.waits(at: first, polls: 1)
                #expect(await live.broker.summary(of: second).unread == 0)
                try await live.send("go", to: first)
                #expect(try await peer.answer().body.contains(#""content":"go""#))
                #expect(try await peer.answer().status == 201)
                #expect(try await peer.answer().body == #"{"success":"0"}"#)
                #expect(try await peer.answer().body.contains(#""content":1,"#))
            }
        }
    }

    @Test(arguments: Setup.all)
    func `so much waits behind a parked poll at most`(setup: Setup) async throws {
        try await LiveServer.run(setup) { configuration in
            configuration.limits.messageBytesMax = 1 << 20
        } _: { live in
            let recipient = try Recipient("u")
            let peer = try await live.connect()
            // Also after a body that was longer.
            for content in ["1", "\"\(String(repeating: "x", count: 500_000))\""] {
                try await peer.send(Self.send(recipient, content))
                #expect(try await peer.answer().status == 201)
                _ = try await peer.exchange(RequestBench.get("/v1/poll?recipient=u"))
                try await peer.send(RequestBench.get("/v1/poll?recipient=u"))
                try await live.waits(at: recipient, polls: 1)
                let count = 3000
                let requests = String(repeating: RequestBench.get("/health/live?"), count: count)
                async let sent: Void = peer.send(requests)
                try await live.turns { await live.inputBytes() >= 65_536 }
                for _ in 1...20 { await live.pass(.zero) }
                #expect(await live.inputBytes() == 65_536)
                try await live.send("go", to: recipient)
                for _ in 0...count { #expect(try await peer.answer().status == 200) }
                try await sent
            }
        }
    }

    @Test(arguments: Setup.all)
    func `answers go to who sent, and messages to who streams`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipient = try live.recipient("u", shard: 0)
            // All of it on one loop: the stream is written to while answers of the sender are not yet.
            let (stream, sender) = (try await live.connect(loop: 0), try await live.connect(loop: 0))
            try await stream.send(RequestBench.get("/v1/stream?recipient=\(recipient)&as=ndjson"))
            #expect(try await stream.beginning().status == 200)
            let count = 20
            try await sender.send(
                (1...count).map { Self.send(recipient, "\($0)") }.joined()
                    + RequestBench.delete("/v1/inbox?recipient=\(recipient)") + RequestBench.get("/health/live")
            )
            for number in 1...count {
                #expect(try await sender.answer().status == 201)
                #expect(try await stream.receive(through: "\n").contains("\"content\":\(number),"))
            }
            #expect(try await sender.answer().status == 204)
            #expect(try await sender.answer().body == #"{"status":"live"}"#)
            #expect(try await stream.receive(through: "\n") == "{\"event\":\"bye\",\"reason\":\"deleted\"}\n")
            #expect(try await stream.reachesEnd())
        }
    }

    @Test(arguments: Setup.all)
    func `what a client has asked before it ended is answered`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try (0..<4).map { try live.recipient("\($0)-", shard: $0 % setup.loops) }
            let peer = try await live.connect(loop: 0)
            try await peer.send(recipients.map { Self.send($0, "1") }.joined() + "GET /cut")
            try await peer.finishSending()
            for _ in recipients { #expect(try await peer.answer().status == 201) }
            #expect(try await peer.reachesEnd())
            for recipient in recipients { #expect(await live.broker.summary(of: recipient).unread == 1) }
            try await live.turns { live.server.state.openCount == 0 }
        }
    }

    @Test(arguments: Setup.all)
    func `a poll that a client which has ended would wait for is dropped`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            for shard in 0..<setup.loops {
                let (first, second) = (try live.recipient("a", shard: 0), try live.recipient("b", shard: shard))
                let peer = try await live.connect(loop: setup.loops - 1)
                // The first is answered after the end has come, if its inbox is on another loop.
                try await peer.send(Self.send(first, "1") + RequestBench.get("/v1/poll?recipient=\(second)"))
                try await peer.finishSending()
                #expect(try await peer.answer().status == 201)
                #expect(try await peer.reachesEnd())
                try await live.waits(at: second)
            }
        }
    }

    @Test(arguments: Setup.all)
    func `a request may come byte by byte`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipient = try Recipient("u")
            let peer = try await live.connect()
            for byte in Self.send(recipient, "1").utf8 {
                try await peer.send([byte])
                await live.pass(.zero)
            }
            #expect(try await peer.answer().status == 201)
            for byte in RequestBench.get("/v1/poll?recipient=u").utf8 {
                try await peer.send([byte])
                await live.pass(.zero)
            }
            #expect(try await peer.answer().body.contains(#""content":1,"#))
        }
    }

    @Test(arguments: Setup.all)
    func `a client that asks much and reads late gets every answer`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let count = 100
            let peer = try await live.connect(receiveBytes: 65_536)
            let requests = (1...count).map { number in
                RequestBench.get("/openapi.yaml") + RequestBench.get("/v1/inbox?recipient=u\(number)")
            }
            async let sent: Void = peer.send(requests.joined())
            // While it does not read, the server keeps what one write left for it, of 7 MB, and reads no more itself.
            try await live.turns { live.server.state.budget.bytesUsed > 0 }
            #expect(live.server.state.budget.bytesUsed < 3 << 20)
            for number in 1...count {
                #expect(try await peer.answer()["Content-Type"] == "application/yaml")
                #expect(try await peer.answer().body.hasPrefix("{\"recipient\":\"u\(number)\","))
            }
            try await sent
        }
    }
}
