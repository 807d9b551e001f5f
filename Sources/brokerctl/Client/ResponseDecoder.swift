internal import HTTPFront

/// Takes an answer of HTTP/1.1 apart, however its bytes are cut.
struct ResponseDecoder {
    private enum State {
        case head
        case sized(rest: Int)
        case chunked(ChunkedDecoder)
        case untilClose
        case complete
    }

    private var state = State.head

    /// Whether the answer has come as a whole.
    var isComplete: Bool {
        guard case .complete = state else { return false }
        return true
    }

    /// Whether the end of the connection is the end of the answer, and not too early.
    var mayEndHere: Bool {
        switch state {
        case .complete, .untilClose: true
        case .head, .sized, .chunked: false
        }
    }

    /// Takes bytes, the first of which follow those that were consumed before.
    ///
    /// - Parameters:
    ///   - bytes: What came, together with what was not consumed.
    ///   - body: Is given the events.
    /// - Returns: How many bytes are done with.
    /// - Throws: ``ResponseMistake`` if this is no answer; nothing can be decoded after it.
    mutating func decode(
        _ bytes: Span<UInt8>,
        _ body: (HTTPEvent) -> Void
    ) throws(ResponseMistake) -> Int {
        var consumed = 0
        while consumed < bytes.count {
            let rest = bytes.extracting(consumed..<bytes.count)
            switch state {
            case .head:
                guard let head = try ResponseHead.scan(rest) else { return consumed }
                consumed += head.byteCount
                if head.isInterim { continue }
                body(.head(HTTPHead(head, in: rest)))
                switch head.framing {
                case .length(0): state = .complete
                case .length(let count): state = .sized(rest: count)
                case .chunked: state = .chunked(ChunkedDecoder(bodyBytesMax: .max))
                case .untilClose: state = .untilClose
                }
            case .sized(let missing):
                let count = min(missing, rest.count)
                body(.bytes(rest.extracting(0..<count).copy))
                consumed += count
                state = count == missing ? .complete : .sized(rest: missing - count)
            case .chunked(var decoder):
                consumed += try decodeChunks(&decoder, rest, body)
            case .untilClose:
                body(.bytes(rest.copy))
                return bytes.count
            case .complete:
                // Nothing was asked that this could answer.
                return bytes.count
            }
        }
        return consumed
    }

    private mutating func decodeChunks(
        _ decoder: inout ChunkedDecoder,
        _ bytes: Span<UInt8>,
        _ body: (HTTPEvent) -> Void
    ) throws(ResponseMistake) -> Int {
        var data: [UInt8] = []
        // What came before a mistake is good, however the bytes were cut.
        defer { if !data.isEmpty { body(.bytes(data)) } }
        let consumed: Int
        let isComplete: Bool
        do throws(RequestRefusal) {
            (consumed, isComplete) = try decoder.decode(bytes, into: &data)
        } catch {
            throw ResponseMistake("its chunks are wrong: \(error.detail)")
        }
        state = isComplete ? .complete : .chunked(decoder)
        return consumed
    }
}

extension Span<UInt8> {
    fileprivate var copy: [UInt8] { withUnsafeBufferPointer { Array($0) } }
}

extension HTTPHead {
    fileprivate init(_ head: ResponseHead, in bytes: Span<UInt8>) {
        let type = head.value(of: "content-type", in: bytes) ?? ""
        self.init(
            status: head.status,
            contentType: type,
            location: head.value(of: "location", in: bytes),
            retryAfter: head.value(of: "retry-after", in: bytes)
        )
    }
}
