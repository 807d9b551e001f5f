import Broker
import Testing

@testable import HTTPFront

/// What concerns a connection as a whole: how it stays, how it ends, who may have one.
struct ConnectionTests {
    @Test(
        arguments: Setup.all,
        [
            ("HTTP/1.1\r\nHost: localhost\r\n\r\n", nil),
            ("HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "close"),
            ("HTTP/1.0\r\n\r\n", "close"), ("HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive"),
            ("HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", "close"),
        ] as [(String, String?)]
    )
    func `a connection stays as its client wishes`(setup: Setup, wish: (request: String, field: String?)) async throws {
        try await LiveServer.run(setup) { live in
            for target in ["/health/live", "/v1/stats", "/v1/poll?recipient=u&timeout=0", "/nothing", "/"] {
                let peer = try await live.connect()
                let answer = try await peer.exchange("GET \(target) \(wish.request)")
                #expect(answer["Connection"] == wish.field)
                guard wish.field != "close" else {
                    #expect(try await peer.reachesEnd())
                    continue
                }
                #expect(try await peer.exchange("GET \(target) \(wish.request)").status == answer.status)
            }
        }
    }

    @Test(arguments: Setup.all)
    func `HTTP 1.0 has streams as well`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let peer = try await live.connect()
            try await peer.send("GET /v1/stream?recipient=u&as=ndjson HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let head = try await peer.beginning()
            #expect(head["Connection"] == "close")
            #expect(head["Transfer-Encoding"] == nil)
            try await live.send("hi", to: try Recipient("u"))
            #expect(try await peer.receive(through: "\n").contains(#""content":"hi""#))
            await peer.leave()
        }
    }

