/// A request whose head is there and whose body is still coming.
final class IncomingBody {
    let head: RequestHead
    /// What matters for its answer, also if the body never comes.
    let traits: AnswerTraits
    /// Bytes of head and body together, where the length is known.
    let byteCount: Int
    let isChunked: Bool
    private let headBytes: [UInt8]
    private var body: [UInt8] = []
    private var decoder: ChunkedDecoder
    private var charged = 0

    /// A body of known length, which the channel keeps together with its head.
    init(head: RequestHead, traits: AnswerTraits, byteCount: Int) {
        self.head = head
        self.traits = traits
        self.byteCount = byteCount
        isChunked = false
        headBytes = []
        decoder = ChunkedDecoder(bodyBytesMax: 0)
    }

    /// A body in chunks, which is collected here.
    init(head: RequestHead, traits: AnswerTraits, headBytes: [UInt8], bodyBytesMax: Int) {
        self.head = head
        self.traits = traits
        byteCount = 0
        isChunked = true
        self.headBytes = headBytes
        decoder = ChunkedDecoder(bodyBytesMax: bodyBytesMax)
    }

    /// Takes the coding off `bytes`.
    func decode(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ budget: BufferBudget
    ) throws(RequestRefusal) -> (consumed: Int, isComplete: Bool) {
        guard budget.take(bytes.count) else {
            throw RequestRefusal(
                status: 503,
                code: ProblemCode.overloaded.rawValue,
                detail: "all buffers are in use; send again later, or raise --buffers-bytes-max"
            )
        }
        charged += bytes.count
        let result = try decoder.decode(bytes.span, into: &body)
        if result.isComplete { release(budget) }
        return result
    }

    /// Gives back what it was charged for.
    func release(_ budget: BufferBudget) {
        budget.giveBack(charged)
        charged = 0
    }

    func withBytes(_ use: (_ head: UnsafeBufferPointer<UInt8>, _ body: UnsafeBufferPointer<UInt8>) -> Void) {
        headBytes.withUnsafeBufferPointer { head in
            body.withUnsafeBufferPointer { body in use(head, body) }
        }
    }
}
