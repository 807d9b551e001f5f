import BrokerTestSupport
import Foundation
import HTTPFront
import Testing

/// What is written: JSON strings, JSON inside scripts, times.
struct ByteBufferTextTests {
    private func written(_ body: (ByteBuffer) -> Void) -> String {
        let buffer = ByteBuffer(capacity: 64)
        body(buffer)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    @Test(arguments: [
        ("", #""""#), ("a", #""a""#), ("12345678", #""12345678""#), ("\"", #""\"""#), ("\\", #""\\""#), ("/", #""/""#),
        ("\n\r\t\u{8}\u{C}", #""\n\r\t\b\f""#), ("\u{0}\u{1}\u{1F}", #""\u0000\u0001\u001f""#),
        ("\u{7F}\u{E9}\u{1F600}", "\"\u{7F}\u{E9}\u{1F600}\""),
        ("1234567\"12345678\"", #""1234567\"12345678\"""#), ("\u{2028}<>&", "\"\u{2028}<>&\""),
    ])
    func `a JSON string escapes what it must`(text: String, expected: String) {
        #expect(written { $0.append(jsonString: text) } == expected)
        #expect(
            written { buffer in Array(text.utf8).withUnsafeBufferPointer { buffer.append(jsonStringUTF8: $0) } }
                == expected
        )
    }

    @Test
    func `random texts come back from JSON as they went in`() throws {
        var random = SeededGenerator(seed: 14)
        for _ in 0..<1000 {
            let scalars = (0..<random.below(40)).compactMap { _ in
                Unicode.Scalar(UInt32(random.below(random.below(2) == 0 ? 0x60 : 0x11_0000)))
            }
            let text = String(String.UnicodeScalarView(scalars))
            let json = written { $0.append(jsonString: text) }
            #expect(try JSONProbe.value(json) { value, bytes throws(JSONError) in try value.string(in: bytes) } == text)
            #expect(
                try JSONSerialization.jsonObject(with: Data(json.utf8), options: [.fragmentsAllowed]) as? String == text
            )
            let safe = written { buffer in Array(json.utf8).withUnsafeBufferPointer { buffer.append(scriptSafe: $0) } }
            #expect(try JSONProbe.value(safe) { value, bytes throws(JSONError) in try value.string(in: bytes) } == text)
            #expect(!safe.unicodeScalars.contains { "<>&\u{2028}\u{2029}".unicodeScalars.contains($0) })
        }
    }

    @Test(arguments: [
        ("", ""), ("{}", "{}"), ("\"</script>\"", #""\u003c/script\u003e""#), ("\"<!--&\"", #""\u003c!--\u0026""#),
        ("\"\u{2028}\u{2029}\"", #""\u2028\u2029""#),
        ("\"\u{2027}\u{202A}\u{20AC}\u{2128}\"", "\"\u{2027}\u{202A}\u{20AC}\u{2128}\""),
        ("\"1234567<89012345>\"", #""1234567\u003c89012345\u003e""#), ("\"\u{2028}", #""\u2028"#),
    ])
    func `JSON inside a script cannot end it`(json: String, expected: String) {
        #expect(
            written { buffer in Array(json.utf8).withUnsafeBufferPointer { buffer.append(scriptSafe: $0) } } == expected
        )
    }

    @Test
    func `a piece of a character at the end is copied as it is`() {
        for bytes: [UInt8] in [[0xE2], [0xE2, 0x80], [0x61, 0xE2, 0x80]] {
            let buffer = ByteBuffer()
            bytes.withUnsafeBufferPointer { buffer.append(scriptSafe: $0) }
            #expect(Array(buffer.bytes) == bytes)
        }
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (1_795_241_728_123, "2026-11-21T06:15:28.123Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (.max, "9999-12-31T23:59:59.999Z"), (.min, "0000-01-01T00:00:00.000Z"),
        (-62_162_121_600_001, "0000-02-28T23:59:59.999Z"),
    ])
    func `a time is written in UTC with milliseconds`(milliseconds: Int64, expected: String) {
        #expect(written { $0.append(rfc3339Milliseconds: milliseconds) } == expected)
    }

    @Test
    func `random times are written as Foundation writes them`() throws {
        var random = SeededGenerator(seed: 15)
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for round in 0..<3000 {
            // From 1600 on: Foundation's calendar is Julian before.
            let seconds = -11_670_000_000 + Int64(random.below(265_000_000_000))
            let found = written { $0.append(rfc3339Milliseconds: seconds * 1000) }
            #expect(found == style.format(Date(timeIntervalSince1970: Double(seconds))), "round \(round): \(seconds)")
            let milliseconds = Int64(random.below(1000))
            let late = written { $0.append(rfc3339Milliseconds: seconds * 1000 + milliseconds) }
            #expect(late.prefix(19) == found.prefix(19))
            #expect(Int64(late.dropFirst(20).prefix(3)) == milliseconds)
        }
    }

    @Test func `numbers are written in decimal digits, however many they have`() {
        var numbers: [UInt64] = [0, 1, .max, .max - 1]
        var power: UInt64 = 1
        for _ in 0..<19 {
            power *= 10
            numbers += [power - 1, power, power + 1]
        }
        for number in numbers { #expect(written { $0.append(decimal: number) } == "\(number)") }
    }
}
