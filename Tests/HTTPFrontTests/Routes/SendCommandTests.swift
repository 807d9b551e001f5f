import Broker
import Testing

@testable import HTTPFront

/// What POST /v1/send reads, however it is written.
struct SendCommandTests {
    private static let sentAt = WallInstant(millisecondsSinceEpoch: 1_795_241_728_123)

    static func send(_ request: Request) throws(Problem) -> SendCommand {
        try SendCommand(request, sentAt: sentAt, scratch: ByteBuffer())
    }

    /// All that a command holds, on one line.
    static func described(_ request: Request) throws(Problem) -> String {
        let command = try send(request)
        let (sender, type, content) = command.draft.payload.withParts { sender, type, content in
            (String(decoding: sender, as: UTF8.self), String(decoding: type, as: UTF8.self), Array(content))
        }
        #expect(command.draft.payload.header.sentAt == sentAt)
        var parts = ["to \(command.recipients.map(\.name).joined(separator: ","))"]
        if command.isList { parts.append("list") }
        if !sender.isEmpty { parts.append("from \(sender)") }
        if !type.isEmpty { parts.append("type \(type)") }
        parts.append(String(decoding: content, as: UTF8.self))
        if let timeToLive = command.draft.timeToLive { parts.append("ttl \(timeToLive)") }
        if let key = command.draft.key { parts.append("key \(key)") }
        return parts.joined(separator: " | ")
    }

