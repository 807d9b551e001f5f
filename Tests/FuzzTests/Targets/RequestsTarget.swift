import HTTPFront

/// A connection's bytes, read whole and in pieces, and each head by a second reader.
enum RequestsTarget {
    /// Small, so that inputs of a few hundred bytes reach them.
    private static let limits = HTTPLimits(
        requestLineBytesMax: 200,
        headerBytesMax: 600,
        headerFieldsMax: 12,
        bodyBytesMax: 300
    )

    static func run(_ bytes: [UInt8]) throws {
        let whole = try trace(bytes, cuts: [bytes.count])
        let pieces = try trace(bytes, cuts: cuts(of: bytes))
        try expect(whole == pieces, "read as \(whole) whole, and as \(pieces) in pieces")
    }

    /// What a connection does with `bytes` that come in pieces ending at `cuts`, in words.
    private static func trace(_ bytes: [UInt8], cuts: [Int]) throws -> [String] {
        var trace: [String] = []
        var parser = HeadParser(limits: limits)
        var decoder: ChunkedDecoder?
        var body: [UInt8] = []
        var start = 0
        var missing = 0
        for cut in cuts {
            pieces: while start < cut {
                do throws(RequestRefusal) {
                    if var reader = decoder {
                        let (consumed, isComplete) = try withExact(bytes[start..<cut]) {
                            span throws(RequestRefusal) in try reader.decode(span, into: &body)
                        }
                        start += consumed
                        decoder = isComplete ? nil : reader
                        guard isComplete else { break pieces }
                        trace.append("chunks \(body)")
                    } else if missing > 0 {
                        let count = min(missing, cut - start)
                        start += count
                        missing -= count
                        if missing == 0 { trace.append("body to \(start)") }
                    } else {
                        let head = try withExact(bytes[start..<cut]) { span throws(RequestRefusal) in
                            try parser.parse(span)
                        }
                        guard let head else { break pieces }
                        trace.append(describe(head))
                        let mistake = HeadReader.mistake(in: head, of: Array(bytes[start..<start + head.byteCount]))
                        if let mistake { trace.append("MISTAKE \(mistake)") }
                        start += head.byteCount
                        body = []
                        switch head.framing {
                        case .none: break
                        case .length(let length): missing = length
                        case .chunked: decoder = ChunkedDecoder(bodyBytesMax: limits.bodyBytesMax)
                        }
                    }
                } catch {
                    trace.append("\(error.status) \(error.code) \(error.detail)")
                    return trace
                }
            }
        }
        if let mistake = trace.first(where: { $0.hasPrefix("MISTAKE") }) { throw FuzzFinding(mistake) }
        return trace
    }

    private static func withExact<Answer>(
        _ bytes: ArraySlice<UInt8>,
        _ body: (Span<UInt8>) throws(RequestRefusal) -> Answer
    ) throws(RequestRefusal) -> Answer {
        var result: Result<Answer, RequestRefusal>?
        withExactCopy(of: bytes) { buffer in
            result = Result { () throws(RequestRefusal) in try body(buffer.span) }
        }
        guard let result else { preconditionFailure("the body was not run") }
        return try result.get()
    }

    private static func describe(_ head: RequestHead) -> String {
        var text = "\(head.method) \(head.methodRange) \(head.target) \(head.path) \(String(describing: head.query))"
        text += " 1.\(head.minorVersion) \(head.framing) \(head.isKeepAlive) \(head.expectsContinue) \(head.byteCount)"
        for range in [head.host, head.contentType, head.accept, head.origin, head.lastEventID, head.cookie] {
            text += " \(range.map { "\($0.lower)-\($0.upper)" } ?? "-")"
        }
        return text
    }
}
