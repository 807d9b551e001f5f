import HTTPFront

/// A body in chunks, decoded whole, in pieces, and by a second reader.
enum ChunksTarget {
    private static let bodyBytesMax = 500

    private enum Outcome: Equatable {
        case complete(consumed: Int)
        case incomplete
        case refused(String)
    }

    static func run(_ bytes: [UInt8]) throws {
        let (whole, body) = decode(bytes, cuts: [bytes.count])
        let (pieces, bodyOfPieces) = decode(bytes, cuts: cuts(of: bytes))
        try expect(whole == pieces && body == bodyOfPieces, "\(whole) whole, \(pieces) in pieces")
        try expect(body.count <= bodyBytesMax, "a body of \(body.count) bytes")
        guard case .complete(let consumed) = whole else { return }
        try expect(plainBody(of: bytes[..<consumed]) == body, "another body than a plain reader's")
        let (cut, _) = decode(Array(bytes[..<(consumed - 1)]), cuts: [consumed - 1])
        try expect(cut == .incomplete, "complete without its last byte")
    }

    private static func decode(_ bytes: [UInt8], cuts: [Int]) -> (Outcome, [UInt8]) {
        var decoder = ChunkedDecoder(bodyBytesMax: bodyBytesMax)
        var body: [UInt8] = []
        var start = 0
        for cut in cuts {
            let outcome: Outcome? = withExactCopy(of: bytes[start..<cut]) { buffer in
                do throws(RequestRefusal) {
                    let (consumed, isComplete) = try decoder.decode(buffer.span, into: &body)
                    return isComplete ? .complete(consumed: start + consumed) : nil
                } catch {
                    return .refused("\(error.status) \(error.detail)")
                }
            }
            if let outcome { return (outcome, body) }
            start = cut
        }
        return (.incomplete, body)
    }

    /// The body of chunks that are known to be complete: sizes up to `;`, blank or CR, as a plain reader takes them.
    private static func plainBody(of bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var rest = bytes
        var body: [UInt8] = []
        while let end = rest.firstIndex(of: 10) {
            let line = rest[..<end].prefix { $0 != 59 && $0 != 13 && $0 != 32 && $0 != 9 }
            guard let size = Int(String(decoding: line, as: UTF8.self), radix: 16) else { return nil }
            rest = rest[(end + 1)...]
            if size == 0 { return body }
            guard rest.count >= size + 2 else { return nil }
            body += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        return nil
    }
}
