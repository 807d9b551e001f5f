import HTTPFront
import Testing

@testable import brokerctl

/// An answer on the wire, and what it says.
struct ResponseCase: CustomTestStringConvertible, Sendable {
    let name: String
    let wire: String
    let status: Int
    let body: String
    var isComplete = true
    var mayEndHere = true

    var testDescription: String { name }
}

@Suite struct ResponseDecoderTests {
    private static let cases = [
        ResponseCase(
            name: "sized",
            wire: "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello",
            status: 200,
            body: "hello"
        ),
        ResponseCase(name: "empty", wire: "HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", status: 200, body: ""),
        ResponseCase(name: "204", wire: "HTTP/1.1 204 No Content\r\n\r\n", status: 204, body: ""),
        ResponseCase(
            name: "no reason",
            wire: "HTTP/1.1 429 \r\nContent-Length:  2 \r\n\r\nno",
            status: 429,
            body: "no"
        ),
        ResponseCase(
            name: "chunked",
            wire:
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: u\r\n\r\n",
            status: 200,
            body: "abc0123456789"
        ),
        ResponseCase(
            name: "chunked, not at its end",
            wire: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            status: 200,
            body: "abc",
            isComplete: false,
            mayEndHere: false
        ),
        ResponseCase(
            name: "up to the end of the connection",
            wire: "HTTP/1.0 200 OK\r\nX: \r\n\r\nall that comes",
            status: 200,
            body: "all that comes",
            isComplete: false
        ),
        ResponseCase(
            name: "after a sign of life",
            wire: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}",
            status: 201,
            body: "{}"
        ),
        ResponseCase(
            name: "cut off",
            wire: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
            status: 200,
            body: "hel",
            isComplete: false,
            mayEndHere: false
        ),
        ResponseCase(
            name: "only a part of the head",
            wire: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
            status: 0,
            body: "",
            isComplete: false,
            mayEndHere: false
        ),
    ]

    @Test(arguments: [1, 1000])
    func `what came in front of a mistake is given out, however the bytes are cut`(pieceBytes: Int) {
        var decoder = ResponseDecoder()
        var body: [UInt8] = []
        let wire = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\rX".utf8)
        var mistakes = 0
        var rest = wire[...]
        var pending: [UInt8] = []
        while !rest.isEmpty, mistakes == 0 {
            pending += rest.prefix(pieceBytes)
            rest = rest.dropFirst(pieceBytes)
            do throws(ResponseMistake) {
                let consumed = try decoder.decode(pending.span) { event in
                    if case .bytes(let bytes) = event { body += bytes }
                }
                pending.removeFirst(consumed)
            } catch {
                mistakes += 1
            }
        }
        #expect(mistakes == 1)
        #expect(String(decoding: body, as: UTF8.self) == "hello")
    }

    @Test(arguments: cases)
    func `an answer is decoded whole, byte by byte, and cut at each place`(response: ResponseCase) throws {
        let bytes = Array(response.wire.utf8)
        try expect(response, cuts: [])
        try expect(response, cuts: Array(bytes.indices))
        for cut in bytes.indices { try expect(response, cuts: [cut]) }
    }

    /// Presents bytes as a channel does: what was not consumed comes again, in front of what is new.
    private func expect(_ response: ResponseCase, cuts: [Int]) throws {
        let bytes = Array(response.wire.utf8)
        var decoder = ResponseDecoder()
        var kept: [UInt8] = []
        var body: [UInt8] = []
        var status = 0
        var start = 0
        for end in cuts + [bytes.count] where end > start {
            kept += bytes[start..<end]
            start = end
            let consumed = try decoder.decode(kept.span) { event in
                switch event {
                case .head(let head): status = head.status
                case .bytes(let piece): body += piece
                }
            }
            kept.removeFirst(consumed)
        }
        #expect(status == response.status, "cut at \(cuts)")
        #expect(String(decoding: body, as: UTF8.self) == response.body, "cut at \(cuts)")
        #expect(decoder.isComplete == response.isComplete, "cut at \(cuts)")
        #expect(decoder.mayEndHere == response.mayEndHere, "cut at \(cuts)")
    }

    @Test func `the fields that matter are found whatever their letters`() throws {
        let wire = Array(
            """
            HTTP/1.1 503 Busy\r\nCONTENT-TYPE: Application/Problem+JSON; charset=utf-8\r\nretry-after: 7\r\n\
            Location:  /x \r\nContent-Length: 0\r\n\r\n
            """.utf8
        )
        var heads: [HTTPHead] = []
        var decoder = ResponseDecoder()
        _ = try decoder.decode(wire.span) { event in
            if case .head(let head) = event { heads.append(head) }
        }
        let head = try #require(heads.first)
        #expect(head.mediaType == "application/problem+json")
        #expect(head.retryAfterSeconds == 7)
        #expect(head.location == "/x")
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH_9.2\r\n\r\nxxxxxxxxxxxx",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ])
    func `what is no answer is refused`(wire: String) {
        let bytes = Array(wire.utf8)
        #expect(throws: ResponseMistake.self) {
            var decoder = ResponseDecoder()
            _ = try decoder.decode(bytes.span) { _ in }
        }
    }

    @Test func `a head without end is refused`() {
        let bytes = Array(repeating: UInt8(ascii: "a"), count: ResponseHead.byteCountMax + 1)
        #expect(throws: ResponseMistake.self) { try ResponseHead.scan(bytes.span) }
    }

    @Test func `a request is written with its host, its query escaped and its length`() throws {
        let url = try #require(ServerURL("http://[::1]:81/broker"))
        var request = HTTPRequest.get("/v1/inbox", [("recipient", "a b&ü/~")])
        #expect(
            request.head(for: url)
                == "GET /broker/v1/inbox?recipient=a%20b%26%C3%BC%2F~ HTTP/1.1\r\nHost: [::1]:81\r\n"
                + "User-Agent: brokerctl/0.1.0\r\n\r\n"
        )
        request = .post("/v1/ack", body: "{}")
        let head = request.head(for: .standard)
        #expect(head.contains("\r\nHost: 127.0.0.1:8080\r\n"))
        #expect(head.hasSuffix("\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"))
    }
}
