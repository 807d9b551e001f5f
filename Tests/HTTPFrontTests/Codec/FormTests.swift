import BrokerTestSupport
import Foundation
import HTTPFront
import Testing

struct FormTests {
    /// The decoded fields of a form, or its error.
    private func fields(_ bytes: [UInt8]) -> Result<[[String]], FormError> {
        bytes.withUnsafeBufferPointer { buffer in
            let span = buffer.span
            var scanner = FormScanner(range: ByteRange(0, span.count))
            var fields: [[String]] = []
            do throws(FormError) {
                while let field = try scanner.next(in: span) {
                    let name = try decodedFormText(field.name, in: span)
                    let value = try decodedFormText(field.value, in: span)
                    if !field.isEncoded {
                        // Then the bytes may be compared as they are.
                        #expect(field.name.text(in: span) == name)
                        #expect(field.value.text(in: span) == value)
                    }
                    fields.append([name, value])
                }
                return .success(fields)
            } catch {
                return .failure(error)
            }
        }
    }

    @Test(
        arguments: [
            ("", []), ("&", []), ("&&a=b&&", [["a", "b"]]), ("a", [["a", ""]]), ("a=", [["a", ""]]),
            ("=a", [["", "a"]]),
            ("=", [["", ""]]), ("a=b=c", [["a", "b=c"]]), ("a=b&a=c", [["a", "b"], ["a", "c"]]),
            ("content=a+b%2Bc%20d", [["content", "a b+c d"]]), ("%61%3D=%26", [["a=", "&"]]),
            ("q=%C3%A9\u{E9}%F0%9F%98%80", [["q", "\u{E9}\u{E9}\u{1F600}"]]), ("a=%00%0a", [["a", "\0\n"]]),
            ("a;b=c?d/e#", [["a;b", "c?d/e#"]]), ("a=\r\nb", [["a", "\r\nb"]]),
        ] as [(String, [[String]])]
    )
    func `a form has names and values`(text: String, expected: [[String]]) {
        #expect(fields(Array(text.utf8)) == .success(expected))
    }

    @Test(arguments: [
        ("a=%", 2), ("a=%2", 2), ("a=%2&b", 2), ("%zz=", 0), ("a=b&c=%g0", 6), ("a=b&%0G", 4), ("%%41", 0),
    ])
    func `a bad escape is refused with its place`(text: String, offset: Int) {
        guard case .failure(let error) = fields(Array(text.utf8)) else {
            Issue.record("accepted")
            return
        }
        #expect(error.offset == offset)
        #expect(error.detail.hasPrefix("at byte \(offset): "))
        #expect(error.detail.contains("%25"))
    }

    @Test(arguments: [
        "a=%FF", "a=%C3", "a=%C0%80", "a=%ED%A0%80", "a=%F4%90%80%80", "%E9=b", "a=%80", "a=%E2%82",
        "a=%F8%88%80%80%80",
    ])
    func `escapes that are not UTF-8 are refused`(text: String) {
        guard case .failure(let error) = fields(Array(text.utf8)) else {
            Issue.record("accepted")
            return
        }
        #expect(error.reason.contains("UTF-8"))
    }

    @Test
    func `bytes that are not UTF-8 are refused`() {
        guard case .failure = fields(Array("a=".utf8) + [0xC3]) else {
            Issue.record("accepted")
            return
        }
    }

    @Test
    func `offsets count from the start of the range`() throws {
        let bytes = Array("GET /x?a=b&c=%4 HTTP".utf8)
        bytes.withUnsafeBufferPointer { buffer in
            var scanner = FormScanner(range: ByteRange(7, 15))
            do throws(FormError) {
                let field = try scanner.next(in: buffer.span)
                #expect(field?.name == ByteRange(7, 8))
                #expect(field?.value == ByteRange(9, 10))
                #expect(field?.isASCII == true)
                _ = try scanner.next(in: buffer.span)
                Issue.record("accepted")
            } catch {
                #expect(error.offset == 6)
            }
        }
    }

    @Test
    func `random queries read as Foundation reads them`() {
        var random = SeededGenerator(seed: 5)
        // Foundation knows no '+' for a space, and keeps empty pieces as items without a name.
        let pieces = [
            "a", "b", "c", "=", "=", "&", "&", "%20", "%C3%A9", "%26", "%3D", "%2B", "x-y", ".", "%F0%9F%98%80",
        ]
        for _ in 0..<2000 {
            let text = (0..<random.below(12)).map { _ in random.pick(pieces) }.joined()
            var components = URLComponents()
            components.percentEncodedQuery = text
            let expected = (components.queryItems ?? []).map { [$0.name, $0.value ?? ""] }
            let isEmpty = { (pair: [String]) in pair == ["", ""] }
            guard case .success(let found) = fields(Array(text.utf8)) else {
                Issue.record("refused \(text)")
                continue
            }
            // An item of two empty strings is an empty piece there, and may be '=' here.
            #expect(found.filter { !isEmpty($0) } == expected.filter { !isEmpty($0) }, "\(text)")
        }
    }

    @Test
    func `random texts survive encoding and decoding`() {
        var random = SeededGenerator(seed: 6)
        for _ in 0..<500 {
            let scalars = (0..<random.below(20)).compactMap { _ in Unicode.Scalar(UInt32(random.below(0x11_0000))) }
            let text = String(String.UnicodeScalarView(scalars))
            let encoded = text.utf8.map { byte in
                byte == 0x20 ? "+" : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: byte & 1 == 0)
            }.joined()
            #expect(fields(Array("v=\(encoded)".utf8)) == .success([["v", text]]))
        }
    }

    @Test
    func `mutated forms never make it read beyond the bytes`() {
        var random = SeededGenerator(seed: 7)
        let seed = Array("recipient=u42&content=a+b%20c%C3%A9&x=%2B&&=&y".utf8)
        for _ in 0..<4000 {
            _ = fields(random.mutated(seed, alphabet: Array("%%%&=+2Cz".utf8)))
        }
    }

    private func path(_ text: String) -> Result<String, FormError> {
        Array(text.utf8).withUnsafeBufferPointer { buffer in
            do throws(FormError) {
                return .success(try percentDecodedPath(ByteRange(0, buffer.count), in: buffer.span))
            } catch {
                return .failure(error)
            }
        }
    }

    @Test(arguments: [("/a+b", "/a+b"), ("/a%20b", "/a b"), ("/%C3%A9", "/\u{E9}"), ("/%25", "/%"), ("/%2e%2E", "/..")])
    func `a path keeps its plus signs`(text: String, expected: String) {
        #expect(path(text) == .success(expected))
    }

    @Test(arguments: [("/a%2Fb", 2), ("/a%2fb", 2), ("/%00", 1), ("/x%4", 2), ("/%FF", 0)])
    func `a path with a hidden slash, NUL or bad escape is refused`(text: String, offset: Int) {
        guard case .failure(let error) = path(text) else {
            Issue.record("accepted")
            return
        }
        #expect(error.offset == offset)
    }
}
