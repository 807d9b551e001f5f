/// A half-open range of offsets, counted from the first byte of the bytes that were parsed.
///
/// It stands in for the text itself: parsers give ranges, and nothing is copied until somebody asks for a `String`.
package struct ByteRange: Hashable, Sendable {
    /// Offset of its first byte.
    package var lower: Int32
    /// Offset behind its last byte.
    package var upper: Int32

    /// Makes the range of the bytes at `lower` up to, not including, `upper`.
    @inline(__always)
    package init(_ lower: Int, _ upper: Int) {
        self.lower = Int32(truncatingIfNeeded: lower)
        self.upper = Int32(truncatingIfNeeded: upper)
    }

    /// Makes the range of the bytes at `lower` up to, not including, `upper`.
    package init(lower: Int32, upper: Int32) {
        self.lower = lower
        self.upper = upper
    }

    /// How many bytes it spans.
    package var count: Int { Int(upper) - Int(lower) }

    /// Whether it spans nothing.
    package var isEmpty: Bool { lower == upper }

    /// The same offsets as the standard library's range, for slicing.
    package var offsets: Range<Int> { Int(lower)..<Int(upper) }
}

extension ByteRange {
    /// Whether the bytes are exactly those of `literal`.
    @inline(__always)
    package func equals(_ literal: StaticString, in bytes: Span<UInt8>) -> Bool {
        let length = literal.utf8CodeUnitCount
        guard count == length else { return false }
        let expected = UnsafeRawPointer(literal.utf8Start)
        let start = Int(lower)
        var index = 0
        while index + 8 <= length {
            let word = UInt64(littleEndian: expected.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            guard bytes.word(at: start + index) == word else { return false }
            index += 8
        }
        while index < length {
            guard bytes[start + index] == literal.utf8Start[index] else { return false }
            index += 1
        }
        return true
    }

    /// Whether the bytes are those of `literal`, taking ASCII capitals for small letters.
    package func equalsIgnoringCase(_ literal: StaticString, in bytes: Span<UInt8>) -> Bool {
        let length = literal.utf8CodeUnitCount
        guard count == length else { return false }
        let start = Int(lower)
        for index in 0..<length {
            guard bytes[start + index].asciiLowercased == literal.utf8Start[index].asciiLowercased else { return false }
        }
        return true
    }

    /// Whether the bytes are the same as those of `other`.
    package func equals(_ other: ByteRange, in bytes: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where bytes[Int(lower) + index] != bytes[Int(other.lower) + index] {
            return false
        }
        return true
    }

    /// The bytes as text; what is not UTF-8 becomes U+FFFD.
    ///
    /// - Complexity: O(n), and it allocates: not for the hot path.
    package func text(in bytes: Span<UInt8>) -> String {
        bytes.extracting(offsets).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}

extension UInt8 {
    /// The byte itself, or the small letter if it is an ASCII capital.
    @inline(__always)
    package var asciiLowercased: UInt8 { self &- 65 < 26 ? self | 0x20 : self }

    /// What it counts as a hexadecimal digit; 255 if it is none.
    @inline(__always)
    package var hexDigitValue: UInt8 {
        let digit = self &- 48
        if digit < 10 { return digit }
        let letter = (self | 0x20) &- 97
        return letter < 6 ? letter + 10 : 255
    }

    /// Whether it is one of 0…9.
    @inline(__always)
    package var isDigit: Bool { self &- 48 < 10 }

    /// The byte as a person would write it, for the text of an error.
    package var described: String {
        switch self {
        case 0x09: "a tab"
        case 0x0A: "a line feed"
        case 0x0D: "a carriage return"
        case 0x20: "a space"
        case 0x27: "an apostrophe"
        case 0x21...0x7E: "'\(Character(Unicode.Scalar(self)))'"
        default: "byte 0x" + (self < 16 ? "0" : "") + String(self, radix: 16, uppercase: true)
        }
    }
}
