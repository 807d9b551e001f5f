import Testing

/// A request that must be refused, and the status that it must be refused with.
struct RefusedRequest: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: [UInt8]
    var status: Int

    var testDescription: String { name }

    init(_ name: String, _ text: String, _ status: Int) {
        self.init(name, Array(text.utf8), status)
    }

    init(_ name: String, _ bytes: [UInt8], _ status: Int) {
        self.name = name
        self.bytes = bytes
        self.status = status
    }

    /// A request with `fields` (each with its line end) behind a good Host.
    static func fields(_ name: String, _ fields: String, _ status: Int = 400, version: String = "1.1") -> RefusedRequest
    {
        RefusedRequest(name, "POST / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n", status)
    }

    /// A request with `line` as its first line.
    static func line(_ name: String, _ line: String, _ status: Int = 400) -> RefusedRequest {
        RefusedRequest(name, "\(line)\r\nHost: a\r\n\r\n", status)
    }

    /// A request with `host` (with its name and line end) as only field.
    static func host(_ name: String, _ host: String, version: String = "1.1") -> RefusedRequest {
        RefusedRequest(name, "GET / HTTP/\(version)\r\n\(host)\r\n", 400)
    }

    static let all = requestLines + targets + hosts + lineEnds + fieldLines + framings + repeats + limits

    static let requestLines: [RefusedRequest] = [
        RefusedRequest("TLS hello", [0x16, 0x03, 0x01, 0x02, 0x00, 0x01], 400),
        RefusedRequest("NUL", [0], 400),
        RefusedRequest("SSH banner's bytes", [0xFF, 0xFD], 400),
        .line("HTTP/2 preface", "PRI * HTTP/2.0", 505),
        .line("no method", " / HTTP/1.1"),
        .line("two leading empty lines", "\r\n\r\nGET / HTTP/1.1"),
        .line("a leading blank line", " \r\nGET / HTTP/1.1"),
        RefusedRequest("a leading bare LF", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        RefusedRequest("a leading bare CR", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        .line("a method that is no token", "GE(T / HTTP/1.1"),
        .line("a method with a byte beyond ASCII", "G\u{C9}T / HTTP/1.1"),
        .line("CONNECT", "CONNECT a:80 HTTP/1.1", 501),
        .line("a method of 33 bytes", String(repeating: "M", count: 33) + " / HTTP/1.1", 501),
        .line("a tab behind the method", "GET\t/ HTTP/1.1"),
        .line("two spaces behind the method", "GET  / HTTP/1.1"),
        .line("two spaces behind the target", "GET /  HTTP/1.1"),
        .line("a tab behind the target", "GET /\tHTTP/1.1"),
        .line("a space behind the version", "GET / HTTP/1.1 "),
        .line("HTTP/0.9", "GET /"),
        .line("no target", "GET HTTP/1.1"),
        .line("no method and target", "HTTP/1.1"),
        .line("HTTP/0.9 by number", "GET / HTTP/0.9", 505),
        .line("HTTP/1.2 and more", "GET / HTTP/1.2x"),
        .line("HTTP/1.x", "GET / HTTP/1.x"),
        .line("HTTP/2.0", "GET / HTTP/2.0", 505),
        .line("HTTP/3", "GET / HTTP/3", 505),
        .line("HTTP/1.", "GET / HTTP/1."),
        .line("HTTP/11", "GET / HTTP/11"),
        .line("HTTP/1.10", "GET / HTTP/1.10"),
        .line("HTTP/1.01", "GET / HTTP/1.01"),
        .line("HTTP/01.1", "GET / HTTP/01.1", 505),
        .line("http/1.1", "GET / http/1.1"),
        .line("HTTP 1.1", "GET / HTTP 1.1"),
        .line("HTTPS/1.1", "GET / HTTPS/1.1"),
        .line("ICY/1.1", "GET / ICY/1.1"),
        .line("a second request line", "GET / HTTP/1.1\r\nGET / HTTP/1.1"),
    ]

    static let targets: [RefusedRequest] = [
        .line("a fragment", "GET /#x HTTP/1.1"),
        .line("a fragment in the query", "GET /?a#x HTTP/1.1"),
        .line("'*' with GET", "GET * HTTP/1.1"),
        .line("'*' with more", "OPTIONS *x HTTP/1.1"),
        .line("'*' with a query", "OPTIONS *?x HTTP/1.1"),
        .line("no slash", "GET x HTTP/1.1"),
        .line("a query alone", "GET ?x HTTP/1.1"),
        .line("authority form", "GET a:80 HTTP/1.1"),
        .line("another scheme", "GET ftp://a/ HTTP/1.1"),
        .line("https", "GET https://a/ HTTP/1.1", 421),
        .line("absolute without authority", "GET http:///x HTTP/1.1"),
        .line("absolute without slashes", "GET http:/x HTTP/1.1"),
        .line("absolute with user", "GET http://u@a/ HTTP/1.1"),
        .line("absolute with user and password", "GET http://u:p@a/ HTTP/1.1"),
        .line("absolute with a bad port", "GET http://a:x/ HTTP/1.1"),
        .line("absolute with an open bracket", "GET http://[::1/ HTTP/1.1"),
        .line("an escape of one digit", "GET /%2 HTTP/1.1"),
        .line("an escape without digits", "GET /% HTTP/1.1"),
        .line("an escape that is none", "GET /%zz HTTP/1.1"),
        .line("an escape that is none in the query", "GET /?a=%4g HTTP/1.1"),
        .line("a backslash in the path", "GET /\\x HTTP/1.1"),
        .line("a quote in the path", "GET /\" HTTP/1.1"),
        .line("'<' in the query", "GET /?< HTTP/1.1"),
        .line("bytes beyond ASCII", "GET /\u{E9} HTTP/1.1"),
        .line("bytes beyond ASCII in the query", "GET /?\u{E9} HTTP/1.1"),
        .line("NUL in the target", "GET /\0 HTTP/1.1"),
        .line("DEL in the target", "GET /\u{7F} HTTP/1.1"),
        .line("a control in the query", "GET /?\u{1} HTTP/1.1"),
        RefusedRequest("a bare CR in the target", "GET /\rx HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        RefusedRequest("a bare LF in the target", "GET /\nHost: a\r\n\r\n", 400),
    ]

    static let hosts: [RefusedRequest] = [
        .host("no Host", ""),
        .host("no Host with an absolute target", "X: y\r\n"),
        .host("an empty Host", "Host:\r\n"),
        .host("a blank Host", "Host: \t \r\n"),
        .host("two Hosts", "Host: a\r\nHost: a\r\n"),
        .host("two Hosts in 1.0", "Host: a\r\nHost: b\r\n", version: "1.0"),
        .host("a bad Host in 1.0", "Host: a b\r\n", version: "1.0"),
        .host("a list of hosts", "Host: a, b\r\n"),
        .host("a blank in Host", "Host: a b\r\n"),
        .host("a path in Host", "Host: a/b\r\n"),
        .host("a scheme in Host", "Host: http://a\r\n"),
        .host("a user in Host", "Host: u@a\r\n"),
        .host("a port that is no number", "Host: a:http\r\n"),
        .host("a port that is too large", "Host: a:65536\r\n"),
        .host("a signed port", "Host: a:+80\r\n"),
        .host("two ports", "Host: a:80:80\r\n"),
        .host("a port alone", "Host: :80\r\n"),
        .host("an IPv6 address without brackets", "Host: ::1\r\n"),
        .host("an open bracket", "Host: [::1\r\n"),
        .host("empty brackets", "Host: []\r\n"),
        .host("text behind the bracket", "Host: [::1]x\r\n"),
        .host("a zone", "Host: [fe80::1%25eth0]\r\n"),
        .host("seven groups", "Host: [1:2:3:4:5:6:7]\r\n"),
        .host("nine groups", "Host: [1:2:3:4:5:6:7:8:9]\r\n"),
        .host("two gaps", "Host: [1::2::3]\r\n"),
        .host("a name in brackets", "Host: [localhost]\r\n"),
        .host("a bad escape in Host", "Host: a%2\r\n"),
        .host("bytes beyond ASCII in Host", "Host: b\u{FC}cher.example\r\n"),
        .host("a question mark in Host", "Host: a?b\r\n"),
    ]

    static let lineEnds: [RefusedRequest] = [
        RefusedRequest("bare LF behind the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
        RefusedRequest("bare CR behind the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n", 400),
        RefusedRequest("CR and a letter behind the request line", "GET / HTTP/1.1\rXHost: a\r\n\r\n", 400),
        RefusedRequest("CR and a letter behind a field", "GET / HTTP/1.1\r\nHost: a\rXX: y\r\n\r\n", 400),
        RefusedRequest("CR CR LF behind the request line", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400),
        RefusedRequest("bare LF behind a field", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400),
        RefusedRequest("bare CR behind a field", "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", 400),
        RefusedRequest("CR CR LF behind a field", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", 400),
        RefusedRequest("bare LF for the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400),
        RefusedRequest("bare CR for the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\rX", 400),
        RefusedRequest("LF only", "GET / HTTP/1.1\nHost: a\n\n", 400),
        RefusedRequest("LF CR", "GET / HTTP/1.1\n\rHost: a\n\r\n\r", 400),
    ]

    static let fieldLines: [RefusedRequest] = [
        .fields("obs-fold with a space", "X: a\r\n b\r\n"),
        .fields("obs-fold with a tab", "X: a\r\n\tb\r\n"),
        .fields("a folded Transfer-Encoding", "Transfer-Encoding:\r\n chunked\r\n"),
        RefusedRequest("a blank in front of the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
        .fields("a space before the colon", "Content-Length : 5\r\n"),
        .fields("a tab before the colon", "Transfer-Encoding\t: chunked\r\n"),
        .fields("a space in the name", "Content Length: 5\r\n"),
        .fields("an empty name", ": x\r\n"),
        .fields("no colon", "X\r\n"),
        .fields("a name in parentheses", "(X): y\r\n"),
        .fields("a name with a byte beyond ASCII", "X\u{E9}: y\r\n"),
        .fields("a name with NUL", "X\0: y\r\n"),
        .fields("a name with DEL", "X\u{7F}: y\r\n"),
        .fields("a name with a line feed", "X\nContent-Length: 5\r\n"),
        .fields("NUL in a value", "X: a\0b\r\n"),
        .fields("a control in a value", "X: a\u{1}b\r\n"),
        .fields("a vertical tab in a value", "X: \u{B}chunked\r\n"),
        .fields("DEL in a value", "X: a\u{7F}\r\n"),
        .fields("an escape in a value", "X: \u{1B}[0m\r\n"),
        .fields("a request that is answered too early", "X: a\nGET /evil HTTP/1.1\r\n"),
    ]

    static let framings: [RefusedRequest] = [
        .fields("a length and a coding", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        .fields("a coding and a length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
        .fields("a coding and the length 0", "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"),
        .fields("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n"),
        .fields("two equal lengths", "Content-Length: 5\r\nContent-Length: 5\r\n"),
        .fields("a list of lengths", "Content-Length: 5, 5\r\n"),
        .fields("an empty length", "Content-Length:\r\n"),
        .fields("a positive length", "Content-Length: +5\r\n"),
        .fields("a negative length", "Content-Length: -5\r\n"),
        .fields("a negative zero", "Content-Length: -0\r\n"),
        .fields("a hexadecimal length", "Content-Length: 0x5\r\n"),
        .fields("a decimal length", "Content-Length: 5.0\r\n"),
        .fields("a length with an exponent", "Content-Length: 1e1\r\n"),
        .fields("a space in the length", "Content-Length: 1 0\r\n"),
        .fields("an underscore in the length", "Content-Length: 1_0\r\n"),
        .fields("a length in quotes", "Content-Length: \"5\"\r\n"),
        .fields("a length beyond 64 bits", "Content-Length: 18446744073709551621\r\n"),
        .fields("a length beyond 63 bits", "Content-Length: 9223372036854775808\r\n"),
        .fields("a length beyond all bits", "Content-Length: \(String(repeating: "9", count: 400))\r\n"),
        .fields("a length in other digits", "Content-Length: \u{0665}\r\n"),
        .fields("a length beyond the limit", "Content-Length: 8388609\r\n", 413),
        .fields("the largest length", "Content-Length: 9223372036854775807\r\n", 413),
        .fields("an unknown coding", "Transfer-Encoding: gzip\r\n", 501),
        .fields("an unknown coding and chunked", "Transfer-Encoding: gzip, chunked\r\n", 501),
        .fields("identity", "Transfer-Encoding: identity\r\n", 501),
        .fields("almost chunked", "Transfer-Encoding: xchunked\r\n", 501),
        .fields("two codings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        .fields("two different codings", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 501),
        .fields("chunked twice", "Transfer-Encoding: chunked, chunked\r\n"),
        .fields("chunked first", "Transfer-Encoding: chunked, gzip\r\n"),
        .fields("chunked with a comma", "Transfer-Encoding: chunked,\r\n"),
        .fields("a comma and chunked", "Transfer-Encoding: ,chunked\r\n"),
        .fields("chunked with a parameter", "Transfer-Encoding: chunked;q=1\r\n"),
        .fields("chunked in quotes", "Transfer-Encoding: \"chunked\"\r\n"),
        .fields("chunked and a blank and text", "Transfer-Encoding: chunked x\r\n"),
        .fields("an empty coding", "Transfer-Encoding:\r\n"),
        .fields("chunked with a byte beyond ASCII", "Transfer-Encoding: chunked\u{A0}\r\n"),
        .fields("a coding in 1.0", "Transfer-Encoding: chunked\r\n", version: "1.0"),
        .fields("an unknown coding in 1.0", "Transfer-Encoding: gzip\r\n", version: "1.0"),
        .fields("another expectation", "Expect: 200-ok\r\n", 417),
        .fields("an empty expectation", "Expect:\r\n", 417),
        .fields("a list of expectations", "Expect: 100-continue, x\r\n", 417),
        .fields("Connection with text that is no list", "Connection: close x\r\n"),
        .fields("Connection in quotes", "Connection: \"close\"\r\n"),
    ]

    static let repeats: [RefusedRequest] =
        [
            "Content-Type", "Content-Encoding", "Origin", "Last-Event-ID", "Idempotency-Key", "Authorization", "Cookie",
            "If-None-Match", "Accept", "Sec-Fetch-Site", "Access-Control-Request-Method",
            "Access-Control-Request-Headers",
        ].map { .fields("\($0) twice", "\($0): a\r\nX: y\r\n\($0.lowercased()): a\r\n") } + [
            .fields("Expect twice", "Expect: 100-continue\r\nExpect: 100-continue\r\n")
        ]

    static let limits: [RefusedRequest] = [
        .line("a request line of 8193 bytes", "GET /\(String(repeating: "a", count: 8193 - 14)) HTTP/1.1", 414),
        .line(
            "a request line that only its version makes too long",
            "GET /\(String(repeating: "a", count: 8180)) HTTP/1.1",
            414
        ),
        .line(
            "a request line that an escape makes too long",
            "GET /\(String(repeating: "a", count: 8186))%20 HTTP/1.1",
            414
        ),
        .line("a query that is too long", "GET /?\(String(repeating: "a", count: 9000)) HTTP/1.1", 414),
        .fields("a value that is too long", "X: \(String(repeating: "a", count: 16384))\r\n", 431),
        .fields("a name that is too long", "\(String(repeating: "a", count: 16384)): x\r\n", 431),
        .fields(
            "fields that are too long together",
            String(repeating: "X: \(String(repeating: "a", count: 200))\r\n", count: 90),
            431
        ),
        .fields("101 fields", String(repeating: "X: y\r\n", count: 100), 431),
    ]
}
