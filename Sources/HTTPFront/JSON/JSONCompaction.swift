/// Appends the text of a value without insignificant white space; all else stays byte for byte as it came.
///
/// - Complexity: O(n); one copy in one piece if there is no such white space.
package func appendCompacted(_ value: JSONValue, from bytes: Span<UInt8>, to buffer: ByteBuffer) {
    forEachCompactPiece(of: value, in: bytes) { piece in
        bytes.extracting(piece.offsets).withUnsafeBufferPointer { buffer.append($0) }
    }
}

/// Appends the text of a value without insignificant white space; all else stays byte for byte as it came.
///
/// - Complexity: O(n); one copy in one piece if there is no such white space.
package func appendCompacted(_ value: JSONValue, from bytes: Span<UInt8>, to array: inout [UInt8]) {
    forEachCompactPiece(of: value, in: bytes) { piece in
        bytes.extracting(piece.offsets).withUnsafeBufferPointer { array.append(contentsOf: $0) }
    }
}

/// How many bytes `appendCompacted` appends.
package func compactedByteCount(_ value: JSONValue, in bytes: Span<UInt8>) -> Int {
    var count = 0
    forEachCompactPiece(of: value, in: bytes) { count += $0.count }
    return count
}

/// Hands out what lies between pieces of white space that stand outside strings, in order.
@inline(__always)
private func forEachCompactPiece(of value: JSONValue, in bytes: Span<UInt8>, _ body: (ByteRange) -> Void) {
    guard value.hasInsignificantSpace else { return body(value.range) }
    let end = Int(value.range.upper)
    var start = Int(value.range.lower)
    var index = start
    while index < end {
        let byte = bytes[index]
        if byte == 0x22 {
            index = endOfString(bytes, from: index + 1, to: end)
        } else if byte <= 0x20 {
            if start < index { body(ByteRange(start, index)) }
            index += 1
            start = index
        } else {
            index += 1
        }
    }
    if start < index { body(ByteRange(start, index)) }
}

/// Behind the quote that ends a checked string.
private func endOfString(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
    var index = start
    while index < end {
        while index + 8 <= end {
            let word = bytes.word(at: index)
            let flags = Word.equal(word, 0x22) | Word.equal(word, 0x5C)
            guard flags == 0 else {
                index += Word.first(flags)
                break
            }
            index += 8
        }
        guard index < end else { break }
        switch bytes[index] {
        case 0x22: return index + 1
        case 0x5C: index += 2
        default: index += 1
        }
    }
    return end
}
