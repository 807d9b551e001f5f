/// Reads the fields of a JSON text that is one object, one after the other.
///
/// What has been read has been checked; the text as a whole has been checked once ``next(in:)`` has returned nil. So an
/// action must wait for that nil. Names may repeat: who reads the fields refuses that.
package struct JSONObjectScanner: Sendable {
    private let base: Int32
    private let upper: Int32
    private let depthMax: UInt8
    private var position: Int32
    private var state = State.start

    private enum State: UInt8 {
        case start
        case afterField
        case complete
    }

    /// Makes a scanner for the bytes of `range`, which hold one object and white space around it.
    ///
    /// - Parameters:
    ///   - range: Where the text is.
    ///   - depthMax: How many levels of brackets each field's value may have, at most 128.
    package init(range: ByteRange, depthMax: Int = 128) {
        base = range.lower
        upper = range.upper
        position = range.lower
        self.depthMax = UInt8(clamping: min(depthMax, JSONReader.depthMax))
    }

    /// Reads the next field, and all that its value holds.
    ///
    /// - Parameter bytes: The same bytes at each call.
    /// - Returns: The field, or nil behind the closing brace, if only white space follows it.
    /// - Throws: ``JSONError``, again and again if it is called again.
    package mutating func next(in bytes: Span<UInt8>) throws(JSONError) -> JSONField? {
        var reader = JSONReader(position: Int(position), end: Int(upper), base: Int(base))
        switch state {
        case .complete:
            return nil
        case .start:
            reader.skipSpace(bytes)
            guard reader.peek(bytes) == 0x7B else { throw reader.expected("'{'", bytes) }
            reader.position += 1
            reader.skipSpace(bytes)
            if reader.peek(bytes) == 0x7D { return try finish(&reader, bytes) }
        case .afterField:
            reader.skipSpace(bytes)
            if reader.peek(bytes) == 0x7D { return try finish(&reader, bytes) }
            guard reader.peek(bytes) == 0x2C else { throw reader.expected("',' or '}'", bytes) }
            reader.position += 1
            reader.skipSpace(bytes)
        }
        let key = try reader.readKey(bytes, state == .start ? "a name in '\"' or '}'" : "a name in '\"'")
        let value = try reader.readValue(bytes, depthMax: Int(depthMax))
        position = Int32(truncatingIfNeeded: reader.position)
        state = .afterField
        return JSONField(key: key.key, keyHasEscapes: key.hasEscapes, value: value)
    }

    /// Checks that nothing follows the closing brace.
    private mutating func finish(_ reader: inout JSONReader, _ bytes: Span<UInt8>) throws(JSONError) -> JSONField? {
        reader.position += 1
        reader.skipSpace(bytes)
        guard reader.position == reader.end else { throw reader.expected("the end of the text", bytes) }
        state = .complete
        return nil
    }
}
