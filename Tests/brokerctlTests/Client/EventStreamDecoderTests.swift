import Testing

@testable import brokerctl

/// A stream, and the events that a browser would see.
struct StreamCase: CustomTestStringConvertible, Sendable {
    let name: String
    let text: String
    let events: [ServerSentEvent]
    var retry: Int?

    var testDescription: String { name }
}

private func message(_ data: String, id: String = "", name: String = "message") -> ServerSentEvent {
    ServerSentEvent(name: name, data: data, lastEventID: id)
}

@Suite struct EventStreamDecoderTests {
    private static let cases = [
        StreamCase(name: "nothing", text: "", events: []),
        StreamCase(name: "one", text: "data: a\n\n", events: [message("a")]),
        StreamCase(name: "cut off", text: "data: a\n", events: []),
        StreamCase(name: "cut off in the line", text: "data: a\n\ndata: b", events: [message("a")]),
        StreamCase(name: "CR", text: "data: a\r\rdata: b\r\r", events: [message("a"), message("b")]),
        StreamCase(name: "CRLF", text: "data: a\r\n\r\ndata: b\r\n\r\n", events: [message("a"), message("b")]),
        StreamCase(name: "mixed ends", text: "data: a\r\n\ndata: b\n\r\n", events: [message("a"), message("b")]),
        StreamCase(name: "CR, then LF CR", text: "data: a\r\n\r", events: [message("a")]),
        StreamCase(name: "several lines", text: "data: a\ndata: b\ndata\n\n", events: [message("a\nb\n")]),
        StreamCase(name: "no space", text: "data:a\n\n", events: [message("a")]),
        StreamCase(name: "two spaces", text: "data:  a\n\n", events: [message(" a")]),
        StreamCase(name: "colons", text: "data: a:b: c\n\n", events: [message("a:b: c")]),
        StreamCase(name: "empty data", text: "data\n\ndata:\n\n", events: [message(""), message("")]),
        StreamCase(name: "no data", text: "event: x\n\ndata: a\n\n", events: [message("a")]),
        StreamCase(name: "comments", text: ": hi\n:\ndata: a\n: ho\n\n", events: [message("a")]),
        StreamCase(name: "unknown fields", text: "foo: x\nDATA: b\n data: c\ndata: a\n\n", events: [message("a")]),
        StreamCase(
            name: "names",
            text: "event: ping\ndata: {}\n\nevent: gap\nevent:\ndata: b\n\ndata: c\n\n",
            events: [message("{}", name: "ping"), message("b"), message("c")]
        ),
        StreamCase(
            name: "ids stay",
            text: "id: e.1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
            events: [message("a", id: "e.1"), message("b", id: "e.1"), message("c")]
        ),
        StreamCase(
            name: "an id without data",
            text: "id: e.7\n\ndata: b\n\n",
            events: [message("b", id: "e.7")]
        ),
        StreamCase(name: "an id with NUL", text: "id: 1\nid: 2\u{0}\ndata: a\n\n", events: [message("a", id: "1")]),
        StreamCase(name: "an id that is cut off", text: "data: a\n\nid: 9\ndata: b\n", events: [message("a")]),
        StreamCase(name: "byte order mark", text: "\u{FEFF}data: a\n\n", events: [message("a")]),
        StreamCase(
            name: "two byte order marks",
            text: "\u{FEFF}\u{FEFF}data: a\n\ndata: b\n\n",
            events: [message("b")]
        ),
        StreamCase(name: "a mark later", text: "data: a\n\n\u{FEFF}data: b\n\n", events: [message("a")]),
        StreamCase(name: "retry", text: "retry: 2000\n\ndata: a\n\n", events: [message("a")], retry: 2000),
        StreamCase(name: "no retry", text: "retry: 2s\nretry: -1\nretry:\n\ndata: a\n\n", events: [message("a")]),
        StreamCase(name: "many empty lines", text: "\n\n\r\r\n\ndata: a\n\n\n\n", events: [message("a")]),
        StreamCase(
            name: "all kinds of letters",
            text: "data: grüße 👩‍👩‍👧 \u{2028} \u{0} \u{1b}\n\n",
            events: [message("grüße 👩‍👩‍👧 \u{2028} \u{0} \u{1b}")]
        ),
    ]

    @Test(arguments: cases)
    func `a stream is decoded whole, byte by byte, and cut at each place`(stream: StreamCase) {
        let bytes = Array(stream.text.utf8)
        expect(stream, [bytes])
        expect(stream, bytes.map { [$0] })
        for cut in bytes.indices { expect(stream, [Array(bytes[..<cut]), Array(bytes[cut...])]) }
    }

    private func expect(_ stream: StreamCase, _ pieces: [[UInt8]]) {
        var decoder = EventStreamDecoder()
        var events: [ServerSentEvent] = []
        for piece in pieces { events += decoder.decode(piece) }
        #expect(events == stream.events, "in pieces of \(pieces.map(\.count))")
        #expect(decoder.retryMilliseconds == stream.retry)
        #expect(decoder.lastEventID == (stream.events.last?.lastEventID ?? ""))
        #expect(!decoder.isOverflowing)
    }

    @Test func `what is not UTF-8 becomes a replacement character`() {
        var decoder = EventStreamDecoder()
        let events = decoder.decode(Array("data: a".utf8) + [0xFF] + Array("b\n\n".utf8))
        #expect(events == [message("a\u{FFFD}b")])
    }

    @Test func `an event without end is given up at the limit`() {
        var line = EventStreamDecoder(bytesMax: 100)
        #expect(line.decode(Array(repeating: 0x61, count: 101)).isEmpty)
        #expect(line.isOverflowing)
        var data = EventStreamDecoder(bytesMax: 100)
        for _ in 0..<30 { #expect(data.decode(Array("data: abc\n".utf8)).isEmpty) }
        #expect(data.isOverflowing)
        #expect(data.decode(Array("\n".utf8)).isEmpty)
    }
}
