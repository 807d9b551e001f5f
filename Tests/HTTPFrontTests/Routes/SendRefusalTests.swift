import Testing

@testable import HTTPFront

/// What POST /v1/send refuses: the text names the field, what was found, and what is allowed.
struct SendRefusalTests {
    private static let looksLikeJSON =
        "the body looks like JSON, but is said to be application/x-www-form-urlencoded; send Content-Type: application/json"
    private static let takes =
        "this request takes 'recipient', 'recipients', 'sender', 'type', 'content', 'ttlSeconds', 'key'"

    private static func long(_ count: Int) -> String { String(repeating: "x", count: count) }

    @Test(arguments: [
        ("{}", "'recipient' is missing; say whom the message is for"),
        (#"{"recipient":"u"}"#, "'content' is missing; send any JSON value"),
        (#"{"content":1}"#, "'recipient' is missing; say whom the message is for"),
        // Unknown, twice, in the wrong company.
        (#"{"recipient":"u","content":1,"recipeint":2}"#, "unknown field 'recipeint'; \(takes)"),
        (#"{"recipient":"u","content":1,"cursor":"0"}"#, "unknown field 'cursor'; \(takes)"),
        (#"{"Recipient":"u","content":1}"#, "unknown field 'Recipient'; \(takes)"),
        (#"{"":1}"#, "unknown field ''; \(takes)"),
        ("{\"\(long(40))\":1}", "unknown field '\(long(40))'; \(takes)"),
        ("{\"\(long(41))\":1}", "unknown field '\(long(40))…'; \(takes)"),
        (#"{"my {secret}":1}"#, "unknown field, whose name has 11 bytes; \(takes)"),
        (#"{"recipient":"u","content":1,"content":2}"#, "'content' is given twice; give it once"),
        (#"{"recipient":"u","recipient":"v","content":1}"#, "'recipient' is given twice; give it once"),
        (#"{"recipient":"u","content":1,"\u0063ontent":2}"#, "'content' is given twice; give it once"),
        (
            #"{"recipient":"u","recipients":["v"],"content":1}"#,
            "'recipient' and 'recipients' together; send one of them"
        ),
        (#"{"recipients":["a","b","a"],"content":1}"#, "recipient 'a' is named twice; name it once"),
        // Types.
        (#"{"recipient":7,"content":1}"#, "'recipient' is wrong at byte 0: expected a string but found a number"),
        (#"{"recipient":null,"content":1}"#, "'recipient' is wrong at byte 0: expected a string but found null"),
        (#"{"recipient":["u"],"content":1}"#, "'recipient' is wrong at byte 0: expected a string but found an array"),
        (#"{"recipients":{},"content":1}"#, "'recipients' is an object; give an array of recipients"),
        (#"{"recipients":"a","content":1}"#, "'recipients' is a string; give an array of recipients"),
        (
            #"{"recipients":["a",2],"content":1}"#,
            "'recipients' is wrong at byte 0: expected a string but found a number"
        ),
        (#"{"recipients":[],"content":1}"#, "'recipients' is empty; give 1 to 1000 elements"),
        (
            #"{"recipient":"u","content":1,"sender":false}"#,
            "'sender' is wrong at byte 0: expected a string but found false"
        ),
        (
            #"{"recipient":"u","content":1,"ttlSeconds":"60"}"#,
            "'ttlSeconds' is \"60\"; give an integer from 1 to 604800"
        ),
        (#"{"recipient":"u","content":1,"ttlSeconds":1.5}"#, "'ttlSeconds' is 1.5; give an integer from 1 to 604800"),
        (#"{"recipient":"u","content":1,"ttlSeconds":0}"#, "'ttlSeconds' is 0; give an integer from 1 to 604800"),
        (#"{"recipient":"u","content":1,"ttlSeconds":-1}"#, "'ttlSeconds' is -1; give an integer from 1 to 604800"),
        (
            #"{"recipient":"u","content":1,"ttlSeconds":604801}"#,
            "'ttlSeconds' is 604801; give an integer from 1 to 604800"
        ),
        (
            #"{"recipient":"u","content":1,"ttlSeconds":1e999}"#,
            "'ttlSeconds' is 1e999; give an integer from 1 to 604800"
        ),
        (
            #"{"recipient":"u","content":1,"ttlSeconds":[1]}"#,
            "'ttlSeconds' is an array; give an integer from 1 to 604800"
        ),
        // Bounds of names.
        (#"{"recipient":"","content":1}"#, "recipient is empty; give it 1 to 256 bytes of UTF-8"),
        (
            "{\"recipient\":\"\(long(257))\",\"content\":1}",
            "recipient has 257 bytes; give it at most 256 bytes of UTF-8"
        ),
        (#"{"recipient":"u","content":1,"sender":""}"#, "'sender' is empty; give it 1 to 256 bytes of UTF-8"),
        (
            "{\"recipient\":\"u\",\"content\":1,\"sender\":\"\(long(257))\"}",
            "'sender' has 257 bytes; give it at most 256 bytes of UTF-8"
        ),
        (
            "{\"recipient\":\"u\",\"content\":1,\"type\":\"\(long(129))\"}",
            "'type' has 129 bytes; give it at most 128 bytes of UTF-8"
        ),
        (
            "{\"recipient\":\"u\",\"content\":1,\"key\":\"\(long(257))\"}",
            "'key' has 257 bytes; give it at most 256 bytes of UTF-8"
        ),
        (#"{"recipient":"u","content":1,"key":""}"#, "'key' is empty; give it 1 to 256 bytes of UTF-8"),
        (#"{"recipient":"a\u0000b","content":1}"#, "recipient contains the control character U+0000; leave it out"),
        (#"{"recipient":"a\u007fb","content":1}"#, "recipient contains the control character U+007F; leave it out"),
        (
            #"{"recipient":"u","content":1,"type":"a\u009fb"}"#,
            "'type' contains the control character U+009F; leave it out"
        ),
        (
            #"{"recipient":"\ud800","content":1}"#,
            "'recipient' is wrong at byte 1: half of a surrogate pair, which is no character; send both halves"
        ),
        // Not an object.
        ("[]", "the body is not a JSON object: at byte 0: expected '{' but found '['"),
        (" ", "the body is not a JSON object: at byte 1: expected '{' but the text ended"),
        (
            #"{"recipient":"u","content":1}x"#,
            "the body is not a JSON object: at byte 29: expected the end of the text but found 'x'"
        ),
        (#"{"recipient":"u","content":}"#, "the body is not a JSON object: at byte 27: expected a value but found '}'"),
    ])
    func `a wrong JSON object is refused by name`(body: String, detail: String) throws {
        let problem = try RequestBench.problem(RequestBench.json("/v1/send", body), SendCommandTests.send)
        #expect(problem == Problem(.invalidRequest, detail))
    }

    @Test(arguments: [
        ("content=1", "'recipient' is missing; say whom the message is for"),
        ("recipient=u", "'content' is missing; send any JSON value"),
        ("recipient=u&content=1&content=2", "'content' is given twice; give it once"),
        ("recipients=a&content=1", "'recipients' is for JSON; in a form, give 'recipient' once for each"),
        ("recipient=a&recipient=a&content=1", "recipient 'a' is named twice; name it once"),
        ("recipient=u&content=1&x=1", "unknown field 'x'; \(takes)"),
        ("recipient=u&content=1&%C3%A9=1", "unknown field 'é'; \(takes)"),
        ("recipient=u&content=1&=1", "unknown field ''; \(takes)"),
        ("recipient=u&content=1&a%22b=1", "unknown field, whose name has 3 bytes; \(takes)"),
        ("some text", "a part of the form has no '='; write each as name=value, with '&' between them"),
        ("recipient=u&secret", "a part of the form has no '='; write each as name=value, with '&' between them"),
        (#"{"recipient":"u","content":"a=b&c"}"#, looksLikeJSON), (" \r\n[1]", looksLikeJSON),
        ("recipient=u&content=1&ttlSeconds=", "'ttlSeconds' is ''; give an integer from 1 to 604800"),
        ("recipient=u&content=1&ttlSeconds=6e1", "'ttlSeconds' is '6e1'; give an integer from 1 to 604800"),
        ("recipient=u&content=1&ttlSeconds=%2B60", "'ttlSeconds' is '+60'; give an integer from 1 to 604800"),
        (
            "recipient=u&content=1&ttlSeconds=99999999999999999999",
            "'ttlSeconds' is '99999999999999999999'; give an integer from 1 to 604800"
        ),
        (
            "recipient=u&content=%GG",
            "the form is malformed: at byte 20: '%' without two hexadecimal digits; write '%' as %25"
        ),
        (
            "recipient=u&content=%FF",
            "'content' is malformed: at byte 0: the text is not valid UTF-8 once it is decoded; send UTF-8"
        ),
        ("recipient=%00&content=1", "recipient contains the control character U+0000; leave it out"),
    ])
    func `a wrong form is refused by name`(body: String, detail: String) throws {
        let problem = try RequestBench.problem(RequestBench.form("/v1/send", body), SendCommandTests.send)
        #expect(problem == Problem(.invalidRequest, detail))
    }

    @Test
    func `bytes that are not UTF-8 are refused wherever they stand`() throws {
        for body in ["{\"recipient\":\"\u{1}\",\"content\":1}", "{\"recipient\":\"u\",\"content\":\"\u{1}\"}"] {
            var bytes = Array(RequestBench.json("/v1/send", body).utf8)
            let place = try #require(bytes.firstIndex(of: 1))
            bytes[place] = 0xFF
            #expect(throws: Problem.self) { try RequestBench.read(bytes, SendCommandTests.send) }
        }
        var bytes = Array(RequestBench.form("/v1/send", "recipient=\u{1}&content=1").utf8)
        let place = try #require(bytes.firstIndex(of: 1))
        bytes[place] = 0xFF
        #expect(throws: Problem.self) { try RequestBench.read(bytes, SendCommandTests.send) }
    }

    @Test
    func `more than a list may hold is refused`() throws {
        let list = (1...1001).map { "\"r\($0)\"" }.joined(separator: ",")
        let json = RequestBench.json("/v1/send", #"{"recipients":[\#(list)],"content":1}"#)
        #expect(
            try RequestBench.problem(json, SendCommandTests.send)?.detail
                == "'recipients' has more than 1000 elements; give 1 to 1000"
        )
        let form = RequestBench.form("/v1/send", (1...1001).map { "recipient=r\($0)&" }.joined() + "content=1")
        #expect(try RequestBench.problem(form, SendCommandTests.send)?.detail == "1001 recipients; name 1 to 1000")
    }

    @Test
    func `content nested 129 levels deep is refused`() throws {
        let content = String(repeating: "[", count: 129) + String(repeating: "]", count: 129)
        let request = RequestBench.json("/v1/send", #"{"recipient":"u","content":\#(content)}"#)
        #expect(
            try RequestBench.problem(request, SendCommandTests.send)?.detail
                == "the body is not a JSON object: at byte 155: more than 128 levels of nesting; make it flatter"
        )
    }

    @Test(arguments: [
        ("Idempotency-Key: a", #""b""#, "the header Idempotency-Key and the field 'key' differ; send one of them"),
        // The Kelvin sign, which Unicode takes for the letter.
        (
            "Idempotency-Key: K", #""\u212a""#,
            "the header Idempotency-Key and the field 'key' differ; send one of them"
        ),
        ("Idempotency-Key:", "", "the header Idempotency-Key is empty; give it 1 to 256 bytes of UTF-8"),
        (
            "Idempotency-Key: " + long(257), "",
            "the header Idempotency-Key has 257 bytes; give it at most 256 bytes of UTF-8"
        ),
        (
            "Idempotency-Key: \u{FC}", "",
            "the header Idempotency-Key has bytes that are not ASCII; send such a key as the field 'key'"
        ),
    ])
    func `a wrong idempotency key is refused`(header: String, field: String, detail: String) throws {
        let key = field.isEmpty ? "" : ",\"key\":\(field)"
        let request = RequestBench.json("/v1/send", #"{"recipient":"u","content":1\#(key)}"#, header)
        #expect(try RequestBench.problem(request, SendCommandTests.send) == Problem(.invalidRequest, detail))
    }

    @Test
    func `a send without a body, or with fields in the query, is refused`() throws {
        let empty = RequestBench.json("/v1/send", "")
        #expect(
            try RequestBench.problem(empty, SendCommandTests.send)?.detail
                == "the request has no body; send at least 'recipient' and 'content'"
        )
        let query = RequestBench.json("/v1/send?recipient=u", #"{"content":1}"#)
        #expect(
            try RequestBench.problem(query, SendCommandTests.send)?.detail
                == "fields in the query and in the body; send all of them in one place"
        )
    }
}
