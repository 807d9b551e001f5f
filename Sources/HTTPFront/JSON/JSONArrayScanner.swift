/// Reads the elements of a JSON text that is one array, one after the other.
///
/// What has been read has been checked; the text as a whole has been checked once ``next(in:)`` has returned nil.
package struct JSONArrayScanner: Sendable {
    private let base: Int32
    private let upper: Int32
    private let depthMax: UInt8
    private var position: Int32
    private var state = State.start

    private enum State: UInt8 {
        case start
        case afterElement
        case complete
    }

    /// Makes a scanner for the bytes of `range`, a value's or a whole text's, which hold one array.
    ///
    /// - Parameters:
    ///   - range: Where the text is.
    ///   - depthMax: How many levels of brackets each element may have, at most 128.
    package init(range: ByteRange, depthMax: Int = 128) {
        base = range.lower
        upper = range.upper
        position = range.lower
        self.depthMax = UInt8(clamping: min(depthMax, JSONReader.depthMax))
    }

    /// Reads the next element, and all that it holds.
    ///
    /// - Parameter bytes: The same bytes at each call.
    /// - Returns: The element, or nil behind the closing bracket, if only white space follows it.
    /// - Throws: ``JSONError``, again and again if it is called again.
    package mutating func next(in bytes: Span<UInt8>) throws(JSONError) -> JSONValue? {
        var reader = JSONReader(position: Int(position), end: Int(upper), base: Int(base))
        switch state {
        case .complete:
            return nil
        case .start:
            reader.skipSpace(bytes)
            guard reader.peek(bytes) == 0x5B else { throw reader.expected("'['", bytes) }
            reader.position += 1
            reader.skipSpace(bytes)
            if reader.peek(bytes) == 0x5D { return try finish(&reader, bytes) }
        case .afterElement:
            reader.skipSpace(bytes)
            if reader.peek(bytes) == 0x5D { return try finish(&reader, bytes) }
            guard reader.peek(bytes) == 0x2C else { throw reader.expected("',' or ']'", bytes) }
            reader.position += 1
            reader.skipSpace(bytes)
        }
        let value = try reader.readValue(bytes, depthMax: Int(depthMax))
        position = Int32(truncatingIfNeeded: reader.position)
        state = .afterElement
        return value
    }

    /// Checks that nothing follows the closing bracket.
    private mutating func finish(_ reader: inout JSONReader, _ bytes: Span<UInt8>) throws(JSONError) -> JSONValue? {
        reader.position += 1
        reader.skipSpace(bytes)
        guard reader.position == reader.end else { throw reader.expected("the end of the text", bytes) }
        state = .complete
        return nil
    }
}
