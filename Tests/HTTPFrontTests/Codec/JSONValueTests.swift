import HTTPFront
import Testing

/// What the scanners tell of fields and values.
struct JSONValueTests {
    @Test
    func `fields come in order with names, kinds and ranges`() throws {
        let text = #"  {"a" : "x", "b":-1.5e3,"c":{"d":1},"e":[ ],"f":true,"g":false,"h":null,"":"\n" } "#
        let bytes = Array(text.utf8)
        let fields = try JSONProbe.fields(bytes)
        #expect(fields.map(\.key) == ["a", "b", "c", "e", "f", "g", "h", ""])
        #expect(fields.map(\.value.kind) == [.string, .number, .object, .array, .true, .false, .null, .string])
        #expect(
            fields.map { CodecProbe.text($0.value.range, of: text) }
                == ["\"x\"", "-1.5e3", "{\"d\":1}", "[ ]", "true", "false", "null", "\"\\n\""]
        )
        #expect(fields.map(\.value.hasInsignificantSpace) == [false, false, false, true, false, false, false, false])
        #expect(fields.map(\.value.hasEscapes) == [false, false, false, false, false, false, false, true])
    }

    @Test
    func `ranges and offsets keep apart when the text does not begin the bytes`() throws {
        let bytes = Array(#"POST{"a":[1, "b"]}{"c":x}"#.utf8)
        try bytes.withUnsafeBufferPointer { buffer in
            let span = buffer.span
            var scanner = JSONObjectScanner(range: ByteRange(4, 18))
            let field = try #require(try scanner.next(in: span))
            #expect(field.key == ByteRange(6, 7))
            #expect(field.value.range == ByteRange(9, 17))
            #expect(field.isNamed("a", in: span) == true)
            #expect(field.isNamed("b", in: span) == false)
            var elements = JSONArrayScanner(range: field.value.range)
            #expect(try elements.next(in: span)?.integer(in: span) == 1)
            #expect(try elements.next(in: span)?.string(in: span) == "b")
            #expect(try elements.next(in: span).map(\.kind) == nil)
            #expect(try elements.next(in: span).map(\.kind) == nil)
            #expect(try scanner.next(in: span).map(\.key) == nil)
            #expect(try scanner.next(in: span).map(\.key) == nil)
            var second = JSONObjectScanner(range: ByteRange(18, 25))
            for _ in 0..<2 {
                do throws(JSONError) {
                    _ = try second.next(in: span)
                    Issue.record("accepted")
                } catch {
                    #expect(error.offset == 5)
                }
            }
        }
    }

    @Test
    func `a name written with escapes is the same name`() throws {
        let bytes = Array(#"{"\u0072ecip\u0069ent":1,"a\/b":2,"\ud800":3}"#.utf8)
        try bytes.withUnsafeBufferPointer { buffer in
            let span = buffer.span
            var scanner = JSONObjectScanner(range: ByteRange(0, span.count))
            let first = try #require(try scanner.next(in: span))
            #expect(first.keyHasEscapes)
            #expect(first.isNamed("recipient", in: span) == true)
            #expect(first.isNamed("recipients", in: span) == false)
            let second = try #require(try scanner.next(in: span))
            #expect(try second.name(in: span) == "a/b")
            let third = try #require(try scanner.next(in: span))
            #expect(third.isNamed("", in: span) == false)
            #expect(throws: JSONError.self) { try third.name(in: span) }
        }
    }

    @Test(arguments: [
        (#""""#, ""), (#""abc""#, "abc"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0000""#, "\0"),
        (#""\u00e9\u20AC""#, "\u{E9}\u{20AC}"), (#""\uD83D\uDE00""#, "\u{1F600}"), (#""é\n😀""#, "\u{E9}\n\u{1F600}"),
        (#""\uDBFF\uDFFF""#, "\u{10FFFF}"), (#""\\uD800""#, "\\uD800"), (#""\uFFFE\uFEFF""#, "\u{FFFE}\u{FEFF}"),
    ])
    func `a string is its text`(text: String, expected: String) throws {
        let found = try JSONProbe.value(text) { value, bytes throws(JSONError) in try value.string(in: bytes) }
        #expect(found == expected)
        #expect(found.utf8.elementsEqual(expected.utf8))
    }

    @Test(arguments: [
        (#""\uD800""#, 1), (#""a\uDC00b""#, 2), (#""\uDE00\uD83D""#, 1), (#""\uD83D\n""#, 1), (#""\uDC00\uDC00""#, 1),
        (#""\uD83D\uD83D\uDE00""#, 1),
        (#""\uD83D\\uDE00""#, 1), (#""\uD83DuDE00""#, 1),
    ])
    func `half of a surrogate pair is accepted as JSON and refused as text`(text: String, offset: Int) throws {
        try JSONProbe.value(text) { value, bytes throws(JSONError) in
            #expect(value.hasEscapes)
            do throws(JSONError) {
                _ = try value.string(in: bytes)
                Issue.record("accepted")
            } catch {
                #expect(error.offset == offset)
                #expect(error.reason.contains("surrogate"))
            }
        }
    }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("1", 1), ("-1", -1), ("9223372036854775807", .max), ("-9223372036854775808", .min),
        ("1000000", 1_000_000),
    ])
    func `an integer is its value`(text: String, expected: Int) throws {
        #expect(
            try JSONProbe.value(text) { value, bytes throws(JSONError) in try value.integer(in: bytes) } == expected
        )
    }

    @Test(arguments: [
        ("1.0", "without fraction"), ("1e3", "without fraction"), ("-1.5", "without fraction"), ("\"1\"", "a string"),
        ("9223372036854775808", "64 bits"), ("-9223372036854775809", "64 bits"), ("true", "found true"),
        ("[1]", "an array"),
        ("100000000000000000000000", "64 bits"), ("null", "found null"), ("{}", "an object"), ("false", "found false"),
    ])
    func `what is no integer is refused`(text: String, hint: String) {
        do throws(JSONError) {
            _ = try JSONProbe.value(text) { value, bytes throws(JSONError) in try value.integer(in: bytes) }
            Issue.record("accepted")
        } catch {
            #expect(error.reason.contains(hint), "\(error.detail)")
        }
    }

    @Test(arguments: ["1", "null", "[]"])
    func `what is no string is refused`(text: String) {
        #expect(throws: JSONError.self) {
            try JSONProbe.value(text) { value, bytes throws(JSONError) in try value.string(in: bytes) }
        }
    }

    @Test(arguments: [
        ("0", 0), ("-0", -0.0), ("1.5", 1.5), ("-2.5e-3", -0.0025), ("0.1", 0.1), ("40", 40), ("1e400", .infinity),
        ("-1e400", -.infinity), ("1e-400", 0),
        ("123456789012345678901234567890", 0x1.8ee90ff6c373ep+96),
        ("5e-324", .leastNonzeroMagnitude), ("1.7976931348623157e308", .greatestFiniteMagnitude), ("1E+2", 100),
    ])
    func `a number is the nearest Double`(text: String, expected: Double) throws {
        #expect(try JSONProbe.value(text) { value, bytes throws(JSONError) in value.decimal(in: bytes) } == expected)
    }

    @Test
    func `what is no number is not a Double`() throws {
        #expect(try JSONProbe.value("\"1\"") { value, bytes throws(JSONError) in value.decimal(in: bytes) }.isNaN)
    }

    @Test(arguments: [
        ("[ ]", "[]"), ("{ }", "{}"), ("[1 , 2\n]", "[1,2]"), ("{ \"a b\" : \" c \" }", "{\"a b\":\" c \"}"),
        (#"[ "\" ]", "\\" , 1 ]"#, #"["\" ]","\\",1]"#), ("[1,2]", "[1,2]"), ("{\"a\" :1}", "{\"a\":1}"),
        ("{\"a\":1,\"b\" :2}", "{\"a\":1,\"b\":2}"), ("{\"a\": 1}", "{\"a\":1}"),
        ("{\"a\":1,\"b\": 2}", "{\"a\":1,\"b\":2}"),
        ("{\"a\":1, \"b\":2}", "{\"a\":1,\"b\":2}"), ("[{} ]", "[{}]"), ("[1,[ ]]", "[1,[]]"), ("\" a \"", "\" a \""),
        ("[\t[ [ ] ]\r]", "[[[]]]"),
        (#"{"a":[true , false],"b c": null}"#, #"{"a":[true,false],"b c":null}"#),
        ("[ \"\\ud800 \" ]", "[\"\\ud800 \"]"),
        ("[\"é é\", 1.50e+1 ]", "[\"é é\",1.50e+1]"),
        ("[\"12345678 \\\\\\\" 1234567\" ,0]", "[\"12345678 \\\\\\\" 1234567\",0]"),
    ])
    func `compacting takes away white space between tokens and nothing else`(text: String, expected: String) throws {
        try JSONProbe.value(text) { value, bytes throws(JSONError) in
            let buffer = ByteBuffer()
            var array: [UInt8] = [1]
            appendCompacted(value, from: bytes, to: buffer)
            appendCompacted(value, from: bytes, to: &array)
            #expect(String(decoding: buffer.bytes, as: UTF8.self) == expected)
            #expect(array.elementsEqual([1] + Array(expected.utf8)))
            #expect(compactedByteCount(value, in: bytes) == expected.utf8.count)
            #expect(value.hasInsignificantSpace == (text != expected))
        }
    }
}
