import BrokerTestSupport
import HTTPFront
import Testing

/// What is JSON and what is not, by RFC 8259.
struct JSONConformanceTests {
    static let valid: [String] = [
        // Structure and white space.
        "[]", "{}", "[[]]", "[{}]", "{\"\":{}}", " [ ] ", "\t\r\n {\n}\r\n", "[ 1 , 2 ]", "{ \"a\" : 1 , \"b\" : [ ] }",
        "{\"a\":1,\"a\":1}", "{\"a\":{\"a\":{}}}", "[[],[[]],{},{\"\":[]}]", "[1,[2,[3,{\"x\":[4]}]],5]",
        "[\"\",0,[],{},null]",
        // Literals.
        "true", "false", "null", "[true,false,null]", " null ",
        // Numbers.
        "0", "-0", "1", "-1", "10", "123456789", "0.0", "-0.0", "0.1", "1.10", "1e1", "1E1", "1e+1", "1e-1", "1E+00",
        "0e0",
        "0e+1", "-0e-1", "1.5e300", "-9.99E-9", "0.4e00669999999999999999999999999999999999999", "1e400", "-1e9999",
        "1e-400",
        "123456789012345678901234567890", "-237462374673276894279832749832423479823246327846",
        "0.\(String(repeating: "0", count: 200))1", String(repeating: "9", count: 1000), "[0,-1,2.5]",
        "9223372036854775808",
        // Strings.
        "\"\"", "\"a\"", "\" \"", "\"abcdefgh\"", "\"abcdefg\\\"\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0000\"",
        "\"\\u001F\"",
        "\"\\uABCD\\uabcd\"", "\"\\uD83D\\uDE00\"", "\"\\\\u0000\"", "\"\\u005C\"", "\"\u{7F}\"", "\"\u{80}\"",
        "\"\u{E9}\u{20AC}\"",
        "\"\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}\"", "\"\u{D7FF}\u{E000}\"", "\"\u{2028}\u{2029}\"", "\"\u{FEFF}\"",
        "\"/\"",
        "\"'\"", "\"//\"", "\"/**/\"", "\"[\"", "\"}\"", "\"\u{1F468}\u{200D}\u{1F469}\"", "\"\u{FFFE}\"",
        "{\"\\u0061\":1}",
        "\"\(String(repeating: "x", count: 70))\"", "\"1234567\u{E9}1234567\\n1234567\"",
        // Halves of surrogate pairs are kept inside values.
        "\"\\uD800\"", "\"\\uDC00\"", "\"\\uDFFF\\uD800\"", "\"\\uD800\\n\"", "\"\\ud83dx\"",
        "\"\\uD800\\uD800\\uDC00\"", "{\"\\uD800\":1}",
    ]

    static let invalid: [String] = [
        // Structure.
        "", " ", "[", "]", "{", "}", "[]]", "[}", "{]", "[[]", "{\"a\":{}", "[,]", "[1,]", "[,1]", "[1,,2]", "[1 2]",
        "[1:2]", "[1;2]",
        "{,}", "{\"a\"}", "{\"a\":}", "{:1}", "{1:1}", "{a:1}", "{'a':1}", "{null:1}", "{\"a\":1,}",
        "{\"a\":1,,\"b\":2}", "{\"a\" 1}",
        "{\"a\":1 \"b\":2}", "{\"a\":1;\"b\":2}", "{\"a\"::1}", "{\"a\":1:2}", "{\"a\":1}}", "{\"a\":1]", "[\"a\":1]",
        "{[]:1}", "{\"a\",1}",
        "{\"a\":/**/1}", "[1]//", "[1]#", "/**/1", "[1],", "[] []", "1 2", "{}{}", "{}x", "null null", "[1]\0", "\0",
        "*", "<a>", "[\u{A0}]",
        "[\u{C}]", "[\u{B}1]", "[\u{2028}]", "[\u{3000}]", "[\\n]", "\u{FEFF}[]", "[\u{FEFF}]", "[\u{0}]", "[1\u{0}]",
        "[...]", "[*]", "[-[]]",
        // Literals.
        "tru", "truee", "True", "TRUE", "fals", "falsee", "nul", "nulll", "Null", "nil", "undefined", "t", "f", "n",
        "true1", "truefalse",
        "NaN", "Infinity", "-Infinity", "-NaN", "[nu", "[true\u{0}]",
        // Numbers.
        "-", "+", "+1", "--1", "-+1", "01", "-01", "00", "0123", "-012", "1.", "-1.", ".1", "-.1", "1..2", "1.2.3",
        "1.e1", "0.e1", "1e", "1E",
        "1e+", "1E-", "1e1.5", "1ee2", "1e+-2", "0x1", "0x", "1a", "1_000", "1,000", "1 000", "- 1", "1e 1", "0b1",
        "0o7", "1f", "1L", "1n",
        "1+2", "1-2", "-a", "\u{661}", "\u{FF11}", "1\u{E9}", "2.e+3", "0.3e+", "9.e+", "-foo", "1/2", "0e", "0e+",
        // Strings.
        "\"", "\"a", "a\"", "'a'", "`a`", "\"a\"b\"", "\"a\"\"b\"", "\"\\\"", "\"\\", "\"\\a\"", "\"\\x41\"", "\"\\0\"",
        "\"\\'\"", "\"\\U0041\"",
        "\"\\ \"", "\"\\\u{E9}\"", "\"\\\n\"", "\"\\u\"", "\"\\u1\"", "\"\\u12\"", "\"\\u123\"", "\"\\u123",
        "\"\\u12G4\"", "\"\\u 123\"",
        "\"\\u+123\"", "\"\\u-123\"", "\"\\u{41}\"", "\"\\uD800\\u\"", "\"\\uD800\\u1\"", "\"\\uD800\\x\"", "\"a\nb\"",
        "\"a\tb\"", "\"a\rb\"",
        "\"\u{0}\"", "\"\u{1F}\"", "\"\u{1}\"", "\"abcdefg\u{1F}\"", "\"abcdefgh\u{0}\"", "{\"a\n\":1}", "{\"\\z\":1}",
        "{\"a", "{\"a\"", "{\"a\":", "{\"a\":1",
        "{\"a\":1,", "{\"a\":1,\"", "[\"a", "[\"a\"", "[\"a\",", "[1", "[1,", "[{", "[{\"", "\"\\\\\\\"",
        "[\"\\uD83D\\uDE0\"]",
    ]

