import Testing

@testable import HTTPFront

/// What a well-formed head says.
struct HeadParserTests {
    /// Heads that are accepted, for feeding them in pieces.
    static let accepted = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", "GET / HTTP/1.9\r\nHost: a\r\n\r\n",
        "HEAD /v1/stats HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "GET /v1/poll?recipient=u42&timeout=40&cursor=k3Qz9.18 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
            + "User-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n",
        "POST /v1/send HTTP/1.1\r\nHost: [::1]:8080\r\nContent-Type: application/json\r\nContent-Length: 17\r\n"
            + "Expect: 100-Continue\r\nIdempotency-Key: \"8e03\"\r\n"
            + "Authorization: Bearer x.y\r\n\r\n{\"content\":\"hi\"}",
        "POST /v1/send HTTP/1.1\r\nhOST:a\r\nTRANSFER-ENCODING:\t Chunked \t\r\n\r\n0\r\n\r\n",
        "GET /v1/stream?recipient=u%2042 HTTP/1.1\r\nHost: a.example:80\r\nOrigin: https://b.example\r\n"
            + "Accept: text/event-stream\r\nLast-Event-ID: k3Qz9.18\r\nCookie: a=b; c=d\r\n"
            + "If-None-Match: \"x\", *\r\nSec-Fetch-Site: same-origin\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "OPTIONS /v1/send HTTP/1.1\r\nHost: a\r\nAccess-Control-Request-Method: POST\r\n"
            + "Access-Control-Request-Headers: content-type, idempotency-key\r\n\r\n",
        "GET http://b.example:8080/x?y HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET HTTP://b.example HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://b.example?q=1 HTTP/1.1\r\nHost: a\r\n\r\n",
        "DELETE /v1/inbox?recipient=[a]|b{c}%7e HTTP/1.1\r\nHost: a\r\nX: caf\u{E9} \u{1F600}\tz\r\nY:\r\n\r\n",
        "BREW /?? HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, , keep-alive\r\nConnection: CLOSE,\r\n\r\nGET",
    ]

    /// Heads that are refused, with the status.
    static let refused = RefusedRequest.all

    @Test(arguments: accepted)
    func `a head is the same however it is cut`(text: String) {
        let bytes = Array(text.utf8)
        let whole = CodecProbe.parseHead(bytes, cuts: [bytes.count])
        guard case .accepted = whole else {
            Issue.record("\(whole)")
            return
        }
        #expect(CodecProbe.parseHead(bytes, cuts: Array(0...bytes.count)) == whole, "byte by byte")
        for cut in 0...bytes.count {
            #expect(CodecProbe.parseHead(bytes, cuts: [cut, bytes.count]) == whole, "cut at \(cut)")
        }
    }

    @Test(arguments: accepted)
    func `a head that is not complete asks for more`(text: String) throws {
        let bytes = Array(text.utf8)
        let byteCount = try #require(try CodecProbe.head(text)).byteCount
        for cut in 0..<byteCount {
            #expect(CodecProbe.parseHead(bytes, cuts: [cut]) == .incomplete, "cut at \(cut)")
        }
    }

    @Test(arguments: 2...9)
    func `a later version of HTTP 1 counts as the latest that is known`(minor: Int) throws {
        let head = try #require(try CodecProbe.head("GET / HTTP/1.\(minor)\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"))
        #expect(head.minorVersion == 1)
        #expect(head.isKeepAlive)
        #expect(throws: RequestRefusal.self) { try CodecProbe.head("GET / HTTP/1.\(minor)\r\n\r\n") }
    }

    @Test
    func `a request line gives method, path, query and version`() throws {
        let text = "GET /v1/poll?recipient=u42&timeout=40 HTTP/1.1\r\nHost: a\r\n\r\n"
        let head = try #require(try CodecProbe.head(text))
        #expect(head.method == .get)
        #expect(CodecProbe.text(head.methodRange, of: text) == "GET")
        #expect(CodecProbe.text(head.target, of: text) == "/v1/poll?recipient=u42&timeout=40")
        #expect(CodecProbe.text(head.path, of: text) == "/v1/poll")
        #expect(CodecProbe.text(head.query, of: text) == "recipient=u42&timeout=40")
        #expect(head.minorVersion == 1)
        #expect(head.framing == .none)
        #expect(head.isKeepAlive)
        #expect(!head.expectsContinue)
        #expect(head.byteCount == text.utf8.count)
    }

    @Test(arguments: [
        ("GET", HTTPMethod.get), ("HEAD", .head), ("POST", .post), ("DELETE", .delete), ("OPTIONS", .options),
        ("PUT", .put), ("PATCH", .patch), ("get", .other), ("TRACE", .other), ("M-SEARCH", .other),
        (String(repeating: "X", count: 32), .other),
    ])
    func `method names are case-sensitive`(name: String, method: HTTPMethod) throws {
        let head = try #require(try CodecProbe.head("\(name) / HTTP/1.1\r\nHost: a\r\n\r\n"))
        #expect(head.method == method)
        #expect(method == .other || method.name.description == name)
    }

    @Test(
        arguments: [
            ("/", "/", nil), ("/?", "/", ""), ("/?a?b", "/", "a?b"), ("http://h", "/", nil), ("http://h?q", "/", "q"),
            ("http://h/p?q", "/p", "q"), ("HtTp://h/", "/", nil), ("//x", "//x", nil), ("/a%20b", "/a%20b", nil),
        ] as [(String, String, String?)]
    )
    func `a target has a path and perhaps a query`(target: String, path: String, query: String?) throws {
        let text = "GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n"
        let head = try #require(try CodecProbe.head(text))
        #expect(CodecProbe.text(head.path, of: text) == path)
        #expect(CodecProbe.text(head.query, of: text) == query)
        #expect(CodecProbe.text(head.host, of: text) == (target.hasPrefix("/") ? "a" : "h"))
    }

    @Test
    func `field values are trimmed and names match in any case`() throws {
        let text =
            "POST / HTTP/1.1\r\nHOST: \t a.example:80 \t \r\ncontent-type:text/plain\r\nAccEPT:  */*\r\n"
            + "origin: null\r\nLAST-event-id: 1\r\nidempotency-KEY: k\r\n"
            + "authorization: a b\r\ncookie:\r\nif-none-match: \"e\"\r\n"
            + "access-control-request-method: PUT\r\naccess-control-request-headers: x\r\n"
            + "Content-Encoding: gzip\r\n"
            + "Sec-Fetch-Site: same-origin\r\n\r\n"
        let head = try #require(try CodecProbe.head(text))
        #expect(CodecProbe.text(head.host, of: text) == "a.example:80")
        #expect(CodecProbe.text(head.contentType, of: text) == "text/plain")
        #expect(CodecProbe.text(head.contentEncoding, of: text) == "gzip")
        #expect(CodecProbe.text(head.secFetchSite, of: text) == "same-origin")
        #expect(CodecProbe.text(head.accept, of: text) == "*/*")
        #expect(CodecProbe.text(head.origin, of: text) == "null")
        #expect(CodecProbe.text(head.lastEventID, of: text) == "1")
        #expect(CodecProbe.text(head.idempotencyKey, of: text) == "k")
        #expect(CodecProbe.text(head.authorization, of: text) == "a b")
        #expect(CodecProbe.text(head.cookie, of: text)?.isEmpty == true)
        #expect(CodecProbe.text(head.ifNoneMatch, of: text) == "\"e\"")
        #expect(CodecProbe.text(head.accessControlRequestMethod, of: text) == "PUT")
        #expect(CodecProbe.text(head.accessControlRequestHeaders, of: text) == "x")
    }

    @Test(arguments: [
        ("1.1", "", true), ("1.0", "", false), ("1.0", "Connection: keep-alive\r\n", true),
        ("1.1", "Connection: close\r\n", false), ("1.1", "Connection: x, Close , y\r\n", false),
        ("1.1", "Connection: keep-alive\r\nConnection: close\r\n", false),
        ("1.0", "Connection: close, keep-alive\r\n", false),
        ("1.0", "Connection: x\r\nConnection: KEEP-ALIVE\r\n", true),
        ("1.1", "Connection: closed\r\n", true), ("1.1", "Connection:\r\n", true), ("1.1", "Connection: ,,\r\n", true),
    ])
    func `the version and Connection decide whether the connection is kept`(
        version: String,
        fields: String,
        keeps: Bool
    )
        throws
    {
        let head = try #require(try CodecProbe.head("GET / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n"))
        #expect(head.isKeepAlive == keeps)
    }

    @Test(arguments: [
        ("1.1", "", BodyFraming.none, false), ("1.1", "Content-Length: 0\r\n", .length(0), false),
        ("1.1", "Content-Length: 5\r\n", .length(5), false), ("1.1", "Content-Length: 00005\r\n", .length(5), false),
        ("1.1", "Content-Length: 8388608\r\n", .length(8 << 20), false),
        ("1.0", "Content-Length: 5\r\n", .length(5), false),
        ("1.1", "Transfer-Encoding: chunked\r\n", .chunked, false),
        ("1.1", "Expect: 100-continue\r\nContent-Length: 5\r\n", .length(5), true),
        ("1.1", "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", .chunked, true),
        ("1.1", "Expect: 100-continue\r\n", .none, false),
        ("1.1", "Expect: 100-continue\r\nContent-Length: 0\r\n", .length(0), false),
        ("1.0", "Expect: 100-continue\r\nContent-Length: 5\r\n", .length(5), false),
    ])
    func `the fields frame the body`(
        version: String,
        fields: String,
        framing: BodyFraming,
        expectsContinue: Bool
    ) throws {
        let head = try #require(try CodecProbe.head("GET / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n"))
        #expect(head.framing == framing)
        #expect(head.expectsContinue == expectsContinue)
    }

    @Test
    func `a parser goes on with the next request, with or without a reset`() throws {
        var parser = HeadParser(limits: HTTPLimits())
        let first = Array("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b".utf8)
        let second = Array("POST /bc HTTP/1.1\r\nHost: b\r\n\r\n".utf8)
        let head = try #require(try first.withUnsafeBufferPointer { try parser.parse($0.span) })
        #expect(head.byteCount == first.count - 6)
        #expect(try second.withUnsafeBufferPointer { try parser.parse($0.span.extracting(..<9)) } == nil)
        #expect(try second.withUnsafeBufferPointer { try parser.parse($0.span) }?.method == .post)
        #expect(try second.withUnsafeBufferPointer { try parser.parse($0.span.extracting(..<9)) } == nil)
        parser.reset()
        #expect(try first.withUnsafeBufferPointer { try parser.parse($0.span) }?.method == .get)
    }

    @Test
    func `bytes that were read are not read again until the head is complete`() throws {
        var parser = HeadParser(limits: HTTPLimits())
        var bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + [UInt8](repeating: 0x78, count: 8000)
        #expect(try bytes.withUnsafeBufferPointer { try parser.parse($0.span) } == nil)
        for index in bytes.indices {
            bytes[index] = 0
        }
        bytes.append(0x78)
        #expect(try bytes.withUnsafeBufferPointer { try parser.parse($0.span) } == nil)
    }

    @Test
    func `the parser of an idle connection is small`() {
        #expect(MemoryLayout<HeadParser>.size <= 56)
        #expect(MemoryLayout<ChunkedDecoder>.size <= 40)
    }

    @Test
    func `byte sets hold what the RFCs list`() {
        let alphanumerics = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        let sets: [(ByteSet, String)] = [
            (.token, alphanumerics + "!#$%&'*+-.^_`|~"),
            (.hostName, alphanumerics + "-._~!$&'()*+,;="),
            (.path, alphanumerics + "-._~!$&'()*+,;=:@/[]|"),
            (.query, alphanumerics + "-._~!$&'()*+,;=:@/?[]|{}^`\\"),
        ]
        for (set, text) in sets {
            let members = Set(text.utf8)
            for byte in UInt8.min...UInt8.max {
                #expect(set.contains(byte) == members.contains(byte), "byte \(byte) of \(text)")
            }
        }
    }
}
