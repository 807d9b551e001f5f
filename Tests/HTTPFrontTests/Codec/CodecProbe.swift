import BrokerTestSupport
import HTTPFront

/// Ways to feed the codecs, and random bytes that a seed makes again.
enum CodecProbe {
    /// What became of the bytes of a head.
    enum HeadOutcome: Equatable, CustomStringConvertible {
        case incomplete
        /// The head, spelled out in all its parts.
        case accepted(String)
        case refused(status: Int, code: String, detail: String)

        var description: String {
            switch self {
            case .incomplete: "incomplete"
            case .accepted(let head): "accepted \(head)"
            case .refused(let status, let code, let detail): "\(status) \(code): \(detail)"
            }
        }

        var status: Int? {
            guard case .refused(let status, _, _) = self else { return nil }
            return status
        }
    }

    /// Parses the prefixes that end at `cuts`, in order, with one parser, each from memory of exactly its size.
    static func parseHead(_ bytes: [UInt8], cuts: [Int], limits: HTTPLimits = HTTPLimits()) -> HeadOutcome {
        var parser = HeadParser(limits: limits)
        do {
            for cut in cuts {
                let head = try Array(bytes[..<cut]).withUnsafeBufferPointer { buffer throws(RequestRefusal) in
                    try parser.parse(buffer.span)
                }
                if let head { return .accepted(describe(head)) }
            }
            return .incomplete
        } catch {
            return .refused(status: error.status, code: error.code, detail: error.detail)
        }
    }

    /// Parses all of `bytes` at once.
    static func head(_ text: String, limits: HTTPLimits = HTTPLimits()) throws -> RequestHead? {
        var parser = HeadParser(limits: limits)
        return try Array(text.utf8).withUnsafeBufferPointer { buffer throws(RequestRefusal) in
            try parser.parse(buffer.span)
        }
    }

    private static func describe(_ head: RequestHead) -> String {
        var text = "\(head.method) \(head.methodRange) \(head.target) \(head.path) \(String(describing: head.query))"
        text += " 1.\(head.minorVersion) \(head.framing) \(head.isKeepAlive) \(head.expectsContinue) \(head.byteCount)"
        for range in [
            head.host, head.contentType, head.contentEncoding, head.accept, head.origin, head.lastEventID,
            head.idempotencyKey, head.authorization, head.cookie, head.ifNoneMatch, head.secFetchSite,
            head.accessControlRequestMethod,
            head.accessControlRequestHeaders,
        ] {
            text += " " + (range.map { "\($0.lower)-\($0.upper)" } ?? "nil")
        }
        return text
    }

    /// What became of the bytes of a chunked body.
    enum BodyOutcome: Equatable {
        case decoded(body: [UInt8], consumed: Int, isComplete: Bool)
        case refused(status: Int, detail: String)
    }

    /// Decodes `bytes` in the pieces that end at `cuts`, in order.
    static func decodeChunks(_ bytes: [UInt8], cuts: [Int], bodyBytesMax: Int = 1000) -> BodyOutcome {
        var decoder = ChunkedDecoder(bodyBytesMax: bodyBytesMax)
        var body: [UInt8] = []
        var start = 0
        do {
            for cut in cuts {
                let (consumed, isComplete) = try Array(bytes[start..<cut]).withUnsafeBufferPointer {
                    buffer throws(RequestRefusal) in try decoder.decode(buffer.span, into: &body)
                }
                if isComplete { return .decoded(body: body, consumed: start + consumed, isComplete: true) }
                start = cut
            }
            return .decoded(body: body, consumed: start, isComplete: false)
        } catch {
            return .refused(status: error.status, detail: error.detail)
        }
    }

    /// The text of a range of `text`.
    static func text(_ range: ByteRange?, of text: String) -> String? {
        range.map { range in Array(text.utf8).withUnsafeBufferPointer { range.text(in: $0.span) } }
    }
}

extension SeededGenerator {
    /// A number from 0 up to, not including, `bound`.
    mutating func below(_ bound: Int) -> Int {
        number(0...bound - 1)
    }

    /// `bytes` with one to three changes: a byte replaced, taken out, put in or doubled, or a piece cut off.
    mutating func mutated(_ bytes: [UInt8], alphabet: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...below(3) where !bytes.isEmpty {
            let place = below(bytes.count)
            let byte = below(4) == 0 ? UInt8(truncatingIfNeeded: next()) : pick(alphabet)
            switch below(8) {
            case 0...2: bytes[place] = byte
            case 3, 4: bytes.insert(byte, at: place)
            case 5: bytes.remove(at: place)
            case 6: bytes.insert(bytes[place], at: place)
            default: bytes.removeSubrange(place...)
            }
        }
        return bytes
    }
}