    @Test(
        arguments: Setup.all,
        [
            ("nonsense\r\n\r\n", 400), ("GET /\u{1} HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/2.0\r\n\r\n", 505), ("\u{16}\u{3}\u{1}", 400),
            ("GET /" + String(repeating: "x", count: 9000), 414),
            ("GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 17_000), 431),
            ("POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", 417),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        ]
    )
    func `what is no request is answered and ends the connection`(
        setup: Setup,
        wrong: (bytes: String, status: Int)
    ) async throws {
        try await LiveServer.run(setup) { live in
            // Alone, and behind a request whose traits must not stick: to HEAD there is no body.
            for before in ["", "HEAD /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"] {
                let peer = try await live.connect()
                try await peer.send(before + wrong.bytes)
                if !before.isEmpty { #expect(try await peer.answer(hasBody: false).status == 200) }
                let answer = try await peer.answer()
                #expect(answer.status == wrong.status)
                #expect(answer["Connection"] == "close")
                #expect(answer["Content-Type"] == "application/problem+json")
                #expect(answer.body.hasSuffix("\"}"))
                #expect(try await peer.reachesEnd())
            }
        }
    }

    @Test(arguments: Setup.all)
    func `methods that a path does not have are refused with those that it has`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let peer = try await live.connect()
            for (method, path, allow) in [
                ("HEAD", "/v1/poll", "GET, POST, OPTIONS"), ("HEAD", "/v1/stream", "GET, OPTIONS"),
                ("GET", "/v1/send", "POST, OPTIONS"), ("PUT", "/v1/inbox", "GET, HEAD, DELETE, OPTIONS"),
                ("TRACE", "/v1/stats", "GET, HEAD, OPTIONS"), ("POST", "/", "GET, HEAD, OPTIONS"),
                ("DELETE", "/openapi.yaml", "GET, HEAD, OPTIONS"),
            ] {
                let request = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n"
                let answer = try await peer.exchange(request, hasBody: method != "HEAD")
                #expect(answer.status == 405)
                #expect(answer["Allow"] == allow)
                let options = try await peer.exchange("OPTIONS \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(options.status == 204)
                #expect(options["Allow"] == allow)
                #expect(options["Content-Length"] == nil)
            }
            #expect(try await peer.exchange("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 204)
            let unknown = try await peer.exchange("BREW /v1/poll HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(unknown.status == 501)
        }
    }

    @Test(arguments: Setup.all)
    func `pages of an allowed origin are told that they are`(setup: Setup) async throws {
        let origin = "http://shop.example"
        try await LiveServer.run(setup) { configuration in
            configuration.allowedOrigins = [origin]
        } _: { live in
            for shard in 0..<setup.loops {
                let recipient = try live.recipient("u", shard: shard)
                let peer = try await live.connect(loop: 0)
                for request in [
                    RequestBench.json(
                        "/v1/send",
                        "{\"recipient\":\"\(recipient)\",\"content\":1}",
                        "Origin: \(origin)"
                    ),
                    RequestBench.get("/v1/poll?recipient=\(recipient)", "Origin: \(origin)"),
                    RequestBench.get("/v1/poll?nothing", "Origin: \(origin)"),
                    RequestBench.get("/v1/stats", "Origin: \(origin)"),
                ] {
                    let answer = try await peer.exchange(request)
                    #expect(answer["Access-Control-Allow-Origin"] == origin)
                    #expect(answer["Vary"] == "Origin")
                }
                // It does not stick to the connection.
                let own = try await peer.exchange(RequestBench.get("/v1/inbox?recipient=\(recipient)"))
                #expect(own["Access-Control-Allow-Origin"] == nil)
                let other = try await peer.exchange(RequestBench.get("/v1/stats", "Origin: http://evil.com"))
                #expect(other.status == 403)
                #expect(other["Access-Control-Allow-Origin"] == nil)
                let preflight = try await peer.exchange(
                    "OPTIONS /v1/send HTTP/1.1\r\nHost: localhost\r\nOrigin: \(origin)\r\n"
                        + "Access-Control-Request-Method: POST\r\n\r\n"
                )
                #expect(preflight.status == 204)
                #expect(preflight["Access-Control-Allow-Origin"] == origin)
                #expect(preflight["Access-Control-Allow-Methods"] == "POST, OPTIONS")
                #expect(preflight["Access-Control-Allow-Headers"] == "Content-Type, Idempotency-Key, Last-Event-ID")
                try await peer.send(RequestBench.get("/v1/stream?recipient=\(recipient)", "Origin: \(origin)"))
                #expect(try await peer.answer()["Access-Control-Allow-Origin"] == origin)
                await peer.leave()
            }
        }
    }

    @Test(arguments: Setup.all)
    func `pages of an allowed origin can read why they are refused`(setup: Setup) async throws {
        let origin = "http://shop.example"
        func post(_ fields: String, _ body: String = "", path: String = "/v1/send") -> String {
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\(fields)Origin: \(origin)\r\n\r\n"
                + body
        }
        try await LiveServer.run(setup, isFrozen: false) { configuration in
            configuration.allowedOrigins = [origin]
            configuration.http.bodyBytesMax = 1000
            configuration.bodyTimeout = .milliseconds(20)
        } _: { live in
            for (request, status) in [
                // Too long, as its length says and as it turns out; with the field in front of Origin, as browsers send it.
                (post("Content-Length: 1001\r\n"), 413),
                (post("Content-Length: 1001\r\nExpect: 100-continue\r\n"), 413),
                (post("Transfer-Encoding: chunked\r\n", "3e9\r\n"), 413),
                (post("Transfer-Encoding: chunked\r\n", "x"), 400),
                // It never comes.
                (post("Content-Length: 10\r\n", "{"), 408), (post("Transfer-Encoding: chunked\r\n", "1\r\n{"), 408),
                (post("Content-Length: 2\r\n", "{}"), 400),
                (post("Content-Length: 2\r\n", "{}", path: "/nothing"), 404),
                (RequestBench.get("/nothing", "Origin: \(origin)"), 404),
                (RequestBench.get("/", "Origin: \(origin)"), 200),
                ("BREW / HTTP/1.1\r\nHost: localhost\r\nOrigin: \(origin)\r\n\r\n", 501),
                ("GET /v1/stats HTTP/1.1\r\nHost: example.org\r\nOrigin: \(origin)\r\n\r\n", 421),
                ("PUT /v1/stats HTTP/1.1\r\nHost: localhost\r\nOrigin: \(origin)\r\n\r\n", 405),
            ] {
                let peer = try await live.connect()
                let answer = try await peer.exchange(request)
                #expect(answer.status == status, "\(request)")
                #expect(answer["Access-Control-Allow-Origin"] == origin, "\(request)")
                #expect(answer["Vary"] == "Origin")
                let other = try await live.connect()
                let refused = try await other.exchange(request.replacing(origin, with: "http://evil.example"))
                #expect(refused["Access-Control-Allow-Origin"] == nil, "\(request)")
                await peer.leave()
                await other.leave()
            }
        }
    }

    @Test(arguments: Setup.all, ["/v1/stats", "/metrics", "/health/live", "/health/ready"])
    func `where nothing can be asked, nothing is`(setup: Setup, path: String) async throws {
        try await LiveServer.run(setup) { live in
            let peer = try await live.connect()
            #expect(try await peer.exchange(RequestBench.get(path + "?")).status == 200)
            let answer = try await peer.exchange(RequestBench.get(path + "?verbose=1"))
            #expect(answer.status == 400)
            #expect(answer.body.contains("unknown field 'verbose'; this request takes none"))
        }
    }

    // MARK: How many

    @Test(arguments: Setup.all)
    func `one connection too many is told so, until another goes`(setup: Setup) async throws {
        try await LiveServer.run(setup) { configuration in
            configuration.connectionsMax = 2
        } _: { live in
            let (first, second) = (try await live.connect(), try await live.connect())
            try await live.turns { live.server.state.openCount == 2 }
            let third = try await live.connect()
            let refused = try await third.answer()
            #expect(refused.status == 503)
            #expect(refused["Retry-After"] == "5")
            #expect(refused["Connection"] == "close")
            #expect(refused.body.contains(#""code":"overloaded""#))
            #expect(refused.body.contains("2 connections are open, the limit; close some, or raise --connections-max"))
            #expect(try await third.reachesEnd())
            #expect(live.server.state.refusedCount == 1)
            #expect(live.server.state.openCount == 2)
            // The others are not disturbed.
            #expect(try await first.exchange(RequestBench.get("/health/live")).status == 200)
            await second.leave()
            try await live.turns { live.server.state.openCount == 1 }
            let fourth = try await live.connect()
            #expect(try await fourth.exchange(RequestBench.get("/health/live")).status == 200)
            #expect(live.server.state.acceptedCount == 4)
        }
    }
}
