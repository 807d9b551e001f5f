import Broker
import Testing

@testable import HTTPFront

/// What a running server tells its log.
@Suite(.timeLimit(.minutes(5)))
struct ServerLogTests {
    private func server(_ log: CollectedLog, _ change: (inout ServerConfiguration) -> Void = { _ in }) throws -> Server
    {
        var configuration = ServerConfiguration()
        configuration.port = 0
        configuration.log = log
        change(&configuration)
        let server = try Server(configuration)
        server.start()
        return server
    }

    private func ask(_ server: Server, _ request: String, until end: String) throws -> String {
        let peer = try RawPeer(SocketAddress(host: "127.0.0.1", port: server.port))
        peer.send(request + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        var answer: [UInt8] = []
        while !String(decoding: answer, as: UTF8.self).hasSuffix(end) {
            let more = peer.receive(1)
            guard !more.isEmpty else { break }
            answer += more
        }
        return String(decoding: answer, as: UTF8.self)
    }

    @Test
    func `its beginning and its end are told, and requests are not`() async throws {
        let log = CollectedLog()
        let server = try server(log)
        _ = try ask(server, "GET /health/live", until: "}")
        await server.drain(within: .seconds(60))
        let lines = log.lines
        try #require(lines.count == 3)
        #expect(lines[0].hasPrefix("info server listens url=\(server.url) version="))
        #expect(lines[1].hasPrefix("info drain begins within=60.0 seconds connections.open="))
        #expect(lines[2].hasPrefix("info server stopped uptime.seconds="))
    }

    @Test
    func `each request is told at the level debug`() async throws {
        let log = CollectedLog(.debug)
        let server = try server(log)
        _ = try ask(server, "GET /v1/poll?recipient=u42&timeout=0", until: "}")
        _ = try ask(server, "GET /v1/poll?recipient=u42&limit=0", until: "}")
        _ = try ask(server, "GET /nothing", until: "}")
        _ = try ask(server, "GET /v1/stream?recipient=u42&as=ndjson&session=s&take=1&callback=x", until: "}")
        _ = try ask(server, "BREW /pot", until: "}")
        _ = try ask(server, "nonsense", until: "}")
        await server.drain(within: .seconds(60))
        let requests = log.lines.filter { $0.hasPrefix("debug") }
        #expect(
            requests == [
                "debug request method=GET path=/v1/poll status=200",
                "debug request method=GET path=/v1/poll status=400",
                "debug request method=GET path=/nothing status=404",
                "debug request method=GET path=/v1/stream status=400",
                "debug request method=BREW path=/pot status=501", "debug request method=- path=- status=400",
            ]
        )
    }

    @Test
    func `that the connection limit is reached is told once, however many come`() async throws {
        let log = CollectedLog(.warning)
        let server = try server(log) { $0.connectionsMax = 1 }
        let first = try RawPeer(SocketAddress(host: "127.0.0.1", port: server.port))
        first.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(!first.receive(1).isEmpty)
        for _ in 0..<20 {
            let answer = try ask(server, "GET /health/live", until: "}")
            #expect(answer.hasPrefix("HTTP/1.1 503 "))
        }
        #expect(
            log.lines.filter { $0.hasPrefix("warning") } == [
                "warning connection limit reached, connections are answered 503 times=1 raise=--connections-max"
            ]
        )
        server.stop()
    }

    @Test
    func `that the memory is spent is told of sends and of readers`() async throws {
        for target in ["/v1/poll?recipient=u42&timeout=0", "/v1/stream?recipient=u42"] {
            let log = CollectedLog(.warning)
            let server = try server(log) { $0.limits.memoryBytesMax = 100 }
            let answer = try ask(server, "GET " + target, until: "}")
            #expect(answer.hasPrefix("HTTP/1.1 507 "))
            #expect(
                log.lines.filter { $0.hasPrefix("warning") }.map { $0.prefix(28) } == ["warning memory limit reached"]
            )
            server.stop()
        }
    }
}