    /// Bytes that are not UTF-8.
    static let malformed: [[UInt8]] = [
        [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC0, 0xAF], [0xC2], [0xC2, 0x41], [0xC2, 0xC2],
        [0xE0, 0x80, 0x80],
        [0xE0, 0x9F, 0xBF], [0xE2, 0x82], [0xE2, 0x82, 0x41], [0xE2, 0x41, 0x80], [0xED, 0xA0, 0x80],
        [0xED, 0xBF, 0xBF],
        [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98],
        [0xF0, 0x9F, 0x98, 0x41], [0xF0, 0x9F, 0x41, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
        [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xFF, 0xFE], [0xE9],
        [0xC3, 0xA9, 0xA9], [0xF0], [0xE2],
    ]

    @Test(arguments: valid)
    func `a JSON value is accepted in each place`(text: String) throws {
        #expect(JSONProbe.accepts(Array(text.utf8)))
        #expect(try JSONProbe.fields(Array("{\"a\":\(text)}".utf8)).map(\.key) == ["a"])
        #expect(
            try JSONProbe.fields(Array(" { \"a\" : \(text) , \"b\":[ \(text)\t,{\"c\":\(text) }]\n} ".utf8)).count == 2
        )
        #expect(JSONProbe.accepts(Array("[\(text),[\(text)],{\"\":\(text)}]".utf8)))
    }

    @Test(arguments: invalid)
    func `what is no JSON value is refused in each place`(text: String) {
        // In an array "1 2" or "1,000" would be read otherwise than alone.
        let isList = ["1,000", "[1],", "[]]"].contains(text)
        #expect(isList || !JSONProbe.accepts(Array(text.utf8)))
        #expect(throws: JSONError.self) { try JSONProbe.fields(Array("{\"a\":\(text)}".utf8)) }
        #expect(throws: JSONError.self) { try JSONProbe.fields(Array("{\"a\":{\"b\":\(text)}}".utf8)) }
        #expect(throws: JSONError.self) { try JSONProbe.fields(Array("{\"a\":[{},\(text)".utf8)) }
    }

    @Test(arguments: malformed)
    func `strings that are not UTF-8 are refused at each place in a word`(bytes: [UInt8]) {
        for padding in 0..<9 {
            let string = [0x22] + [UInt8](repeating: 0x61, count: padding) + bytes + Array("aaaaaaaaa\"".utf8)
            #expect(!JSONProbe.accepts(string))
            #expect(!JSONProbe.accepts(Array(string.dropLast(10)) + [0x22]))
            #expect(!JSONProbe.accepts(Array("{".utf8) + string + Array(":1}".utf8)))
        }
        #expect(!JSONProbe.accepts(bytes))
    }

    @Test
    func `every code point is accepted, and nothing else of that form`() {
        for code: UInt32 in stride(from: 0x80, through: 0x10_FFFF, by: 37) {
            let bytes: [UInt8] =
                switch code {
                case ..<0x800: [0xC0 | UInt8(code >> 6), 0x80 | UInt8(code & 0x3F)]
                case ..<0x10000:
                    [0xE0 | UInt8(code >> 12), 0x80 | UInt8(code >> 6 & 0x3F), 0x80 | UInt8(code & 0x3F)]
                default:
                    [
                        0xF0 | UInt8(code >> 18), 0x80 | UInt8(code >> 12 & 0x3F), 0x80 | UInt8(code >> 6 & 0x3F),
                        0x80 | UInt8(code & 0x3F),
                    ]
                }
            #expect(JSONProbe.accepts([0x22] + bytes + [0x22]) == (Unicode.Scalar(code) != nil), "U+\(code)")
        }
    }

