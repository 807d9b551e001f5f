import Broker

/// A cursor and an id: read only if they are exactly what is written, and written as they were read.
enum CursorTarget {
    static func run(_ bytes: [UInt8]) throws {
        let cursor = withExactCopy(of: bytes[...]) { Cursor(utf8: $0) }
        let id = withExactCopy(of: bytes[...]) { MessageID(utf8: $0) }
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = bytes.split(separator: 0x7E, omittingEmptySubsequences: false)
        try expect((id != nil) == isPosition(bytes[...]), "the id \(text) was judged wrongly")
        let isCursor = text == "0" || text == "now" || parts.allSatisfy(isPosition)
        try expect((cursor != nil) == isCursor, "the cursor \(text) was judged wrongly")
        if let id { try expect(id.description == text, "the id \(text) is written \(id)") }
        if let cursor {
            try expect(cursor.description == text, "the cursor \(text) is written \(cursor)")
            let count = text == "0" || text == "now" ? 0 : parts.count
            try expect(cursor.positions.count == count, "\(cursor.positions.count) positions in \(text)")
        }
    }

    /// `EPOCH.SEQUENCE`: base 62 up to 40 bits, decimal up to 18 digits, neither with zeros in front.
    private static func isPosition(_ bytes: ArraySlice<UInt8>) -> Bool {
        let parts = bytes.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard parts.count == 2, (1...7).contains(parts[0].count), (1...18).contains(parts[1].count) else {
            return false
        }
        let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        guard parts[0].allSatisfy(digits.contains), parts[1].allSatisfy(digits[..<10].contains) else { return false }
        let epoch = parts[0].reduce(0) { $0 * 62 + (digits.firstIndex(of: $1) ?? 0) }
        guard parts[0].first != 0x30, epoch < 1 << 40 else { return false }
        return parts[1].first != 0x30 || parts[1].count == 1
    }
}
