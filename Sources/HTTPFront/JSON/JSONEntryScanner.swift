/// What arrays and objects have in common: a bracket at each end, commas between their entries, and nothing behind.
struct JSONEntryScanner: Sendable {
    private let base: Int32
    private let upper: Int32
    private let entryDepthMax: UInt8
    private var position: Int32
    private var state = State.start

    private enum State: UInt8 {
        case start
        case afterEntry
        case complete
    }

    init(range: ByteRange, depthMax: Int) {
        base = range.lower
        upper = range.upper
        position = range.lower
        entryDepthMax = UInt8(clamping: min(depthMax, JSONReader.depthMax))
    }

    /// How many levels of brackets an entry's value may have.
    var depthMax: Int { Int(entryDepthMax) }
    /// Whether no entry has been read.
    var isAtStart: Bool { state == .start }

    /// Goes to the next entry.
    ///
    /// - Parameters:
    ///   - bytes: The same bytes at each call.
    ///   - opening: The bracket in front of the entries, and its name.
    ///   - closing: The one behind them, and its name together with the comma's.
    /// - Returns: A reader in front of the entry, for ``took(_:)`` when it has been read; nil behind the closing
    /// bracket,
    ///   if only white space follows it.
    /// - Throws: ``JSONError``.
    @inline(__always)
    mutating func next(
        in bytes: Span<UInt8>,
        opening: (byte: UInt8, name: StaticString),
        closing: (byte: UInt8, name: StaticString)
    ) throws(JSONError) -> JSONReader? {
        var reader = JSONReader(position: Int(position), end: Int(upper), base: Int(base))
        switch state {
        case .complete:
            return nil
        case .start:
            reader.skipSpace(bytes)
            guard reader.peek(bytes) == opening.byte else { throw reader.expected(opening.name, bytes) }
            reader.position += 1
            reader.skipSpace(bytes)
            if reader.peek(bytes) == closing.byte { return try finish(&reader, bytes) }
        case .afterEntry:
            reader.skipSpace(bytes)
            if reader.peek(bytes) == closing.byte { return try finish(&reader, bytes) }
            guard reader.peek(bytes) == 0x2C else { throw reader.expected(closing.name, bytes) }
            reader.position += 1
            reader.skipSpace(bytes)
        }
        return reader
    }

    /// Takes note that an entry has been read.
    @inline(__always)
    mutating func took(_ reader: JSONReader) {
        position = Int32(truncatingIfNeeded: reader.position)
        state = .afterEntry
    }

    /// Checks that nothing follows the closing bracket.
    private mutating func finish(_ reader: inout JSONReader, _ bytes: Span<UInt8>) throws(JSONError) -> JSONReader? {
        reader.position += 1
        reader.skipSpace(bytes)
        guard reader.position == reader.end else { throw reader.expected("the end of the text", bytes) }
        state = .complete
        return nil
    }
}
