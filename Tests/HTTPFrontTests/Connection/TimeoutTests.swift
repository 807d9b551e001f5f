import Broker
import Testing

@testable import HTTPFront

/// How long a client may take.
struct TimeoutTests {
    private static func detail(_ part: String, _ seconds: Int) -> String {
        "\"detail\":\"the \(part) of the request did not come within \(seconds) s; send it at once\""
    }

    /// A request whose body is cut short.
    private static let cut =
        "POST /v1/send HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n{"

    @Test(arguments: Setup.all)
    func `a head that does not come is asked for no longer`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let peer = try await live.connect()
            try await peer.send("GET /v1/")
            try await live.turns { await live.inputBytes() == 8 }
            await live.pass(.seconds(9))
            // A byte now and then does not help.
            try await peer.send("poll")
            try await live.turns { await live.inputBytes() == 12 }
            #expect(live.server.state.openCount == 1)
            await live.pass(.milliseconds(1100))
            let answer = try await peer.answer()
            #expect(answer.status == 408)
            #expect(answer["Connection"] == "close")
            #expect(answer.body.contains(Self.detail("head", 10)))
            #expect(try await peer.reachesEnd())
        }
    }

    @Test(arguments: Setup.all, ["Content-Length: 30", "Transfer-Encoding: chunked"])
    func `a body that does not come is asked for no longer`(setup: Setup, framing: String) async throws {
        try await LiveServer.run(setup) { live in
            let peer = try await live.connect()
            try await peer.send(
                "POST /v1/send HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\(framing)\r\n\r\n1"
            )
            try await live.turns { await live.isReadingBody() }
            await live.pass(.seconds(50))
            // A byte now and then does not help.
            let (kept, charged) = (await live.inputBytes(), live.server.state.budget.bytesUsed)
            try await peer.send(framing.hasPrefix("C") ? "{" : "\r\n{\r\n")
            try await live.turns { await live.inputBytes() > kept || live.server.state.budget.bytesUsed > charged }
            #expect(live.server.state.openCount == 1)
            await live.pass(.milliseconds(10_100))
            let answer = try await peer.answer()
            #expect(answer.status == 408)
            #expect(answer.body.contains(Self.detail("body", 60)))
            #expect(try await peer.reachesEnd())
            // Nothing of it is charged any more.
            #expect(live.server.state.budget.bytesUsed == 0)
        }
    }

    @Test(arguments: Setup.all)
    func `the times of one request are not those of the next`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let peer = try await live.connect()
            // Each piece ends one request and begins the next.
            let (begin, rest) = Self.parts(RequestBench.get("/health/live"), 10)
            try await peer.send(begin)
            try await live.turns { await live.inputBytes() == 10 }
            for _ in 1...3 {
                await live.pass(.seconds(9))
                try await peer.send(rest + begin)
                #expect(try await peer.answer().status == 200)
            }
            try await peer.send(rest)
            #expect(try await peer.answer().status == 200)
            let post = RequestBench.json("/v1/send", #"{"recipient":"u","content":1}"#)
            let (head, body) = Self.parts(post, post.utf8.count - 10)
            try await peer.send(head)
            try await live.turns { await live.isReadingBody() }
            for _ in 1...3 {
                await live.pass(.seconds(55))
                try await peer.send(body + head)
                #expect(try await peer.answer().status == 201)
            }
            try await peer.send(body)
            #expect(try await peer.answer().status == 201)
        }
    }

    private static func parts(_ text: String, _ count: Int) -> (String, String) {
        (
            String(decoding: text.utf8.prefix(count), as: UTF8.self),
            String(decoding: text.utf8.dropFirst(count), as: UTF8.self)
        )
    }

    @Test(arguments: Setup.all)
    func `a connection without requests is closed after a while`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let (fresh, used) = (try await live.connect(), try await live.connect())
            try await live.turns { live.server.state.openCount == 2 }
            #expect(try await used.exchange(RequestBench.get("/health/live")).status == 200)
            await live.pass(.seconds(70))
            #expect(try await used.exchange(RequestBench.get("/health/live")).status == 200)
            await live.pass(.seconds(10))
            #expect(try await fresh.reachesEnd())
            try await live.turns { live.server.state.openCount == 1 }
            await live.pass(.seconds(80))
            #expect(try await used.reachesEnd())
        }
    }

    @Test(arguments: Setup.all)
    func `a client that waits is not idle`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            for shard in 0..<setup.loops {
                let recipient = try live.recipient("u", shard: shard)
                let peer = try await live.connect(loop: 0)
                try await peer.send(RequestBench.get("/v1/poll?recipient=\(recipient)&timeout=300"))
                try await live.waits(at: recipient, polls: 1)
                for _ in 1...5 { await live.pass(.seconds(50)) }
                #expect(await live.broker.summary(of: recipient).waiting == 1)
                await live.pass(.milliseconds(50_100))
                #expect(try await peer.answer().body == #"{"success":"0"}"#)
                // The time between requests begins with the answer.
                await live.pass(.seconds(60))
                #expect(try await peer.exchange(RequestBench.get("/health/live")).status == 200)
                await peer.leave()
            }
        }
    }

    // Nobody moves the clock here: the loops wake up by themselves.
    @Test(arguments: Setup.all)
    func `the times are as they are configured`(setup: Setup) async throws {
        let time = Duration.milliseconds(20)
        try await LiveServer.run(setup, isFrozen: false) {
            $0.headerTimeout = time
            $0.bodyTimeout = time
        } _: { live in
            let (head, body) = (try await live.connect(), try await live.connect())
            try await head.send("G")
            #expect(try await head.answer().status == 408)
            try await body.send(Self.cut)
            #expect(try await body.answer().status == 408)
        }
        try await LiveServer.run(setup, isFrozen: false) {
            $0.idleTimeout = time
        } _: { live in
            let peer = try await live.connect()
            #expect(try await peer.reachesEnd())
        }
        try await LiveServer.run(setup, isFrozen: false) {
            $0.pingInterval = time
        } _: { live in
            let stream = try await live.connect()
            try await stream.send(RequestBench.get("/v1/stream?recipient=u"))
            for _ in 1...3 { _ = try await stream.receive(through: "event: ping\ndata: {}\n\n") }
            await stream.leave()
        }
    }
}

extension LiveServer {
    /// Does something with each connection, on its loop.
    func connections<Value: Sendable>(_ body: @escaping @Sendable (HTTPConnection) -> Value) async -> [Value] {
        var values: [Value] = []
        for loop in loops {
            values += await loop.run {
                loop.targets.compactMap { ($0 as? Channel)?.handler as? HTTPConnection }.map(body)
            }
        }
        return values
    }

    /// Bytes of requests that are not complete.
    func inputBytes() async -> Int {
        await connections { $0.channel.keptInputBytes }.reduce(0, +)
    }

    /// Whether a body is awaited of which something has come.
    func isReadingBody() async -> Bool {
        await connections { $0.incoming != nil && $0.front.server.budget.bytesUsed > 0 }.contains(true)
    }
}
