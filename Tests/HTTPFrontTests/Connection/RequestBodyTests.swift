import Broker
import Testing

@testable import HTTPFront

/// Bodies of requests: how they come, how large they may be.
struct RequestBodyTests {
    private static let json = #"{"recipient":"u","content":1}"#

    private static func chunked(_ chunks: String, _ fields: String...) -> String {
        let fields = ["Host: localhost", "Content-Type: application/json", "Transfer-Encoding: chunked"] + fields
        return "POST /v1/send HTTP/1.1\r\n" + fields.joined(separator: "\r\n") + "\r\n\r\n" + chunks
    }

    private static func small(_ configuration: inout ServerConfiguration) {
        configuration.http.bodyBytesMax = 1000
    }

    /// A message that makes a body of so many bytes.
    private static func body(_ count: Int) -> String {
        let frame = #"{"recipient":"u","content":""}"#
        return frame.dropLast(2) + String(repeating: "x", count: count - frame.utf8.count) + frame.suffix(2)
    }

    @Test(arguments: Setup.all)
    func `a body has so many bytes at most`(setup: Setup) async throws {
        try await LiveServer.run(setup, Self.small) { live in
            let peer = try await live.connect()
            #expect(try await peer.exchange(RequestBench.json("/v1/send", Self.body(1000))).status == 201)
            let chunk = "3e8\r\n\(Self.body(1000))\r\n0\r\n\r\n"
            #expect(try await peer.exchange(Self.chunked(chunk)).status == 201)
            for request in [
                // Refused before it comes, and while it comes.
                "POST /v1/send HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n\r\n",
                RequestBench.json("/v1/send", Self.body(1001)),
                Self.chunked("3e9\r\n\(Self.body(1001))\r\n0\r\n\r\n"),
                Self.chunked("3e8\r\n\(Self.body(1000))\r\n1\r\n \r\n0\r\n\r\n"),
            ] {
                let peer = try await live.connect()
                let answer = try await peer.exchange(request)
                #expect(answer.status == 413)
                #expect(answer["Connection"] == "close")
                #expect(answer.body.contains("the body is longer than 1000 bytes; send it in parts"))
                #expect(try await peer.reachesEnd())
            }
            #expect(live.server.state.budget.bytesUsed == 0)
        }
    }

    @Test(arguments: Setup.all)
    func `a message has so many bytes at most`(setup: Setup) async throws {
        try await LiveServer.run(setup) { configuration in
            configuration.limits.messageBytesMax = 10
        } _: { live in
            let peer = try await live.connect()
            // Quotes are content too; white space that means nothing is not.
            let fits = #"{"recipient":"u","content": [ 1, 2, "abc" ]}"#
            #expect(try await peer.exchange(RequestBench.json("/v1/send", fits)).status == 413)
            let tight = #"{"recipient":"u","content":   [ 1 , "abcd" ]   }"#
            #expect(try await peer.exchange(RequestBench.json("/v1/send", tight)).status == 201)
            let answer = try await peer.exchange(RequestBench.form("/v1/send", "recipient=u&content=123456789"))
            #expect(answer.status == 413)
            #expect(answer.body.contains("the content has 11 bytes, the limit is 10;"))
            #expect(answer["Connection"] == nil)
        }
    }

