import BrokerTestSupport
import HTTPFront
import Testing

/// What is refused, with which status, and when.
struct HeadParserRefusalTests {
    @Test(arguments: RefusedRequest.all)
    func `a request is refused, and for the same reason however it is cut`(request: RefusedRequest) {
        let bytes = request.bytes
        let whole = CodecProbe.parseHead(bytes, cuts: [bytes.count])
        #expect(whole.status == request.status, "\(whole)")
        #expect(CodecProbe.parseHead(bytes, cuts: Array(0...bytes.count)) == whole, "byte by byte")
        // Each cut of a short request; of a long one, those near its ends and some between.
        for cut in 0...bytes.count where bytes.count < 600 || cut < 100 || bytes.count - cut < 100 || cut % 509 == 0 {
            #expect(CodecProbe.parseHead(bytes, cuts: [cut, bytes.count]) == whole, "cut at \(cut)")
        }
    }

    @Test
    func `the table is long enough to mean something`() {
        #expect(RefusedRequest.all.count > 150)
        #expect(Set(RefusedRequest.all.map(\.name)).count == RefusedRequest.all.count)
    }

    @Test(arguments: [
        ("\u{16}", "TLS"), ("GET \t", "tab"), ("GET / HTTP/2", "HTTP/1.1"), ("CONNECT ", "CONNECT"), ("GET /#", "%23"),
        ("GET / HTTP/1.1\r\nX ", "':'"), ("GET / HTTP/1.1\r\n ", "fold"), ("GET / HTTP/1.1\n", "CR LF"),
        ("GET / HTTP/1.1\r\nX: \0", "0x00"), ("POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n", "once"),
        ("POST / HTTP/1.1\r\nContent-Length: 9999999999\r\n", "8388608"),
    ])
    func `a refusal comes with the byte that shows it, and says what is wrong`(text: String, hint: String) {
        let bytes = Array(text.utf8)
        #expect(CodecProbe.parseHead(bytes, cuts: [bytes.count - 1]) == .incomplete)
        guard case .refused(_, _, let detail) = CodecProbe.parseHead(bytes, cuts: [bytes.count]) else {
            Issue.record("not refused")
            return
        }
        #expect(detail.contains(hint), "\(detail)")
    }

    @Test
    func `what is exactly as long as the limits is accepted`() {
        let limits = HTTPLimits(requestLineBytesMax: 20, headerBytesMax: 24, headerFieldsMax: 3, bodyBytesMax: 9)
        func outcome(_ text: String) -> CodecProbe.HeadOutcome {
            let bytes = Array(text.utf8)
            let whole = CodecProbe.parseHead(bytes, cuts: [bytes.count], limits: limits)
            #expect(CodecProbe.parseHead(bytes, cuts: Array(0...bytes.count), limits: limits) == whole)
            return whole
        }
        // 20 bytes of request line; 9 + 15 bytes of fields without the last line end.
        #expect(outcome("GET /234567 HTTP/1.1\r\nHost: a\r\nX: 45678901234\r\n\r\n").status == nil)
        #expect(outcome("GET /2345678 HTTP/1.1\r\nHost: a\r\n\r\n").status == 414)
        #expect(outcome("GET /234567 HTTP/1.1\r\nHost: a\r\nX: 45678901234567\r\n\r\n").status == 431)
        #expect(outcome("GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB:\r\n\r\n").status == nil)
        #expect(outcome("GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB:\r\nC:\r\n\r\n").status == 431)
        #expect(outcome("GET / HTTP/1.1\r\nContent-Length: 9\r\nHost: a").status == 431)
        #expect(outcome("GET / HTTP/1.0\r\nContent-Length: 9\r\n\r\n").status == nil)
        #expect(outcome("GET / HTTP/1.0\r\nContent-Length: 10\r\n\r\n").status == 413)
    }

    @Test
    func `mutated requests never make it read beyond the bytes or depend on the cuts`() {
        var random = SeededGenerator(seed: 2)
        let alphabet = Array("\r\n\r\n \t:,;%/?#*.0159aTH\"\u{0}\u{7F}\u{E9}".utf8)
        let accepted = HeadParserTests.accepted.map { Array($0.utf8) }
        let refused = RefusedRequest.all.map(\.bytes).filter { $0.count < 300 }
        var acceptedCount = 0
        for round in 0..<6000 {
            let bytes = random.mutated(random.pick(round % 2 == 0 ? accepted : refused), alphabet: alphabet)
            let limits =
                round % 3 > 0
                ? HTTPLimits()
                : HTTPLimits(
                    requestLineBytesMax: random.below(60),
                    headerBytesMax: random.below(120),
                    headerFieldsMax: random.below(6)
                )
            let whole = CodecProbe.parseHead(bytes, cuts: [bytes.count], limits: limits)
            let cut = random.below(bytes.count + 1)
            for cuts in [[cut, bytes.count], [cut, min(bytes.count, cut + random.below(5)), bytes.count]] {
                let outcome = CodecProbe.parseHead(bytes, cuts: cuts, limits: limits)
                #expect(outcome == whole, "round \(round), cut at \(cuts): \(bytes)")
            }
            if case .accepted = whole {
                acceptedCount += 1
                let text = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
                #expect(text.prefixMatch(of: Self.grammar) != nil, "round \(round), accepted: \(bytes)")
            }
            if round % 4 == 0 {
                let outcome = CodecProbe.parseHead(bytes, cuts: Array(0...bytes.count), limits: limits)
                #expect(outcome == whole, "round \(round), byte by byte: \(bytes)")
            }
        }
        #expect(acceptedCount > 300)
    }

    /// What every head that is accepted looks like, written down a second time; bytes are the code points of Latin-1.
    ///
    /// A regex is not `Sendable`, but this one never changes.
    nonisolated(unsafe) private static let grammar =
        #/
        (\r\n)?
        [!\#$%&'*+.^_`|~0-9A-Za-z\-]+ \x20
        [\/*A-Za-z] ([!$&'()*+,\-.\/0-9:;=?@A-Z_a-z~|\[\]{}^`\\] | %[0-9A-Fa-f]{2})* \x20
        HTTP\/1\.[0-9]\r\n
        ([!\#$%&'*+.^_`|~0-9A-Za-z\-]+ : [\t\x20-\x7E\u{80}-\u{FF}]* \r\n)*
        \r\n
        /#
        .matchingSemantics(.unicodeScalar)
}
