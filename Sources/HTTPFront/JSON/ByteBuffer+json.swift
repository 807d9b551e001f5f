extension ByteBuffer {
    /// Appends `text` as a JSON string, quotes included.
    package func append(jsonString text: String) {
        var text = text
        text.withUTF8 { append(jsonStringUTF8: $0) }
    }

    /// Appends text, given as valid UTF-8, as a JSON string, quotes included.
    ///
    /// Only what must be escaped is: quotes, backslashes and controls. What needs none is copied in one piece.
    package func append(jsonStringUTF8 text: UnsafeBufferPointer<UInt8>) {
        append(UInt8(ascii: "\""))
        let bytes = text.span
        var start = 0
        var index = 0
        while true {
            index = endOfPlainText(bytes, from: index)
            if start < index { append(UnsafeBufferPointer(rebasing: text[start..<index])) }
            guard index < text.count else { break }
            appendEscaped(bytes[index])
            index += 1
            start = index
        }
        append(UInt8(ascii: "\""))
    }

    /// Appends JSON in a form that may stand inside a `<script>` element and is the same JSON.
    ///
    /// `<`, `>`, `&`, U+2028 and U+2029, which JSON holds in strings only, become `\u` escapes: so no content can end
    /// the element, begin a comment, or end a line of the script.
    package func append(scriptSafe json: UnsafeBufferPointer<UInt8>) {
        let bytes = json.span
        var start = 0
        var index = 0
        while index < bytes.count {
            while index + 8 <= bytes.count {
                let word = bytes.word(at: index)
                let flags =
                    Word.equal(word, 0x3C) | Word.equal(word, 0x3E) | Word.equal(word, 0x26) | Word.equal(word, 0xE2)
                guard flags == 0 else {
                    index += Word.first(flags)
                    break
                }
                index += 8
            }
            guard index < bytes.count else { break }
            let (escape, length) = scriptEscape(bytes, at: index)
            guard length > 0 else {
                index += 1
                continue
            }
            if start < index { append(UnsafeBufferPointer(rebasing: json[start..<index])) }
            append(escape)
            index += length
            start = index
        }
        if start < bytes.count { append(UnsafeBufferPointer(rebasing: json[start...])) }
    }

    /// The escape for what stands at `index`, and how many bytes it replaces; 0 if it may stay.
    @inline(__always)
    private func scriptEscape(_ bytes: Span<UInt8>, at index: Int) -> (StaticString, Int) {
        switch bytes[index] {
        case 0x3C: return ("\\u003c", 1)
        case 0x3E: return ("\\u003e", 1)
        case 0x26: return ("\\u0026", 1)
        case 0xE2 where index + 2 < bytes.count && bytes[index + 1] == 0x80 && bytes[index + 2] == 0xA8:
            return ("\\u2028", 3)
        case 0xE2 where index + 2 < bytes.count && bytes[index + 1] == 0x80 && bytes[index + 2] == 0xA9:
            return ("\\u2029", 3)
        default: return ("", 0)
        }
    }

    /// Offset of the first byte from `start` on that a JSON string cannot hold as it is, or the end.
    @inline(__always)
    private func endOfPlainText(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index + 8 <= bytes.count {
            let word = bytes.word(at: index)
            let flags = Word.equal(word, 0x22) | Word.equal(word, 0x5C) | Word.less(word, 0x20)
            guard flags == 0 else { return index + Word.first(flags) }
            index += 8
        }
        while index < bytes.count, bytes[index] >= 0x20, bytes[index] != 0x22, bytes[index] != 0x5C {
            index += 1
        }
        return index
    }

    private func appendEscaped(_ byte: UInt8) {
        switch byte {
        case 0x22: append("\\\"")
        case 0x5C: append("\\\\")
        case 0x08: append("\\b")
        case 0x0C: append("\\f")
        case 0x0A: append("\\n")
        case 0x0D: append("\\r")
        case 0x09: append("\\t")
        default:
            let digits: StaticString = "0123456789abcdef"
            append("\\u00")
            append(digits.utf8Start[Int(byte >> 4)])
            append(digits.utf8Start[Int(byte & 15)])
        }
    }
}