    @Test(arguments: [
        // The least.
        (#"{"recipient":"u42","content":"hi"}"#, #"to u42 | "hi""#),
        // Everything, in any order.
        (
            #"{"key":"k","ttlSeconds":60,"content":{"a":1},"type":"t","sender":"s","recipient":"u42"}"#,
            #"to u42 | from s | type t | {"a":1} | ttl 60.0 seconds | key k"#
        ),
        (#"{"recipients":["a"],"content":1}"#, "to a | list | 1"),
        (#"{"recipients":["a","b"],"content":1}"#, "to a,b | list | 1"),
        // Any JSON value is content, kept as it came, less insignificant white space.
        (#"{"recipient":"u","content":null}"#, "to u | null"),
        (#"{"recipient":"u","content":true}"#, "to u | true"),
        (#"{"recipient":"u","content":-1.50e+2}"#, "to u | -1.50e+2"),
        (#"{"recipient":"u","content":""}"#, #"to u | """#),
        (#"{"recipient":"u","content":[ ]}"#, "to u | []"),
        (#"{ "recipient" : "u" , "content" : { "a" : [ 1 , " b " ] } }"#, #"to u | {"a":[1," b "]}"#),
        (#"{"recipient":"u","content":"\u00e9\/\ud83d\ude00"}"#, #"to u | "\u00e9\/\ud83d\ude00""#),
        (#"{"recipient":"u","content":{"a":1,"a":2}}"#, #"to u | {"a":1,"a":2}"#),
        // Names may be written with escapes; values are read without them.
        (#"{"r\u0065cipient":"\u0075\ud83d\ude00","content":1}"#, "to u😀 | 1"),
        (#"{"recipient":"a b","content":1}"#, "to a b | 1"),
        // To JSON these are the same integer.
        (#"{"recipient":"u","content":1,"ttlSeconds":1}"#, "to u | 1 | ttl 1.0 seconds"),
        (#"{"recipient":"u","content":1,"ttlSeconds":604800}"#, "to u | 1 | ttl 604800.0 seconds"),
        (#"{"recipient":"u","content":1,"ttlSeconds":6.0e1}"#, "to u | 1 | ttl 60.0 seconds"),
        // U+0600 is the first after what C1 controls begin with, U+00A0 the first that is none.
        (#"{"recipient":"u\u00a0","content":1}"#, "to u\u{A0} | 1"),
    ])
    func `a JSON object is read`(body: String, command: String) throws {
        #expect(try RequestBench.read(RequestBench.json("/v1/send", body), Self.described) == command)
    }

    @Test(arguments: [
        ("recipient=u42&content=hi", #"to u42 | "hi""#),
        (
            "key=k&ttlSeconds=60&content=%7B%22a%22%3A1%7D&type=t&sender=s&recipient=u42",
            #"to u42 | from s | type t | "{\"a\":1}" | ttl 60.0 seconds | key k"#
        ),
        // A repeated recipient is a list.
        ("recipient=a&recipient=b&content=1", #"to a,b | list | "1""#),
        ("content=a+b%20c%2B&recipient=u", #"to u | "a b c+""#),
        ("content=&recipient=u", #"to u | """#),
        ("content&recipient=u", #"to u | """#),
        ("content=%0A%22%5C%C3%A9%00&recipient=u", #"to u | "\n\"\\é\u0000""#),
        ("content=é&recipient=ü", #"to ü | "é""#),
        ("&&content=a=b&&recipient=u&", #"to u | "a=b""#),
        ("%72ecipient=u&conten%74=1", #"to u | "1""#),
    ])
    func `a form is read, in which every value is text`(body: String, command: String) throws {
        #expect(try RequestBench.read(RequestBench.form("/v1/send", body), Self.described) == command)
    }

    @Test
    func `JSON and form say the same`() throws {
        let json = RequestBench.json(
            "/v1/send",
            #"{"recipient":"a&b","sender":"ü","type":"x y","content":"50% <","ttlSeconds":5,"key":"k+"}"#
        )
        let form = RequestBench.form(
            "/v1/send",
            "recipient=a%26b&sender=%C3%BC&type=x+y&content=50%25+%3C&ttlSeconds=5&key=k%2B"
        )
        #expect(try RequestBench.read(json, Self.described) == (try RequestBench.read(form, Self.described)))
    }

    @Test(arguments: [
        // Header, field, what becomes of them.
        ("Idempotency-Key: k", "", "key k"), ("idempotency-key:  k k ", "", "key k k"),
        ("Idempotency-Key: k", #","key":"k""#, "key k"), ("X-Other: 1", #","key":"k""#, "key k"),
        // A string as structured fields have it, and what only looks like one.
        (#"Idempotency-Key: "k""#, "", "key k"), (#"Idempotency-Key: "k""#, #","key":"k""#, "key k"),
        (#"Idempotency-Key: "a \"b\" \\c""#, "", #"key a "b" \c"#), (#"Idempotency-Key: "a"b""#, "", #"key "a"b""#),
        (#"Idempotency-Key: "a\b""#, "", #"key "a\b""#), (#"Idempotency-Key: "a\""#, "", #"key "a\""#),
        (#"Idempotency-Key: "a";x=1"#, "", #"key "a";x=1"#), (#"Idempotency-Key: ""#, "", #"key ""#),
        (#"Idempotency-Key: a"b"#, "", #"key a"b"#),
    ])
    func `the key comes by header or field`(header: String, field: String, key: String) throws {
        let request = RequestBench.json("/v1/send", #"{"recipient":"u","content":1\#(field)}"#, header)
        #expect(try RequestBench.read(request, Self.described) == "to u | 1 | \(key)")
    }

    @Test
    func `names may have as many bytes as they may, and lists as many elements`() throws {
        let (recipient, type) = (String(repeating: "ü", count: 128), String(repeating: "t", count: 128))
        let body =
            #"{"recipient":"\#(recipient)","sender":"\#(recipient)","type":"\#(type)","key":"\#(recipient)","content":1}"#
        let expected = "to \(recipient) | from \(recipient) | type \(type) | 1 | key \(recipient)"
        #expect(try RequestBench.read(RequestBench.json("/v1/send", body), Self.described) == expected)

        let names = (1...1000).map { "r\($0)" }
        let list = names.map { "\"\($0)\"" }.joined(separator: ",")
        let json = RequestBench.json("/v1/send", #"{"recipients":[\#(list)],"content":1}"#)
        #expect(try RequestBench.read(json, Self.send).recipients.map(\.name) == names)
        let form = RequestBench.form("/v1/send", names.map { "recipient=\($0)&" }.joined() + "content=1")
        #expect(try RequestBench.read(form, Self.send).recipients.map(\.name) == names)
    }

    @Test
    func `content may be nested 128 levels deep`() throws {
        let content = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        let request = RequestBench.json("/v1/send", #"{"recipient":"u","content":\#(content)}"#)
        #expect(try RequestBench.read(request, Self.described) == "to u | \(content)")
    }

    @Test
    func `each recipient gets the same payload`() throws {
        let body = #"{"recipients":["a","b"],"content":"hi","ttlSeconds":7,"key":"k"}"#
        let command = try RequestBench.read(RequestBench.json("/v1/send", body), Self.send)
        for (recipient, name) in zip(command.recipients, ["a", "b"]) {
            let draft = command.draft(to: recipient)
            #expect(draft.recipient.name == name)
            #expect(draft.payload === command.draft.payload)
            #expect(draft.timeToLive == .seconds(7))
            #expect(draft.key == "k")
        }
    }

    @Test
    func `a line of a batch is an object of its own`() throws {
        let body = Array(#"{"recipient":"a","content":1}"#.utf8) + Array("\n".utf8)
        try body.withUnsafeBufferPointer { bytes in
            #expect(bytes.lines == [ByteRange(0, body.count - 1)])
            let command = try SendCommand(
                line: bytes.lines[0],
                of: bytes,
                sentAt: Self.sentAt,
                scratch: ByteBuffer()
            )
            #expect(command.recipients.map(\.name) == ["a"])
            #expect(!command.isList)
        }
    }

    @Test(arguments: [
        ("", []), ("\n", []), ("\r\n \t\r\n\n", []), ("a", [0..<1]), ("a\n", [0..<1]), ("a\r\nb\r\n", [0..<2, 3..<5]),
        ("\n\na\n\nb", [2..<3, 5..<6]),
    ])
    func `lines without anything in them do not count`(text: String, lines: [Range<Int>]) {
        Array(text.utf8).withUnsafeBufferPointer { #expect($0.lines.map(\.offsets) == lines) }
    }
}
