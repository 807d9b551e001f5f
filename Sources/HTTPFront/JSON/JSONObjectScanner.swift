/// Reads the fields of a JSON text that is one object, one after the other.
///
/// What has been read has been checked; the text as a whole has been checked once ``next(in:)`` has returned nil. So an
/// action must wait for that nil. Names may repeat: who reads the fields refuses that.
package struct JSONObjectScanner: Sendable {
    private var entries: JSONEntryScanner

    /// Makes a scanner for the bytes of `range`, which hold one object and white space around it.
    ///
    /// - Parameters:
    ///   - range: Where the text is.
    ///   - depthMax: How many levels of brackets each field's value may have, at most 128.
    package init(range: ByteRange, depthMax: Int = 128) {
        entries = JSONEntryScanner(range: range, depthMax: depthMax)
    }

    /// Reads the next field, and all that its value holds.
    ///
    /// - Parameter bytes: The same bytes at each call.
    /// - Returns: The field, or nil behind the closing brace, if only white space follows it.
    /// - Throws: ``JSONError``, again and again if it is called again.
    package mutating func next(in bytes: Span<UInt8>) throws(JSONError) -> JSONField? {
        guard var reader = try entries.next(in: bytes, opening: (0x7B, "'{'"), closing: (0x7D, "',' or '}'")) else {
            return nil
        }
        let key = try reader.readKey(bytes, entries.isAtStart ? "a name in '\"' or '}'" : "a name in '\"'")
        let value = try reader.readValue(bytes, depthMax: entries.depthMax)
        entries.took(reader)
        return JSONField(key: key.key, keyHasEscapes: key.hasEscapes, value: value)
    }
}
