/// A media type and its `charset`, as `Content-Type` carries them: `text/html; charset="utf-8"` (RFC 9110 §8.3.1).
package struct MediaType: Sendable {
    /// The `type/subtype`, as it came; compare it with ``isType(_:in:)``.
    package var essence: ByteRange
    /// The value of `charset`, without quotes; nil without one.
    package var charset: ByteRange?

    /// Reads `range`; nil if it is malformed, or names `charset` twice.
    package init?(_ range: ByteRange, in bytes: Span<UInt8>) {
        let end = Int(range.upper)
        let start = bytes.skipBlanks(from: Int(range.lower), to: end)
        let slash = bytes.skip(.token, from: start, to: end)
        guard slash > start, slash < end, bytes[slash] == 0x2F else { return nil }
        let essenceEnd = bytes.skip(.token, from: slash + 1, to: end)
        guard essenceEnd > slash + 1 else { return nil }
        essence = ByteRange(start, essenceEnd)
        var parameters = ParameterScanner(position: essenceEnd, end: end)
        while let parameter = parameters.next(in: bytes) {
            guard parameter.name.equalsIgnoringCase("charset", in: bytes) else { continue }
            guard charset == nil else { return nil }
            charset = parameter.value
        }
        guard parameters.isAtEnd else { return nil }
    }

    /// Whether the type is `literal`, which is written in small letters; capitals do not matter.
    package func isType(_ literal: StaticString, in bytes: Span<UInt8>) -> Bool {
        essence.equalsIgnoringCase(literal, in: bytes)
    }

    /// Whether the text is UTF-8: no `charset`, or `utf-8` (some write `utf8`), or `us-ascii`, which is a part of it.
    package func isUTF8(in bytes: Span<UInt8>) -> Bool {
        guard let charset else { return true }
        return charset.equalsIgnoringCase("utf-8", in: bytes)
            || charset.equalsIgnoringCase("utf8", in: bytes)
            || charset.equalsIgnoringCase("us-ascii", in: bytes)
    }

    /// The `type/subtype` in small letters, for the text of an error.
    package func essenceText(in bytes: Span<UInt8>) -> String {
        essence.text(in: bytes).lowercased()
    }

    /// The `charset` in small letters, for the text of an error.
    package func charsetText(in bytes: Span<UInt8>) -> String? {
        charset?.text(in: bytes).lowercased()
    }
}

/// Reads `; name=value` parameters (RFC 9110 §5.6.6), up to the end or to what is not one.
struct ParameterScanner {
    struct Parameter {
        var name: ByteRange
        /// The token, or what stands between the quotes, backslashes and all.
        var value: ByteRange
    }

    private(set) var position: Int
    let end: Int

    init(position: Int, end: Int) {
        self.position = position
        self.end = end
    }

    /// Whether nothing but blanks is left.
    var isAtEnd: Bool { position == end }

    /// Reads one parameter; nil, and ``position`` where it stopped, if there is none.
    mutating func next(in bytes: Span<UInt8>) -> Parameter? {
        position = bytes.skipBlanks(from: position, to: end)
        // An empty parameter is allowed, as in "text/html;" or "text/html;;q=1".
        while position < end, bytes[position] == 0x3B {
            let nameStart = bytes.skipBlanks(from: position + 1, to: end)
            let nameEnd = bytes.skip(.token, from: nameStart, to: end)
            guard nameEnd > nameStart else {
                position = nameStart
                continue
            }
            guard nameEnd < end, bytes[nameEnd] == 0x3D else { return nil }
            let valueStart = nameEnd + 1
            let name = ByteRange(nameStart, nameEnd)
            if valueStart < end, bytes[valueStart] == 0x22 {
                guard let quote = closingQuote(bytes, from: valueStart + 1) else { return nil }
                position = bytes.skipBlanks(from: quote + 1, to: end)
                return Parameter(name: name, value: ByteRange(valueStart + 1, quote))
            }
            let valueEnd = bytes.skip(.token, from: valueStart, to: end)
            guard valueEnd > valueStart else { return nil }
            position = bytes.skipBlanks(from: valueEnd, to: end)
            return Parameter(name: name, value: ByteRange(valueStart, valueEnd))
        }
        return nil
    }

    private func closingQuote(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        while index < end {
            if bytes[index] == 0x22 { return index }
            index += bytes[index] == 0x5C ? 2 : 1
        }
        return nil
    }
}