    @Test(arguments: [
        "[]", "1", "\"a\"", "null", "", "  ", "{} {}", "{}x", "{},", "\u{FEFF}{}", "{}\0", "{\"a\":1}1", "{}//",
        "{}\u{FEFF}", "{", "{\"a\":1",
    ])
    func `only one object and white space make a text of fields`(text: String) {
        #expect(throws: JSONError.self) { try JSONProbe.fields(Array(text.utf8)) }
    }

    @Test
    func `each beginning of a text is refused`() throws {
        let text = #"{"a":[1,-2.5e3,{"b":"\u00e9é","c":[true,false,null]}],"d":{"e":[[]]},"f":"😀"}"#
        let bytes = Array(text.utf8)
        for end in bytes.indices {
            #expect(throws: JSONError.self, "\(end) bytes") { try JSONProbe.fields(Array(bytes[..<end])) }
        }
        #expect(try JSONProbe.fields(bytes).map(\.key) == ["a", "d", "f"])
    }

    @Test(arguments: ["[]", "{}"])
    func `a value may be 128 levels deep`(brackets: String) throws {
        func nested(_ levels: Int) -> [UInt8] {
            let open = brackets == "[]" ? "[" : "{\"a\":"
            let innermost = brackets == "[]" ? "[" : "{"
            let close = brackets == "[]" ? "]" : "}"
            let text = String(repeating: open, count: levels - 1) + innermost + String(repeating: close, count: levels)
            return Array("{\"content\":\(text)}".utf8)
        }
        #expect(try JSONProbe.fields(nested(128)).count == 1)
        #expect(throws: JSONError.self) { try JSONProbe.fields(nested(129)) }
        #expect(throws: JSONError.self) { try JSONProbe.fields(nested(100_000)) }
        #expect(try JSONProbe.fields(nested(3), depthMax: 3).count == 1)
        #expect(throws: JSONError.self) { try JSONProbe.fields(nested(4), depthMax: 3) }
        #expect(throws: JSONError.self) { try JSONProbe.fields(nested(129), depthMax: 1000) }
        #expect(throws: JSONError.self) { try JSONProbe.fields(Array("{\"a\":[]}".utf8), depthMax: 0) }
    }

    @Test
    func `brackets of both kinds must close in order at each depth`() throws {
        var random = SeededGenerator(seed: 9)
        for _ in 0..<500 {
            var open: [Bool] = []
            var text = ""
            for _ in 0...random.below(127) {
                let isObject = random.below(2) == 0
                open.append(isObject)
                text += isObject ? "{\"k\":" : "["
            }
            text += "1"
            let closing = open.reversed().map { $0 ? "}" : "]" }
            #expect(JSONProbe.accepts(Array((text + closing.joined()).utf8)))
            var wrong = closing
            let place = random.below(wrong.count)
            wrong[place] = wrong[place] == "}" ? "]" : "}"
            #expect(!JSONProbe.accepts(Array((text + wrong.joined()).utf8)))
        }
    }

    @Test(arguments: [
        (#"{"a":1 x"#, 7, "expected ',' or '}' but found 'x'"), ("", 0, "expected '{' but the text ended"),
        ("\u{FEFF}{}", 0, "byte order mark"), (#"{"a":tru}"#, 5, "expected true"), (#"{"a":[1 2]}"#, 8, "',' or ']'"),
        (#"{"a" 1}"#, 5, "expected ':'"), (#"{a:1}"#, 1, "a name in '\"' or '}'"), (#"{"a":1,}"#, 7, "a name in '\"'"),
        (#"{"a":}"#, 5, "a value"), (#"{"a":01}"#, 6, "superfluous 0"), (#"{"a":1.}"#, 7, "a digit"),
        (#"{"a":"\x"}"#, 6, "escape"), ("{\"a\":\"\n\"}", 6, "a line feed in a string"),
        (#"{"a":"b"#, 7, "does not end"),
        (#"{} x"#, 3, "the end of the text"), (#"{"a":"\u12"}"#, 6, "four hexadecimal digits"),
        ("[]", 0, "expected '{'"),
    ])
    func `an error names its place and what was expected`(text: String, offset: Int, hint: String) throws {
        do throws(JSONError) {
            _ = try JSONProbe.fields(Array(text.utf8))
            Issue.record("accepted")
        } catch {
            #expect(error.offset == offset, "\(error.detail)")
            #expect(error.reason.contains(hint), "\(error.detail)")
            #expect(error.detail == "at byte \(offset): \(error.reason)")
        }
    }
}
