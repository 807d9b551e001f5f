/// A set of ASCII bytes, asked with two shifts; no byte from 0x80 on is ever a member.
struct ByteSet: Sendable {
    let low: UInt64
    let high: UInt64

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let half = byte < 64 ? low : high
        return byte < 128 && (half &>> UInt64(byte & 63)) & 1 == 1
    }

    /// `token` of RFC 9110 §5.6.2: letters, digits and ``!#$%&'*+-.^_`|~``.
    static let token = ByteSet(low: 0x03ff_6cfa_0000_0000, high: 0x57ff_ffff_c7ff_fffe)

    /// What a path may hold besides `%`: RFC 3986 §3.3, and `[ ] |`, which browsers leave as they are.
    static let path = ByteSet(low: 0x2fff_ffd2_0000_0000, high: 0x57ff_fffe_afff_ffff)

    /// What a query may hold besides `%`: RFC 3986 §3.4, and ``[ ] | { } ^ ` \``, which browsers leave as they are.
    static let query = ByteSet(low: 0xafff_ffd2_0000_0000, high: 0x7fff_ffff_ffff_ffff)

    /// What a registered name may hold besides `%`: RFC 3986 §3.2.2.
    static let hostName = ByteSet(low: 0x2bff_7fd2_0000_0000, high: 0x47ff_fffe_87ff_fffe)
}

/// Words of eight bytes, the first byte lowest, with one flag (0x80) for each byte that a question is answered yes for.
///
/// Flags above the lowest one may be false: a subtraction borrows from the bytes above. So only the lowest is read.
enum Word {
    static let ones: UInt64 = 0x0101_0101_0101_0101
    static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Flags bytes equal to `byte`.
    @inline(__always)
    static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ (ones &* UInt64(byte))
        return (difference &- ones) & ~difference & highs
    }

    /// Flags bytes less than `bound`, which is at most 0x80.
    @inline(__always)
    static func less(_ word: UInt64, _ bound: UInt8) -> UInt64 {
        (word &- (ones &* UInt64(bound))) & ~word & highs
    }

    /// Index of the lowest flagged byte.
    @inline(__always)
    static func first(_ flags: UInt64) -> Int { flags.trailingZeroBitCount >> 3 }
}

extension Span where Element == UInt8 {
    /// The eight bytes from `offset` on, the first one lowest; all must be within the span.
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Offset of the first byte from `start` on that is not in `set`, or `end`.
    @inline(__always)
    func skip(_ set: ByteSet, from start: Int, to end: Int) -> Int {
        // Checked once, not for each byte.
        precondition(start >= 0 && end <= count, "scanning to \(end) in \(count) bytes")
        var index = start
        while index < end, set.contains(self[unchecked: index]) {
            index += 1
        }
        return index
    }

    /// Offset of the first byte from `start` on that no field value may hold (controls except tab, DEL), or `end`.
    @inline(__always)
    func skipFieldText(from start: Int, to end: Int) -> Int {
        precondition(start >= 0 && end <= count, "scanning to \(end) in \(count) bytes")
        var index = start
        while true {
            while index + 8 <= end {
                let word = word(at: index)
                let flags = Word.less(word, 0x20) | Word.equal(word, 0x7F)
                guard flags == 0 else {
                    index += Word.first(flags)
                    break
                }
                index += 8
            }
            while index < end {
                let byte = self[unchecked: index]
                guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else { return index }
                index += 1
                // After a tab, or before the last few bytes; go on by words if there is enough.
                if byte == 0x09, index + 8 <= end { break }
            }
            if index >= end { return index }
        }
    }

    /// Offset of the first byte from `start` on that is neither space nor tab, or `end`.
    @inline(__always)
    func skipBlanks(from start: Int, to end: Int) -> Int {
        var index = start
        while index < end, self[index] == 0x20 || self[index] == 0x09 {
            index += 1
        }
        return index
    }
}
