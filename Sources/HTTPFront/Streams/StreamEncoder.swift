internal import Broker

/// Writes what a stream says, in its format.
struct StreamEncoder {
    let format: StreamFormat
    let callback: String
    let nonce: String
    /// Whether a message's own id is not the position to go on from, because several inboxes are read.
    let isComposite: Bool
    /// Whether positions are told at all: a taker has none.
    let tellsPositions: Bool

    /// Header fields beside the content type.
    func fields() -> String {
        var fields = "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n"
        if format == .iframe {
            fields +=
                "Content-Security-Policy: default-src 'none'; script-src 'nonce-\(nonce)'; frame-ancestors 'self'\r\n"
            fields += "X-Content-Type-Options: nosniff\r\n"
        }
        return fields
    }

    var contentType: StaticString {
        switch format {
        case .sse: "text/event-stream"
        case .ndjson: "application/x-ndjson"
        case .iframe: "text/html; charset=utf-8"
        }
    }

    /// What comes before everything else; `cursor` is the position to go on from if nothing else comes.
    ///
    /// In server-sent events it is the id of a first ping. An id without data would do by the standard, but not
    /// everywhere: Firefox and some libraries pass over all of an event that has no data.
    func begin(_ cursor: Cursor, _ output: ByteBuffer) {
        switch format {
        case .sse:
            output.append("retry: 2000\n")
            guard tellsPositions else { return output.append("\n") }
            control("ping", cursor, output) { _ in }
        case .ndjson:
            control("open", cursor, output) { _ in }
        // Some browsers begin to show a document only after so many bytes.
        case .iframe:
            output.append("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>stream</title><body>\n")
            output.append("<!--")
            for _ in 0..<16 { output.append("................................................................") }
            output.append("-->\n")
            control("open", cursor, output) { _ in }
        }
    }

    /// One message; `cursor` is the position behind it.
    func message(_ message: Message, _ cursor: Cursor, _ rendered: RenderedMessage, _ output: ByteBuffer) {
        switch format {
        case .sse:
            if tellsPositions { id(cursor, output) }
            output.append("data: ")
            rendered.append(message, to: output)
            output.append("\n\n")
        case .ndjson:
            if isComposite, tellsPositions {
                output.append(message: message, cursor: cursor)
            } else {
                rendered.append(message, to: output)
            }
            output.append(UInt8(ascii: "\n"))
        case .iframe:
            script(output) { json in
                json.append(message: message, cursor: isComposite && tellsPositions ? cursor : nil)
            }
        }
    }

    /// Proof of life.
    func ping(_ output: ByteBuffer) {
        control("ping", nil, output) { _ in }
    }

    /// So many messages are gone before the next.
    func gap(_ lost: Int, _ cursor: Cursor, _ output: ByteBuffer) {
        control("gap", cursor, output) { json in
            json.append("\"lost\":")
            json.append(decimal: lost)
        }
    }

    /// The position was of another life of the inbox.
    func reset(_ cursor: Cursor, _ output: ByteBuffer) {
        control("reset", cursor, output) { _ in }
    }

    /// Somebody has come or gone.
    func presence(_ presence: Presence, _ output: ByteBuffer) {
        control("presence", nil, output) { json in PresenceAnswer.writeFields(presence, to: json) }
    }

    /// The last that is said.
    func bye(_ reason: String, _ output: ByteBuffer) {
        control("bye", nil, output) { json in
            json.append("\"reason\":")
            json.append(jsonString: reason)
        }
    }

    private func id(_ cursor: Cursor, _ output: ByteBuffer) {
        output.append("id: ")
        output.append(cursor: cursor)
        output.append(UInt8(ascii: "\n"))
    }

    /// A line that is no message: what it is, the position behind it, and one more field.
    private func control(
        _ event: StaticString,
        _ cursor: Cursor?,
        _ output: ByteBuffer,
        _ field: (ByteBuffer) -> Void
    ) {
        switch format {
        case .sse:
            output.append("event: ")
            output.append(event)
            output.append(UInt8(ascii: "\n"))
            if let cursor, tellsPositions { id(cursor, output) }
            output.append("data: {")
            field(output)
            output.append("}\n\n")
        case .ndjson:
            object(event, cursor, output, field)
            output.append(UInt8(ascii: "\n"))
        case .iframe:
            script(output) { object(event, cursor, $0, field) }
        }
    }

    private func object(
        _ event: StaticString,
        _ cursor: Cursor?,
        _ output: ByteBuffer,
        _ field: (ByteBuffer) -> Void
    ) {
        output.append("{\"event\":\"")
        output.append(event)
        output.append(UInt8(ascii: "\""))
        let start = output.count
        output.append(UInt8(ascii: ","))
        field(output)
        if output.count == start + 1 { output.truncate(to: start) }
        if let cursor, tellsPositions {
            output.append(",\"cursor\":\"")
            output.append(cursor: cursor)
            output.append(UInt8(ascii: "\""))
        }
        output.append(UInt8(ascii: "}"))
    }

    /// A script element that calls the callback; nothing in the JSON can end it.
    private func script(_ output: ByteBuffer, _ write: (ByteBuffer) -> Void) {
        let json = ByteBuffer(capacity: 1024)
        write(json)
        output.append("<script nonce=\"")
        output.append(text: nonce)
        output.append("\">")
        output.append(text: callback)
        output.append(UInt8(ascii: "("))
        output.append(scriptSafe: json.bytes)
        output.append(")</script>\n")
    }
}
