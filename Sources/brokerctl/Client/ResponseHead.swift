internal import HTTPFront

/// The head of an HTTP/1.1 answer, found in place: nothing is copied until a field is asked for.
struct ResponseHead: Sendable {
    /// How the end of the body is known.
    enum Framing: Hashable, Sendable {
        case length(Int)
        case chunked
        case untilClose
    }

    /// The status, 100 to 999.
    var status: Int
    /// How long the head is, with the empty line behind it.
    var byteCount: Int
    /// How the end of the body is known.
    var framing: Framing

    /// How long a head may be.
    static let byteCountMax = 65_536

    /// Whether this is not the answer yet, only a sign of life.
    var isInterim: Bool { status < 200 }

    /// Finds the head at the beginning of `bytes`.
    ///
    /// - Returns: The head; nil if more bytes are needed.
    /// - Throws: ``ResponseMistake`` if this is no answer of HTTP/1.
    static func scan(_ bytes: Span<UInt8>) throws(ResponseMistake) -> ResponseHead? {
        guard let end = endOfHead(bytes) else {
            guard bytes.count <= byteCountMax else { throw ResponseMistake("its head has more than 64 KiB") }
            return nil
        }
        var head = ResponseHead(status: try status(bytes, end: end), byteCount: end, framing: .untilClose)
        var length: Int?
        var isChunked = false
        try head.forEachField(in: bytes) { (name, value) throws(ResponseMistake) in
            if name.equalsIgnoringCase("content-length", in: bytes) {
                guard let count = Int(value.text(in: bytes)), count >= 0, length == nil || length == count else {
                    throw ResponseMistake("its Content-Length cannot be understood")
                }
                length = count
            } else if name.equalsIgnoringCase("transfer-encoding", in: bytes) {
                guard value.equalsIgnoringCase("chunked", in: bytes) else {
                    throw ResponseMistake("its Transfer-Encoding is not 'chunked'")
                }
                isChunked = true
            }
        }
        if head.isInterim || head.status == 204 || head.status == 304 {
            head.framing = .length(0)
        } else if isChunked {
            head.framing = .chunked
        } else if let length {
            head.framing = .length(length)
        }
        return head
    }

    /// The value of a field, in `bytes` that the head was found in; nil if there is none.
    func value(of name: StaticString, in bytes: Span<UInt8>) -> String? {
        var found: ByteRange?
        forEachField(in: bytes) { if found == nil, $0.equalsIgnoringCase(name, in: bytes) { found = $1 } }
        return found?.text(in: bytes)
    }

    private func forEachField<Mistake: Error>(
        in bytes: Span<UInt8>,
        _ body: (ByteRange, ByteRange) throws(Mistake) -> Void
    ) throws(Mistake) {
        var lineStart = 0
        var isStatusLine = true
        var index = 0
        while index < byteCount {
            defer { index += 1 }
            guard bytes[index] == 0x0A else { continue }
            let line = ByteRange(lineStart, index > lineStart && bytes[index - 1] == 0x0D ? index - 1 : index)
            lineStart = index + 1
            if !isStatusLine, let (name, value) = ResponseHead.field(line, in: bytes) { try body(name, value) }
            isStatusLine = false
        }
    }

    private static func field(_ line: ByteRange, in bytes: Span<UInt8>) -> (ByteRange, ByteRange)? {
        guard let colon = line.offsets.first(where: { bytes[$0] == 0x3A }) else { return nil }
        var start = colon + 1
        var end = line.offsets.upperBound
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return (ByteRange(line.offsets.lowerBound, colon), ByteRange(start, end))
    }

    private static func endOfHead(_ bytes: Span<UInt8>) -> Int? {
        var index = 3
        let count = min(bytes.count, byteCountMax)
        while index < count {
            // Only every fourth byte has to be looked at until one of the four is there.
            switch bytes[index] {
            case 0x0A:
                if bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A, bytes[index - 3] == 0x0D { return index + 1 }
                index += 2
            case 0x0D: index += 1
            default: index += 4
            }
        }
        return nil
    }

    private static func status(_ bytes: Span<UInt8>, end: Int) throws(ResponseMistake) -> Int {
        guard end >= 12, ByteRange(0, 7).equals("HTTP/1.", in: bytes), bytes[8] == 0x20,
            let status = Int(ByteRange(9, 12).text(in: bytes)), status >= 100
        else { throw ResponseMistake("it does not begin as one of HTTP/1.1") }
        return status
    }
}

/// Why an answer is none, as a sentence about "it", the answer.
struct ResponseMistake: Error, Hashable, Sendable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
