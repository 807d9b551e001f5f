import BrokerTestSupport
import HTTPFront
import Testing

struct MediaTypeTests {
    private func read<Answer>(_ text: String, _ body: (MediaType?, Span<UInt8>) -> Answer) -> Answer {
        Array(text.utf8).withUnsafeBufferPointer { buffer in
            body(MediaType(ByteRange(0, buffer.count), in: buffer.span), buffer.span)
        }
    }

    @Test(
        arguments: [
            ("application/json", "application/json", nil), ("Application/JSON", "application/json", nil),
            ("text/html; charset=utf-8", "text/html", "utf-8"), ("text/html;charset=\"UTF-8\"", "text/html", "utf-8"),
            ("text/html ; a=b;\tcharset=x ; c=\"d;\\\";charset=y\"", "text/html", "x"), ("a/b;", "a/b", nil),
            ("a/b; ;;charset=x;", "a/b", "x"), (" a/b ", "a/b", nil), ("a/b;CHARSET=x", "a/b", "x"),
            ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded", nil),
            ("a/b;charset=\"\"", "a/b", ""),
        ] as [(String, String, String?)]
    )
    func `a media type has a type and perhaps a charset`(text: String, essence: String, charset: String?) {
        read(text) { type, bytes in
            #expect(type?.essenceText(in: bytes) == essence)
            #expect(type?.charsetText(in: bytes) == charset)
        }
    }

    @Test(arguments: [
        "", " ", "text", "text/", "/html", "text/html/x", "text /html", "text/ html", "text/html charset=x",
        "te(xt/html",
        "text/html; charset", "text/html; charset=", "text/html; charset =x", "text/html; charset= x",
        "text/html; charset=\"x", "text/html; charset=\"x\\\"", "text/html; charset=x; charset=x", "text/html, a/b",
        "text/html; =x", "text/html; charset=x y", "text/\u{E9}", "text/html; charset=\u{E9}",
    ])
    func `a malformed media type is none`(text: String) {
        read(text) { type, _ in #expect(type == nil) }
    }

    @Test(arguments: [
        ("a/b", true), ("a/b;charset=utf-8", true), ("a/b;charset=\"UTF-8\"", true), ("a/b;charset=utf8", true),
        ("a/b;charset=US-ASCII", true), ("a/b;charset=iso-8859-1", false), ("a/b;charset=utf-16", false),
        ("a/b;charset=\"\"", false), ("a/b;charset=\"utf-8 \"", false),
    ])
    func `UTF-8 is told from other charsets`(text: String, isUTF8: Bool) {
        read(text) { type, bytes in #expect(type?.isUTF8(in: bytes) == isUTF8) }
    }

    @Test
    func `types match in any case`() {
        read("Text/HTML;x=y") { type, bytes in
            #expect(type?.isType("text/html", in: bytes) == true)
            #expect(type?.isType("text/htm", in: bytes) == false)
            #expect(type?.isType("text/html5", in: bytes) == false)
        }
    }

    @Test(
        arguments: [
            (nil, .sse), ("", .sse), ("*/*", .sse), ("text/event-stream", .sse), ("application/x-ndjson", .ndjson),
            ("text/html", .iframe), ("TEXT/HTML", .iframe), ("application/*", .ndjson), ("text/*", .sse),
            ("application/json", nil), ("image/*", nil), ("*", nil), ("text", nil), ("*/*;q=0", nil),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8", .iframe),
            ("text/event-stream;q=0.5, application/x-ndjson", .ndjson),
            ("text/html;q=0.9, text/*;q=0.5, */*;q=0.1", .iframe),
            ("text/html;q=0.2, text/*;q=0.3", .sse), ("text/event-stream;q=0, */*", .ndjson),
            ("text/event-stream;q=0, text/*", .iframe), ("*/*, text/event-stream;q=0.1", .ndjson),
            ("application/x-ndjson;q=0.001", .ndjson), ("text/html;q=1.000,text/event-stream;q=0.999", .iframe),
            ("text/html;q=1.001", nil), ("text/html;q=2", nil), ("text/html;q=", nil), ("text/html;q=0.1234", nil),
            ("text/html;q=.5", nil), ("text/html;q=1.", .iframe), ("text/html;charset=utf-8", .iframe),
            ("text/html;x=\"a,b;q=0\", image/png", .iframe),
            ("text/html;level=1;q=0.4;ext=x, application/x-ndjson;q=0.3", .iframe),
            ("text/html;x=\"a\\\",b\", image/png", .iframe),
            (",, ,text/html ,,", .iframe), ("text/html;q=0.5 application/x-ndjson", nil),
            ("text/html;Q=0.5,*/*;q=0.6", .sse),
            ("text/html;x=\"", nil), ("text/html;x=\"\\", nil),
        ] as [(String?, StreamFormat?)]
    )
    func `Accept chooses the format of a stream`(accept: String?, format: StreamFormat?) {
        let bytes = Array((accept ?? "").utf8)
        bytes.withUnsafeBufferPointer { buffer in
            let range = accept == nil ? nil : ByteRange(0, buffer.count)
            #expect(preferredStreamFormat(range, in: buffer.span) == format)
        }
    }

    @Test
    func `mutated values never make it read beyond the bytes`() {
        var random = SeededGenerator(seed: 8)
        let seed = Array("text/html;charset=\"utf-\\8\";q=0.5, */*;q=0.1, application/x-ndjson".utf8)
        for _ in 0..<4000 {
            let bytes = random.mutated(seed, alphabet: Array("\"\\;,=/* q0.\t".utf8))
            bytes.withUnsafeBufferPointer { buffer in
                _ = MediaType(ByteRange(0, buffer.count), in: buffer.span)
                _ = preferredStreamFormat(ByteRange(0, buffer.count), in: buffer.span)
            }
        }
    }
}
