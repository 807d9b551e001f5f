import Testing

@testable import HTTPFront

/// Requests as text, and what routes make of them, without a socket.
enum RequestBench {
    static func get(_ target: String, _ fields: String...) -> String {
        text("GET", target, fields, body: nil)
    }

    static func delete(_ target: String) -> String {
        text("DELETE", target, [], body: nil)
    }

    static func json(_ target: String, _ body: String, _ fields: String...) -> String {
        text("POST", target, ["Content-Type: application/json"] + fields, body: body)
    }

    static func form(_ target: String, _ body: String, _ fields: String...) -> String {
        text("POST", target, ["Content-Type: application/x-www-form-urlencoded"] + fields, body: body)
    }

    static func post(_ target: String, _ body: String, _ fields: String...) -> String {
        text("POST", target, fields, body: body)
    }

    private static func text(_ method: String, _ target: String, _ fields: [String], body: String?) -> String {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: localhost"] + fields
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
    }

    /// Parses the head and lends the request to `use`, as a connection does when the whole of it is there.
    static func read<Value>(_ text: String, _ use: (Request) throws -> Value) throws -> Value {
        try read(Array(text.utf8), use)
    }

    static func read<Value>(_ bytes: [UInt8], _ use: (Request) throws -> Value) throws -> Value {
        try bytes.withUnsafeBufferPointer { bytes in
            var parser = HeadParser(limits: HTTPLimits())
            let head = try #require(try parser.parse(bytes.span), "the head is not complete")
            let body = UnsafeBufferPointer(rebasing: bytes[head.byteCount...])
            switch head.framing {
            case .none: #expect(body.isEmpty)
            case .length(let count): #expect(body.count == count)
            case .chunked: Issue.record("chunks are the connection's business")
            }
            return try use(Request(head: head, headBytes: bytes, body: body))
        }
    }

    /// What a route refuses a request with; nil, and a failure, if it accepts it.
    static func problem<Value>(_ text: String, _ use: (Request) throws -> Value) throws -> Problem? {
        do {
            let value = try read(text, use)
            Issue.record("it was accepted as \(value)")
            return nil
        } catch let problem as Problem {
            return problem
        }
    }
}

extension ByteBuffer {
    /// What it holds, as text.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The text that `write` appends.
    static func text(_ write: (ByteBuffer) -> Void) -> String {
        let buffer = ByteBuffer()
        write(buffer)
        return buffer.text
    }
}
