/// Reads the elements of a JSON text that is one array, one after the other.
///
/// What has been read has been checked; the text as a whole has been checked once ``next(in:)`` has returned nil.
package struct JSONArrayScanner: Sendable {
    private var entries: JSONEntryScanner

    /// Makes a scanner for the bytes of `range`, a value's or a whole text's, which hold one array.
    ///
    /// - Parameters:
    ///   - range: Where the text is.
    ///   - depthMax: How many levels of brackets each element may have, at most 128.
    package init(range: ByteRange, depthMax: Int = 128) {
        entries = JSONEntryScanner(range: range, depthMax: depthMax)
    }

    /// Reads the next element, and all that it holds.
    ///
    /// - Parameter bytes: The same bytes at each call.
    /// - Returns: The element, or nil behind the closing bracket, if only white space follows it.
    /// - Throws: ``JSONError``, again and again if it is called again.
    package mutating func next(in bytes: Span<UInt8>) throws(JSONError) -> JSONValue? {
        guard var reader = try entries.next(in: bytes, opening: (0x5B, "'['"), closing: (0x5D, "',' or ']'")) else {
            return nil
        }
        let value = try reader.readValue(bytes, depthMax: entries.depthMax)
        entries.took(reader)
        return value
    }
}
