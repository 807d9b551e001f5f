/// What is wrong with a form, a query or a path.
package struct FormError: Error, Hashable, Sendable {
    /// Where it is wrong, counted from the first byte of the range that was read.
    package var offset: Int
    /// What was found there and what to do.
    package var reason: String
    /// The reason with its place, as one clause.
    package var detail: String { "at byte \(offset): \(reason)" }

    /// Makes an error.
    package init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }

    @inline(never)
    static func badEscape(at offset: Int) -> FormError {
        FormError(offset: offset, reason: "'%' without two hexadecimal digits; write '%' as %25")
    }

    @inline(never)
    static func notUTF8() -> FormError {
        FormError(offset: 0, reason: "the text is not valid UTF-8 once it is decoded; send UTF-8")
    }
}

/// The text of a name or value of a form or query: `+` is a space, `%XX` a byte, and the bytes must be UTF-8.
///
/// - Throws: ``FormError``, whose offset counts from the start of `range`.
/// - Complexity: O(n).
package func decodedFormText(_ range: ByteRange, in bytes: Span<UInt8>) throws(FormError) -> String {
    try percentDecoded(range, in: bytes) { byte, _ throws(FormError) in
        byte == 0x2B ? 0x20 : byte
    } escaped: {
        byte,
        _ throws(FormError) in
        byte
    }
}

/// The text of a path: `%XX` is a byte, `+` is itself, and the bytes must be UTF-8.
///
/// `%2F` and `%00` are refused: a decoded slash could not be told from one that separates, and no name here holds NUL.
/// - Throws: ``FormError``, whose offset counts from the start of `range`.
/// - Complexity: O(n).
package func percentDecodedPath(_ range: ByteRange, in bytes: Span<UInt8>) throws(FormError) -> String {
    try percentDecoded(range, in: bytes) { byte, _ throws(FormError) in
        byte
    } escaped: {
        byte,
        offset throws(FormError) in
        guard byte != 0x2F, byte != 0 else {
            throw FormError(
                offset: offset,
                reason: byte == 0
                    ? "%00 in a path; leave it out" : "%2F in a path, which is ambiguous; write '/' or leave it out"
            )
        }
        return byte
    }
}

/// Decodes escapes; `plain` says what becomes of a byte that stood there as it is, `escaped` of one that was an escape.
@inline(__always)
private func percentDecoded(
    _ range: ByteRange,
    in bytes: Span<UInt8>,
    plain: (UInt8, Int) throws(FormError) -> UInt8,
    escaped: (UInt8, Int) throws(FormError) -> UInt8
) throws(FormError) -> String {
    let start = Int(range.lower)
    let end = Int(range.upper)
    var decoded: [UInt8] = []
    decoded.reserveCapacity(range.count)
    var position = start
    while position < end {
        let byte = bytes[position]
        guard byte == 0x25 else {
            decoded.append(try plain(byte, position - start))
            position += 1
            continue
        }
        guard position + 2 < end,
            bytes[position + 1].hexDigitValue != 255,
            bytes[position + 2].hexDigitValue != 255
        else { throw .badEscape(at: position - start) }
        let value = bytes[position + 1].hexDigitValue << 4 | bytes[position + 2].hexDigitValue
        decoded.append(try escaped(value, position - start))
        position += 3
    }
    guard let text = String(validating: decoded, as: UTF8.self) else { throw .notUTF8() }
    return text
}
