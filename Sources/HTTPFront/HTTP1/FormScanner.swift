/// One `name=value` of a form or a query, as it stands there.
package struct FormField: Hashable, Sendable {
    /// The name, escapes and all; empty in `=value`.
    package var name: ByteRange
    /// The value, escapes and all; empty in `name=` and `name`.
    package var value: ByteRange
    /// Whether `%` or `+` stands in the name or the value, so that only ``decodedFormText(_:in:)`` tells what they are.
    package var isEncoded: Bool
    /// Whether all bytes are ASCII; if not, nothing has checked yet that they are UTF-8.
    package var isASCII: Bool
}

/// Reads the fields of a body of type application/x-www-form-urlencoded, or of a query, one after the other.
///
/// Fields are separated by `&`; empty pieces are skipped. Every escape is checked before its field is given.
package struct FormScanner: Sendable {
    private let lower: Int32
    private let upper: Int32
    private var position: Int32

    /// Makes a scanner for the bytes of `range`.
    package init(range: ByteRange) {
        lower = range.lower
        upper = range.upper
        position = range.lower
    }

    /// Reads the next field.
    ///
    /// - Parameter bytes: The same bytes at each call.
    /// - Returns: The field, or nil at the end.
    /// - Throws: ``FormError`` for a bad escape; its offset counts from the start of the range.
    package mutating func next(in bytes: Span<UInt8>) throws(FormError) -> FormField? {
        let end = Int(upper)
        var index = Int(position)
        precondition(index >= 0 && end <= bytes.count, "reading to \(end) in \(bytes.count) bytes")
        while index < end, bytes[index] == 0x26 {
            index += 1
        }
        let start = index
        var equals = -1
        var isEncoded = false
        var allBits: UInt8 = 0
        scanning: while index < end {
            let byte = bytes[unchecked: index]
            allBits |= byte
            switch byte {
            case 0x26:
                break scanning
            case 0x3D where equals < 0:
                equals = index
            case 0x2B:
                isEncoded = true
            case 0x25:
                isEncoded = true
                guard index + 2 < end,
                    bytes[index + 1].hexDigitValue != 255,
                    bytes[index + 2].hexDigitValue != 255
                else { throw .badEscape(at: index - Int(lower)) }
                index += 2
            default:
                break
            }
            index += 1
        }
        position = Int32(truncatingIfNeeded: index)
        guard start < index else { return nil }
        return FormField(
            name: ByteRange(start, equals < 0 ? index : equals),
            value: ByteRange(equals < 0 ? index : equals + 1, index),
            isEncoded: isEncoded,
            isASCII: allBits < 0x80
        )
    }
}
