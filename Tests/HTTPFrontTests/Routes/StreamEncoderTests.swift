import Broker
import Foundation
import Testing

@testable import HTTPFront

/// What a stream says in each of its formats, byte for byte.
struct StreamEncoderTests {
    private static func encoder(
        _ format: StreamFormat,
        callback: String = "parent.comet",
        isComposite: Bool = false,
        tellsPositions: Bool = true
    ) -> StreamEncoder {
        StreamEncoder(
            format: format,
            callback: callback,
            nonce: "n0nce",
            isComposite: isComposite,
            tellsPositions: tellsPositions
        )
    }

    private static func cursor(_ texts: String...) throws -> Cursor {
        Cursor(try texts.map { try Sample.id($0) })
    }

    private static let hi = #"{"id":"k3Qz9.18","recipient":"u42","content":"hi","sentAt":"2026-11-21T06:15:28.123Z"}"#

    @Test(arguments: [
        (StreamFormat.sse, "id: k3Qz9.18\ndata: \(hi)\n\n"), (.ndjson, "\(hi)\n"),
        (.iframe, "<script nonce=\"n0nce\">parent.comet(\(hi))</script>\n"),
    ])
    func `a message`(format: StreamFormat, expected: String) throws {
        let message = try Sample.message("k3Qz9.18", #""hi""#)
        let cursor = try Self.cursor("k3Qz9.18")
        let text = ByteBuffer.text { Self.encoder(format).message(message, cursor, RenderedMessage(), $0) }
        #expect(text == expected)
    }

    @Test(arguments: [
        (StreamFormat.sse, "id: k3Qz9.18~Zw0aB.7\ndata: \(hi)\n\n"),
        (.ndjson, "\(hi.dropLast()),\"cursor\":\"k3Qz9.18~Zw0aB.7\"}\n"),
        (
            .iframe,
            "<script nonce=\"n0nce\">parent.comet(\(hi.dropLast()),\"cursor\":\"k3Qz9.18~Zw0aB.7\"})</script>\n"
        ),
    ])
    func `a message of several inboxes, with the position in each`(format: StreamFormat, expected: String) throws {
        let message = try Sample.message("k3Qz9.18", #""hi""#)
        let cursor = try Self.cursor("k3Qz9.18", "Zw0aB.7")
        let encoder = Self.encoder(format, isComposite: true)
        #expect(ByteBuffer.text { encoder.message(message, cursor, RenderedMessage(), $0) } == expected)
    }

    @Test(arguments: [
        (StreamFormat.sse, "data: \(hi)\n\n"), (.ndjson, "\(hi)\n"),
        (.iframe, "<script nonce=\"n0nce\">parent.comet(\(hi))</script>\n"),
    ])
    func `a taker is told no positions`(format: StreamFormat, expected: String) throws {
        let message = try Sample.message("k3Qz9.18", #""hi""#)
        for texts in [["k3Qz9.18"], ["k3Qz9.18", "Zw0aB.7"]] {
            let cursor = Cursor(try texts.map { try Sample.id($0) })
            let encoder = Self.encoder(format, isComposite: texts.count > 1, tellsPositions: false)
            #expect(ByteBuffer.text { encoder.message(message, cursor, RenderedMessage(), $0) } == expected)
            let gap = ByteBuffer.text { encoder.gap(3, cursor, $0) }
            #expect(!gap.contains("k3Qz9"))
            #expect(gap.contains(#""lost":3"#))
        }
    }

    @Test(arguments: [
        (
            StreamFormat.sse,
            [
                "event: ping\ndata: {}\n\n", "event: gap\nid: k3Qz9.18\ndata: {\"lost\":12}\n\n",
                "event: reset\nid: k3Qz9.18\ndata: {}\n\n", "event: bye\ndata: {\"reason\":\"draining\"}\n\n",
            ]
        ),
        (
            .ndjson,
            [
                "{\"event\":\"ping\"}\n", "{\"event\":\"gap\",\"lost\":12,\"cursor\":\"k3Qz9.18\"}\n",
                "{\"event\":\"reset\",\"cursor\":\"k3Qz9.18\"}\n", "{\"event\":\"bye\",\"reason\":\"draining\"}\n",
            ]
        ),
        (
            .iframe,
            [
                "<script nonce=\"n0nce\">parent.comet({\"event\":\"ping\"})</script>\n",
                "<script nonce=\"n0nce\">parent.comet({\"event\":\"gap\",\"lost\":12,\"cursor\":\"k3Qz9.18\"})</script>\n",
                "<script nonce=\"n0nce\">parent.comet({\"event\":\"reset\",\"cursor\":\"k3Qz9.18\"})</script>\n",
                "<script nonce=\"n0nce\">parent.comet({\"event\":\"bye\",\"reason\":\"draining\"})</script>\n",
            ]
        ),
    ])
    func `what is no message`(format: StreamFormat, expected: [String]) throws {
        let encoder = Self.encoder(format)
        let cursor = try Self.cursor("k3Qz9.18")
        #expect(
            [
                ByteBuffer.text { encoder.ping($0) }, ByteBuffer.text { encoder.gap(12, cursor, $0) },
                ByteBuffer.text { encoder.reset(cursor, $0) }, ByteBuffer.text { encoder.bye("draining", $0) },
            ] == expected
        )
    }

    @Test(arguments: [
        (
            StreamFormat.sse, "text/event-stream", "retry: 2000\nevent: ping\nid: k3Qz9.18\ndata: {}\n\n",
            "retry: 2000\n\n"
        ),
        (
            .ndjson, "application/x-ndjson", "{\"event\":\"open\",\"cursor\":\"k3Qz9.18\"}\n",
            "{\"event\":\"open\"}\n"
        ),
    ])
    func `how it begins: with the position, unless it takes`(
        format: StreamFormat,
        contentType: String,
        begin: String,
        taking: String
    ) throws {
        let encoder = Self.encoder(format)
        let cursor = try Self.cursor("k3Qz9.18")
        #expect("\(encoder.contentType)" == contentType)
        #expect(encoder.fields() == "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n")
        #expect(ByteBuffer.text { encoder.begin(cursor, $0) } == begin)
        #expect(ByteBuffer.text { Self.encoder(format, tellsPositions: false).begin(cursor, $0) } == taking)
    }

    @Test
    func `a page that never ends begins with what makes browsers show it, and allows its own scripts only`() throws {
        let encoder = Self.encoder(.iframe)
        #expect("\(encoder.contentType)" == "text/html; charset=utf-8")
        #expect(
            encoder.fields() == """
                Cache-Control: no-store\r
                X-Accel-Buffering: no\r
                Content-Security-Policy: default-src 'none'; script-src 'nonce-n0nce'; frame-ancestors 'self'\r
                X-Content-Type-Options: nosniff\r\n
                """
        )
        let cursor = try Self.cursor("k3Qz9.18", "Zw0aB.7")
        let begin = ByteBuffer.text { encoder.begin(cursor, $0) }
        #expect(begin.hasPrefix("<!doctype html>"))
        #expect(begin.contains("<meta charset=\"utf-8\">"))
        #expect(begin.utf8.count > 1024)
        let script =
            "<script nonce=\"n0nce\">parent.comet({\"event\":\"open\",\"cursor\":\"k3Qz9.18~Zw0aB.7\"})</script>\n"
        #expect(begin.hasSuffix("-->\n" + script))
        #expect(begin.components(separatedBy: "<script").count == 2)
    }

    // MARK: Content that would break out

    private static let hostile = [
        #""</script><script>alert(1)</script>""#, #""<!--<script>""#, #""]]>""#, #""&lt;/script&gt;""#,
        "\"\u{2028}\u{2029}\"", #"{"</script>":"<\/script>"}"#, #""</SCRIPT\t>""#, "\"é\u{2027}\u{202A}\"",
    ]

    @Test(arguments: hostile)
    func `no content can end the script that it stands in`(content: String) throws {
        let message = try Sample.message(
            "k3Qz9.18",
            to: "</script>",
            content,
            from: "<script>\u{2028}",
            type: "--></script>"
        )
        let cursor = try Self.cursor("k3Qz9.18")
        let text = ByteBuffer.text {
            Self.encoder(.iframe, callback: "f").message(message, cursor, RenderedMessage(), $0)
        }
        let (start, end) = ("<script nonce=\"n0nce\">f(", ")</script>\n")
        try #require(text.hasPrefix(start) && text.hasSuffix(end))
        let json = text.dropFirst(start.count).dropLast(end.count)
        for character in ["<", ">", "&", "\u{2028}", "\u{2029}", "\n"] { #expect(!json.contains(character)) }
        // It is still the same JSON.
        let plain = ByteBuffer.text { $0.append(message: message) }
        let found = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? NSDictionary)
        let expected = try #require(try JSONSerialization.jsonObject(with: Data(plain.utf8)) as? NSDictionary)
        #expect(found == expected)
    }

    @Test(arguments: hostile)
    func `no content can end the line that it stands in`(content: String) throws {
        let message = try Sample.message("k3Qz9.18", content, from: "a b")
        let cursor = try Self.cursor("k3Qz9.18")
        for format in [StreamFormat.sse, .ndjson] {
            let text = ByteBuffer.text { Self.encoder(format).message(message, cursor, RenderedMessage(), $0) }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
            #expect(lines.count == (format == .sse ? 2 : 1))
            #expect(!text.contains("\r"))
            let json = try #require(lines.last).drop { $0 != "{" }
            _ = try JSONSerialization.jsonObject(with: Data(json.utf8))
        }
    }
}
