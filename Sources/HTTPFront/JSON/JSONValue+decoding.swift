extension JSONValue {
    /// The text of a string, escapes resolved.
    ///
    /// - Throws: ``JSONError`` if it is not a string, or holds half of a surrogate pair, which no text can; the offset
    ///   counts from the first byte of the value.
    /// - Complexity: O(n).
    package func string(in bytes: Span<UInt8>) throws(JSONError) -> String {
        guard kind == .string else { throw expected("a string") }
        do {
            return try decodedJSONString(contentRange, hasEscapes: hasEscapes, in: bytes)
        } catch {
            throw JSONError(offset: error.offset + 1, reason: error.reason)
        }
    }

    /// The value of a number without fraction and exponent.
    ///
    /// - Throws: ``JSONError`` if it is not such a number, or not within 64 bits.
    package func integer(in bytes: Span<UInt8>) throws(JSONError) -> Int {
        guard kind == .number else { throw expected("an integer") }
        let start = Int(range.lower)
        let isNegative = bytes[start] == 0x2D
        var value = 0
        for offset in (isNegative ? start + 1 : start)..<Int(range.upper) {
            guard bytes[offset].isDigit else {
                throw JSONError(offset: offset - start, reason: "expected an integer, without fraction and exponent")
            }
            // Counting down, since the lowest integer has no positive counterpart.
            let (tens, overflows) = value.multipliedReportingOverflow(by: 10)
            let (next, carries) = tens.subtractingReportingOverflow(Int(bytes[offset] - 48))
            guard !overflows, !carries else { throw tooLarge() }
            value = next
        }
        guard !isNegative else { return value }
        guard value != .min else { throw tooLarge() }
        return -value
    }

    /// The value of a number, rounded to what `Double` can hold; infinite if too large, NaN if it is not a number.
    package func decimal(in bytes: Span<UInt8>) -> Double {
        guard kind == .number else { return .nan }
        return Double(range.text(in: bytes)) ?? .nan
    }

    @inline(never)
    private func expected(_ what: StaticString) -> JSONError {
        JSONError(offset: 0, reason: "expected \(what) but found \(kind.described)")
    }

    @inline(never)
    private func tooLarge() -> JSONError {
        JSONError(offset: 0, reason: "the integer does not fit into 64 bits")
    }
}

/// The text of a checked string, given what stands between its quotes; offsets of errors count from there.
@inline(__always)
func decodedJSONString(
    _ range: ByteRange,
    hasEscapes: Bool,
    in bytes: Span<UInt8>
) throws(JSONError) -> String {
    hasEscapes ? try decodedEscapes(range, in: bytes) : range.text(in: bytes)
}

private func decodedEscapes(_ range: ByteRange, in bytes: Span<UInt8>) throws(JSONError) -> String {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(range.count)
    let end = Int(range.upper)
    var position = Int(range.lower)
    while position < end {
        let byte = bytes[position]
        guard byte == 0x5C else {
            decoded.append(byte)
            position += 1
            continue
        }
        let escape = bytes[position + 1]
        guard escape == 0x75 else {
            decoded.append(unescaped(escape))
            position += 2
            continue
        }
        var code = codeUnit(bytes, at: position + 2)
        var length = 6
        if code & 0xFC00 == 0xD800, position + 12 <= end, bytes[position + 6] == 0x5C, bytes[position + 7] == 0x75 {
            let low = codeUnit(bytes, at: position + 8)
            if low & 0xFC00 == 0xDC00 {
                code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
                length = 12
            }
        }
        guard let scalar = Unicode.Scalar(code) else {
            throw JSONError(
                offset: position - Int(range.lower),
                reason: "half of a surrogate pair, which is no character; send both halves"
            )
        }
        decoded.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        position += length
    }
    return String(decoding: decoded, as: UTF8.self)
}

/// The four hexadecimal digits at `offset`, which were checked.
private func codeUnit(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
    var code: UInt32 = 0
    for index in offset..<offset + 4 {
        code = code << 4 | UInt32(bytes[index].hexDigitValue)
    }
    return code
}

private func unescaped(_ escape: UInt8) -> UInt8 {
    switch escape {
    case 0x62: 0x08
    case 0x66: 0x0C
    case 0x6E: 0x0A
    case 0x72: 0x0D
    case 0x74: 0x09
    default: escape
    }
}