    @Test(arguments: Setup.all)
    func `a body may come in chunks, whole or in pieces`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let peer = try await live.connect()
            let parts = [
                "5\r\n\(Self.json.prefix(5))\r\n", "18;x=y\r\n\(Self.json.dropFirst(5))\r\n", "0\r\nX: y\r\n\r\n",
            ]
            let request = Self.chunked(parts.joined())
            // Two in one piece, then one byte by byte, with a request behind it.
            try await peer.send(request + request)
            #expect(try await peer.answer().body.contains(#""unread":1}"#))
            #expect(try await peer.answer().body.contains(#""unread":2}"#))
            for byte in (request + RequestBench.get("/health/live")).utf8 {
                try await peer.send([byte])
                await live.pass(.zero)
            }
            #expect(try await peer.answer().body.contains(#""unread":3}"#))
            #expect(try await peer.answer().body == #"{"status":"live"}"#)
        }
    }

    @Test(arguments: Setup.all, ["x\r\n", "5\r\nabcdeX", "-1\r\n", "fffffffffffffffff\r\n", "5 5\r\n", "\r\n"])
    func `chunks that are malformed end the connection`(setup: Setup, chunks: String) async throws {
        try await LiveServer.run(setup) { live in
            let peer = try await live.connect()
            try await peer.send(Self.chunked("2\r\n{}\r\n"))
            try await live.turns { await live.isReadingBody() }
            let answer = try await peer.exchange(chunks)
            #expect(answer.status == 400 || answer.status == 413)
            #expect(answer["Connection"] == "close")
            #expect(try await peer.reachesEnd())
            #expect(live.server.state.budget.bytesUsed == 0)
        }
    }

    @Test(arguments: Setup.all)
    func `a client that leaves in the midst of a body is not charged any more`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            for request in [
                Self.chunked("ffff\r\n" + String(repeating: "x", count: 5000)),
                "POST /v1/send HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
                    + String(repeating: "x", count: 50_000),
            ] {
                let peer = try await live.connect()
                try await peer.send(request)
                try await live.turns { await live.isReadingBody() }
                await peer.reset()
                try await live.turns { live.server.state.openCount == 0 }
                #expect(live.server.state.budget.bytesUsed == 0)
            }
        }
    }

    @Test(arguments: Setup.all)
    func `bodies share a budget`(setup: Setup) async throws {
        try await LiveServer.run(setup) { configuration in
            configuration.buffersBytesMax = 100_000
        } _: { live in
            let chunks = try await live.connect()
            try await chunks.send(Self.chunked("fffff\r\n" + String(repeating: "x", count: 200_000)))
            let answer = try await chunks.answer()
            #expect(answer.status == 503)
            #expect(answer["Retry-After"] == "5")
            #expect(answer.body.contains("all buffers are in use; send again later, or raise --buffers-bytes-max"))
            let length = try await live.connect()
            _ = try? await length.send(
                "POST /v1/send HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n"
                    + String(repeating: "x", count: 200_000)
            )
            await chunks.leave()
            try await live.turns { live.server.state.acceptedCount == 2 && live.server.state.openCount == 0 }
            #expect(live.server.state.budget.bytesUsed == 0)
            let other = try await live.connect()
            #expect(try await other.exchange(RequestBench.json("/v1/send", Self.json)).status == 201)
        }
    }

    // MARK: Expect

    private static func expecting(_ fields: String...) -> String {
        let fields =
            ["Content-Type: application/json", "Content-Length: \(json.utf8.count)", "Expect: 100-continue"] + fields
        return "POST /v1/send HTTP/1.1\r\n" + fields.joined(separator: "\r\n") + "\r\n\r\n"
    }

    @Test(arguments: Setup.all, [json, "1d\r\n\(json)\r\n0\r\n\r\n"])
    func `a client that waits for it is invited to send its body`(setup: Setup, body: String) async throws {
        try await LiveServer.run(setup) { live in
            let peer = try await live.connect()
            let head =
                body == Self.json
                ? Self.expecting("Host: localhost") : Self.chunked("", "Expect: 100-continue")
            // Twice, the second time behind another request.
            for before in ["", RequestBench.get("/health/live")] {
                try await peer.send(before + head)
                if !before.isEmpty { #expect(try await peer.answer().status == 200) }
                let invitation = "HTTP/1.1 100 Continue\r\n\r\n"
                #expect(try await peer.receive(invitation.utf8.count) == invitation)
                try await peer.send(body)
                #expect(try await peer.answer().status == 201)
            }
        }
    }

    @Test(arguments: Setup.all)
    func `who sends the body at once is not invited`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let peer = try await live.connect()
            #expect(try await peer.exchange(Self.expecting("Host: localhost") + Self.json).status == 201)
            let chunk = "1d\r\n\(Self.json)\r\n0\r\n\r\n"
            #expect(try await peer.exchange(Self.chunked(chunk, "Expect: 100-continue")).status == 201)
            // Nor who has begun to send it.
            try await peer.send(Self.expecting("Host: localhost") + Self.json.prefix(5))
            try await live.turns { await live.isReadingBody() }
            #expect(try await peer.exchange(String(Self.json.dropFirst(5))).status == 201)
        }
    }

    @Test(
        arguments: Setup.all,
        [
            ("Host: evil.com", 421), ("Host: localhost\r\nOrigin: http://evil.com", 403),
        ]
    )
    func `a request that is refused anyway need not send its body`(
        setup: Setup,
        refused: (fields: String, status: Int)
    ) async throws {
        try await LiveServer.run(setup) { live in
            let peer = try await live.connect()
            let answer = try await peer.exchange(Self.expecting(refused.fields))
            #expect(answer.status == refused.status)
            #expect(answer["Connection"] == "close")
            #expect(try await peer.reachesEnd())
        }
    }

    @Test(arguments: Setup.all)
    func `a method that is not one of the path is refused before its body comes`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let peer = try await live.connect()
            let answer = try await peer.exchange(
                "PUT /v1/send HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
            )
            #expect(answer.status == 405)
            #expect(answer["Allow"] == "POST, OPTIONS")
            #expect(try await peer.reachesEnd())
        }
    }
}
