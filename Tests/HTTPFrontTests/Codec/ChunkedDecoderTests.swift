import BrokerTestSupport
import HTTPFront
import Testing

struct ChunkedDecoderTests {
    /// Bodies that are accepted, with what they hold; what stands behind them is not theirs.
    static let accepted: [(String, String)] = [
        ("0\r\n\r\n", ""),
        ("5\r\nhello\r\n0\r\n\r\n", "hello"),
        ("5\r\nhello\r\n1\r\n \r\n00005\r\nworld\r\n0000\r\n\r\nGET / HTTP/1.1\r\n", "hello world"),
        ("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n0\r\n\r\n", "01234567890123456789"),
        ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
        ("000000000000000a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("1;a\r\nx\r\n0;b=c;d=\"e;\\\"\t\"\r\n\r\n", "x"),
        ("1;a=\"b\" ;c\r\nx\r\n0\r\n\r\n", "x"),
        ("1 ; a\t= b ;c = \"\u{E9}\"\r\nx\r\n0\r\n\r\n", "x"),
        ("0\r\nX: y\r\nZ:\r\nA-b:\t\u{E9} c \r\n\r\n!", ""),
    ]

    @Test(arguments: accepted)
    func `a body is the same however it is cut`(text: String, body: String) {
        let bytes = Array(text.utf8)
        let whole = CodecProbe.decodeChunks(bytes, cuts: [bytes.count])
        guard case .decoded(let decoded, let consumed, true) = whole else {
            Issue.record("\(whole)")
            return
        }
        #expect(String(decoding: decoded, as: UTF8.self) == body)
        #expect(text.utf8.prefix(consumed).suffix(4).elementsEqual("\r\n\r\n".utf8))
        #expect(CodecProbe.decodeChunks(bytes, cuts: Array(0...bytes.count)) == whole, "byte by byte")
        for cut in 0...bytes.count {
            #expect(CodecProbe.decodeChunks(bytes, cuts: [cut, bytes.count]) == whole, "cut at \(cut)")
        }
        for cut in 0..<consumed {
            guard case .decoded(_, cut, false) = CodecProbe.decodeChunks(bytes, cuts: [cut]) else {
                Issue.record("not incomplete when cut at \(cut)")
                return
            }
        }
    }

