extension JSONReader {
    /// Reads a string, from its opening quote to behind its closing one; returns whether it holds a backslash.
    @inline(__always)
    mutating func readString(_ bytes: Span<UInt8>) throws(JSONError) -> Bool {
        position += 1
        var hasEscapes = false
        while true {
            // Plain ASCII goes by words of eight bytes.
            while position + 8 <= end {
                let word = bytes.word(at: position)
                let flags =
                    Word.equal(word, 0x22) | Word.equal(word, 0x5C) | Word.less(word, 0x20) | (word & Word.highs)
                guard flags == 0 else {
                    position += Word.first(flags)
                    break
                }
                position += 8
            }
            guard position < end else { throw error("a string does not end; close it with '\"'") }
            let byte = bytes[position]
            switch byte {
            case 0x22:
                position += 1
                return hasEscapes
            case 0x5C:
                hasEscapes = true
                try readEscape(bytes)
            case 0x80...:
                try readMultibyte(bytes)
            case ..<0x20:
                throw error("\(byte.described) in a string; write it as an escape")
            default:
                position += 1
            }
        }
    }

    private mutating func readEscape(_ bytes: Span<UInt8>) throws(JSONError) {
        guard position + 1 < end else { throw error("a string does not end; close it with '\"'") }
        switch bytes[position + 1] {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74:
            position += 2
        case 0x75:
            for offset in position + 2..<position + 6 {
                guard offset < end, bytes[offset].hexDigitValue != 255 else {
                    throw error("'\\u' without four hexadecimal digits")
                }
            }
            position += 6
        default:
            throw error("an escape that JSON does not have; write '\\' as '\\\\'")
        }
    }

    /// Reads characters of two to four bytes, in the one form that Unicode calls well-formed (its table 3-7).
    private mutating func readMultibyte(_ bytes: Span<UInt8>) throws(JSONError) {
        while position < end, bytes[position] >= 0x80 {
            let lead = bytes[position]
            let length: Int
            // The second byte decides about overlong forms, surrogates and what lies beyond U+10FFFF.
            var lowest: UInt8 = 0x80
            var highest: UInt8 = 0xBF
            switch lead {
            case 0xC2...0xDF:
                length = 2
            case 0xE0...0xEF:
                length = 3
                if lead == 0xE0 { lowest = 0xA0 }
                if lead == 0xED { highest = 0x9F }
            case 0xF0...0xF4:
                length = 4
                if lead == 0xF0 { lowest = 0x90 }
                if lead == 0xF4 { highest = 0x8F }
            default:
                throw notUTF8(lead)
            }
            guard position + length <= end, bytes[position + 1] >= lowest, bytes[position + 1] <= highest else {
                throw notUTF8(lead)
            }
            for offset in position + 2..<max(position + 2, position + length) where bytes[offset] & 0xC0 != 0x80 {
                throw notUTF8(lead)
            }
            position += length
        }
    }

    @inline(never)
    private func notUTF8(_ byte: UInt8) -> JSONError {
        error("\(byte.described) does not begin a character of UTF-8; send the text in UTF-8")
    }
}
