@testable import brokerctl

/// An event stream, decoded whole, in pieces, and by a second reader that follows the standard line by line.
enum EventsTarget {
    static func run(_ bytes: [UInt8]) throws {
        let whole = decode(bytes, cuts: [bytes.count])
        let pieces = decode(bytes, cuts: cuts(of: bytes))
        try expect(whole.events == pieces.events, "\(whole.events) whole, \(pieces.events) in pieces")
        try expect(whole.lastID == pieces.lastID && whole.retry == pieces.retry, "the state depends on the pieces")
        let plain = plainEvents(bytes)
        try expect(whole.events == plain.events, "\(whole.events), but a plain reader: \(plain.events)")
        try expect(
            whole.lastID == plain.lastID && whole.retry == plain.retry,
            "another id or retry than a plain reader's"
        )
    }

    private typealias Outcome = (events: [ServerSentEvent], lastID: String, retry: Int?)

    private static func decode(_ bytes: [UInt8], cuts: [Int]) -> Outcome {
        var decoder = EventStreamDecoder()
        var events: [ServerSentEvent] = []
        var start = 0
        for cut in cuts {
            events += decoder.decode(Array(bytes[start..<cut]))
            start = cut
        }
        return (events, decoder.lastEventID, decoder.retryMilliseconds)
    }

    /// HTML Living Standard, section 9.2.6, on scalars of the whole text.
    private static func plainEvents(_ bytes: [UInt8]) -> Outcome {
        var events: [ServerSentEvent] = []
        var lastID = ""
        var retry: Int?
        var (data, name, id): ([String], String, String?) = ([], "", nil)
        for line in lines(of: String(decoding: bytes, as: UTF8.self)) {
            guard !line.isEmpty else {
                if let id { lastID = id }
                if !data.isEmpty {
                    let text = data.joined(separator: "\n")
                    events.append(
                        ServerSentEvent(name: name.isEmpty ? "message" : name, data: text, lastEventID: lastID)
                    )
                }
                (data, name, id) = ([], "", nil)
                continue
            }
            let colon = line.firstIndex(of: ":")
            let field = text(line[..<(colon ?? line.endIndex)])
            var value = colon.map { line[line.index(after: $0)...] } ?? []
            if value.first == " " { value = value.dropFirst() }
            switch field {
            case "data": data.append(text(value))
            case "event": name = text(value)
            case "id": if !value.contains("\0") { id = text(value) }
            case "retry":
                if !value.isEmpty, value.allSatisfy({ ("0"..."9").contains($0) }) { retry = Int(text(value)) ?? retry }
            default: break
            }
        }
        return (events, lastID, retry)
    }

    private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        return text
    }

    /// The lines that have an end, whichever of the three.
    private static func lines(of text: String) -> [[Unicode.Scalar]] {
        var scalars = Array(text.unicodeScalars)
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        var lines: [[Unicode.Scalar]] = []
        var line: [Unicode.Scalar] = []
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            guard scalar == "\n" || scalar == "\r" else {
                line.append(scalar)
                continue
            }
            if scalar == "\r", index < scalars.count, scalars[index] == "\n" { index += 1 }
            lines.append(line)
            line = []
        }
        return lines
    }
}