    @Test
    func `the first body ends at its empty line`() {
        let bytes = Array("0\r\n\r\n0\r\n\r\n".utf8)
        #expect(
            CodecProbe.decodeChunks(bytes, cuts: [bytes.count]) == .decoded(body: [], consumed: 5, isComplete: true)
        )
    }

    /// Bodies that are refused, with the status.
    static let refused: [(String, Int)] = [
        ("\r\n", 400), ("x\r\n", 400), (" 5\r\nhello\r\n0\r\n\r\n", 400), ("+5\r\nhello\r\n", 400), ("-1\r\n", 400),
        ("0x5\r\nhello\r\n", 400), ("5\nhello\r\n", 400), ("5\rhello\r\n", 400), ("5\r\rhello\r\n", 400),
        ("5g\r\n", 400),
        ("5 \r\nhello\r\n0\r\n\r\n", 400), ("5\t\r\nhello\r\n", 400), ("5, 5\r\n", 400), ("5.0\r\n", 400),
        ("\u{665}\r\n", 400),
        ("5\r\nhello0\r\n\r\n", 400), ("5\r\nhello\n0\r\n\r\n", 400), ("5\r\nhello\n\n0\r\n\r\n", 400),
        ("5\rXhello\r\n0\r\n\r\n", 400),
        ("5\r\nhello\rX0\r\n\r\n", 400), ("0\r\nX: y\rZA: b\r\n\r\n", 400), ("5\r\nhello\r0\r\n\r\n", 400),
        ("5\r\nhell\r\n0\r\n\r\n", 400), ("5\r\nhello!\r\n0\r\n\r\n", 400), ("5\r\nhello\r\n\r\n0\r\n\r\n", 400),
        ("00000000000000005\r\n", 400), ("3e9\r\n", 413), ("ffffffffffffffff\r\n", 413), ("fffffffffffffffff", 413),
        ("10000000000000000\r\n", 413), ("8000000000000000\r\n", 413), ("3e8;", 0),
        ("5;\r\nhello\r\n", 400), ("5;;a\r\n", 400), ("5;=a\r\n", 400), ("5;a=\r\n", 400), ("5;a b\r\n", 400),
        ("5;a=b c\r\n", 400), ("5;a=\"b\r\n", 400), ("5;a=\"b\"c\r\n", 400), ("5;a=\"\0\"\r\n", 400),
        ("5;a\nhello\r\n", 400),
        ("5;a=\"\\\n\"\r\n", 400), ("5;a \r\n", 400), ("5;a=b \r\n", 400), ("5;a\0\r\n", 400), ("5;\u{E9}\r\n", 400),
        ("5;\(String(repeating: "a", count: 4097))", 400), ("5;a=\"\(String(repeating: "a", count: 5000))\"", 400),
        ("5\(String(repeating: " ", count: 5000))", 400),
        ("0\r\n\n", 400), ("0\r\n\rX", 400), ("0\n\n", 400), ("0\r\nX\r\n\r\n", 400), ("0\r\n: x\r\n", 400),
        ("0\r\nX : y\r\n", 400), ("0\r\n X: y\r\n", 400), ("0\r\nX: y\r\n z\r\n", 400), ("0\r\nX: y\nZ: a\r\n", 400),
        ("0\r\nX: \0\r\n", 400), ("0\r\nX: y\rz\r\n", 400), ("0\r\nX\u{E9}: y\r\n", 400), ("0\r\nX: \u{7F}\r\n", 400),
        ("0\r\nX: \(String(repeating: "a", count: 8200))\r\n", 431),
        ("0\r\n\(String(repeating: "X: y\r\n", count: 1400))", 431),
    ]

    @Test(arguments: refused)
    func `a malformed body is refused however it is cut`(text: String, status: Int) {
        let bytes = Array(text.utf8)
        let whole = CodecProbe.decodeChunks(bytes, cuts: [bytes.count])
        if status == 0 {
            // The largest size that the limit of 1000 allows is no reason to refuse.
            #expect(whole == .decoded(body: [], consumed: bytes.count, isComplete: false))
        } else {
            guard case .refused(status, _) = whole else {
                Issue.record("\(whole)")
                return
            }
        }
        #expect(CodecProbe.decodeChunks(bytes, cuts: Array(0...bytes.count)) == whole, "byte by byte")
        for cut in 0...bytes.count where cut < 200 || cut % 97 == 0 {
            #expect(CodecProbe.decodeChunks(bytes, cuts: [cut, bytes.count]) == whole, "cut at \(cut)")
        }
    }

    @Test
    func `the limit counts the body and not its coding`() {
        let chunks = String(repeating: "1;x=y\r\na\r\n", count: 10)
        let bytes = Array((chunks + "0\r\n\r\n").utf8)
        guard case .decoded(_, _, true) = CodecProbe.decodeChunks(bytes, cuts: [bytes.count], bodyBytesMax: 10) else {
            Issue.record("ten bytes do not go into ten")
            return
        }
        guard case .refused(413, _) = CodecProbe.decodeChunks(bytes, cuts: [bytes.count], bodyBytesMax: 9) else {
            Issue.record("ten bytes go into nine")
            return
        }
        guard
            case .decoded(_, _, true) = CodecProbe.decodeChunks(Array("0\r\n\r\n".utf8), cuts: [5], bodyBytesMax: 0)
        else {
            Issue.record("nothing does not go into nothing")
            return
        }
    }

    @Test
    func `random bodies come out as they went in`() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<300 {
            var body: [UInt8] = []
            var coded: [UInt8] = []
            for _ in 0..<random.below(6) {
                let piece = (0...random.below(40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                body += piece
                coded +=
                    Array(String(piece.count, radix: 16, uppercase: random.below(2) == 0).utf8) + Array("\r\n".utf8)
                coded += piece + Array("\r\n".utf8)
            }
            coded += Array("0\r\n\r\n".utf8)
            let cuts = (0..<4).map { _ in random.below(coded.count + 1) }.sorted() + [coded.count]
            #expect(
                CodecProbe.decodeChunks(coded, cuts: cuts)
                    == .decoded(body: body, consumed: coded.count, isComplete: true)
            )
        }
    }

    @Test
    func `mutated bodies do not depend on the cuts`() {
        var random = SeededGenerator(seed: 4)
        let alphabet = Array("\r\n\r\n05aF;= \"\\xX:\u{0}\u{E9}".utf8)
        let seeds = Self.accepted.map { Array($0.0.utf8) }
        for round in 0..<5000 {
            let bytes = random.mutated(random.pick(seeds), alphabet: alphabet)
            let whole = CodecProbe.decodeChunks(bytes, cuts: [bytes.count])
            #expect(CodecProbe.decodeChunks(bytes, cuts: Array(0...bytes.count)) == whole, "round \(round): \(bytes)")
        }
    }
}
