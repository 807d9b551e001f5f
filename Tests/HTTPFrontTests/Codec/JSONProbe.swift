import HTTPFront

/// Ways to read JSON with the scanners.
enum JSONProbe {
    /// Reads all of `bytes` as one object, from memory of exactly its size; returns its fields, raw.
    static func fields(_ bytes: [UInt8], depthMax: Int = 128) throws(JSONError) -> [(key: String, value: JSONValue)] {
        try Array(bytes).withUnsafeBufferPointer { buffer throws(JSONError) in
            let span = buffer.span
            var scanner = JSONObjectScanner(range: ByteRange(0, span.count), depthMax: depthMax)
            var fields: [(key: String, value: JSONValue)] = []
            while let field = try scanner.next(in: span) {
                fields.append((field.key.text(in: span), field.value))
            }
            return fields
        }
    }

    /// Reads `text` as a value, by making it the only element of an array.
    static func value<Answer>(
        _ text: String,
        _ body: (JSONValue, Span<UInt8>) throws(JSONError) -> Answer
    ) throws(JSONError) -> Answer {
        try value(Array(text.utf8), body)
    }

    /// Reads `bytes` as a value, by making them the only element of an array.
    static func value<Answer>(
        _ bytes: [UInt8],
        _ body: (JSONValue, Span<UInt8>) throws(JSONError) -> Answer
    ) throws(JSONError) -> Answer {
        let bytes = Array("[".utf8) + bytes + Array("]".utf8)
        return try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
            var scanner = JSONArrayScanner(range: ByteRange(0, buffer.count))
            guard let value = try scanner.next(in: buffer.span) else {
                throw JSONError(offset: 0, reason: "no value")
            }
            guard try scanner.next(in: buffer.span) == nil else { throw JSONError(offset: 0, reason: "two values") }
            return try body(value, buffer.span)
        }
    }

    /// Whether `bytes` are one JSON value.
    static func accepts(_ bytes: [UInt8]) -> Bool {
        do throws(JSONError) {
            try value(bytes) { _, _ in }
            return true
        } catch {
            return false
        }
    }

    /// The value's text without insignificant white space.
    static func compacted(_ bytes: [UInt8]) throws(JSONError) -> [UInt8] {
        try value(bytes) { value, span throws(JSONError) in
            var compacted: [UInt8] = []
            appendCompacted(value, from: span, to: &compacted)
            return compacted
        }
    }
}
