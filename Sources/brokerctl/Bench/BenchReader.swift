/// A connection on which a poll is parked again and again, or a stream is open.
final class BenchReader: BenchConnection {
    private let recipient: Int
    private let over: BenchReading
    /// Where a poll that follows goes on from; nil for one that takes.
    private var cursor: String?
    private var scanner: StampScanner
    /// Decodes a stream, all of which is one answer.
    private var decoder = ResponseDecoder()

    /// Makes a reader of an inbox.
    init(index: Int, recipient: Int, over: BenchReading, run: BenchRun) {
        self.recipient = recipient
        self.over = over
        scanner = StampScanner(payloadBytes: run.plan.payloadBytes)
        cursor = run.plan.readersFollow ? "now" : nil
        super.init(index: index, run: run)
    }

    /// Begins to wait for messages.
    func park() {
        let plan = run.plan
        write(over == .poll ? plan.pollRequest(of: recipient, cursor: cursor) : plan.streamRequest(of: recipient))
    }

    override func take(_ bytes: UnsafeBufferPointer<UInt8>) throws(ResponseMistake) -> Int {
        over == .poll ? try takePoll(bytes) : try takeStream(bytes)
    }

    private func takePoll(_ bytes: UnsafeBufferPointer<UInt8>) throws(ResponseMistake) -> Int {
        guard let answer = try BenchConnection.answer(in: bytes) else { return 0 }
        guard answer.status == 200 else {
            run.readerRefused(answer.status, answer.body)
            return answer.byteCount
        }
        let now = run.now
        if cursor != nil, let next = BenchAnswer.text(behind: "\"cursor\":\"", in: answer.body) { cursor = next }
        // It waits again before the messages are counted, so that counting keeps nobody waiting.
        if run.isReading { park() }
        scanner.scan(answer.body) { run.delivered($0, at: now) }
        return answer.byteCount
    }

    private func takeStream(_ bytes: UnsafeBufferPointer<UInt8>) throws(ResponseMistake) -> Int {
        let now = run.now
        let count = try decoder.decode(bytes.span) { event in
            switch event {
            case .head(let head) where head.status != 200:
                run.fail("a reader was refused with status \(head.status)")
            case .head:
                break
            case .bytes(let piece):
                piece.withUnsafeBufferPointer { scanner.scan($0) { run.delivered($0, at: now) } }
            }
        }
        if decoder.isComplete, run.isReading {
            close()
            run.lost(self, reason: "the broker ended the stream")
        }
        return count
    }
}
