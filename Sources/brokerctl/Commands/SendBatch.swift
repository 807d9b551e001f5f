/// Sends the lines of the standard input in batches, as they come.
struct SendBatch {
    let broker: BrokerClient
    let console: Console
    let json: Bool

    private var lines = BatchLines()
    private var sent = 0
    private var refused = 0

    /// Makes a sender.
    init(broker: BrokerClient, console: Console, json: Bool) {
        self.broker = broker
        self.console = console
        self.json = json
    }

    /// Sends all lines.
    ///
    /// A batch goes off when it is full, or when no more input is there at the moment, so that what is written slowly
    /// is sent at once.
    mutating func run() async throws(Failure) -> ExitCode {
        var isAtEnd = false
        while !isAtEnd {
            let block = try StandardInput.readBlock()
            isAtEnd = block.isEmpty
            lines.append(block, isLast: isAtEnd)
            while let batch = lines.nextBatch(fullOnly: !isAtEnd && StandardInput.isReady()) { try await send(batch) }
        }
        if !json { try console.print("\(sent) sent, \(refused) refused") }
        return refused == 0 ? .success : .failure
    }

    private mutating func send(_ batch: BatchLines.Batch) async throws(Failure) {
        let request = HTTPRequest.post("/v1/send", body: batch.text, contentType: "application/x-ndjson")
        let answer: HTTPAnswer
        do throws(Failure) {
            answer = try await broker.answer(to: request)
        } catch {
            console.note(
                "error: \(batch.name): nothing is known to be sent of them, nor after them; \(sent) were sent before"
            )
            throw error
        }
        let results = answer.body.split(separator: 0x0A)
        guard results.count == batch.lineNumbers.count else {
            throw .unexpected("\(broker.url) answered \(batch.name) with \(results.count) results; is it a broker?")
        }
        for (number, result) in zip(batch.lineNumbers, results) {
            if json { try console.print(json: String(decoding: result, as: UTF8.self)) }
            let report = SendReport.lines(of: Array(result))
            sent += report.done.count
            refused += report.refused.count
            for line in report.refused { console.note("error: line \(number): \(line)") }
        }
    }
}

/// Cuts input into lines and lines into batches; knows each line's number.
struct BatchLines {
    /// Lines that are sent together.
    struct Batch: Hashable {
        /// The lines, each with its end.
        var text: String
        /// Which lines of the input they are.
        var lineNumbers: [Int]

        /// How people call it.
        var name: String {
            guard let first = lineNumbers.first, let last = lineNumbers.last, first != last else {
                return "line \(lineNumbers.first ?? 0)"
            }
            return "lines \(first) to \(last)"
        }
    }

    /// How many lines the broker takes at once.
    static let linesMax = 1000
    /// Half of the body that the broker takes; a single longer line is sent alone, for the broker to refuse.
    static let bytesMax = 4 << 20

    private var rest: [UInt8] = []
    private var complete: [(number: Int, bytes: ArraySlice<UInt8>)] = []
    private var lineCount = 0

    /// Takes the next input; with the last of it, a line without an end counts as one.
    mutating func append(_ block: [UInt8], isLast: Bool) {
        rest += block
        if isLast, let last = rest.last, last != 0x0A { rest.append(0x0A) }
        guard let end = rest.lastIndex(of: 0x0A) else { return }
        for line in rest[...end].split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
            lineCount += 1
            // Empty lines are no messages, but they are lines.
            let isBlank = line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            if !isBlank { complete.append((lineCount, line)) }
        }
        rest = Array(rest[(end + 1)...])
    }

    /// Takes the next batch out.
    ///
    /// - Parameter fullOnly: Whether lines wait for more of them.
    /// - Returns: The batch; nil if there is none.
    mutating func nextBatch(fullOnly: Bool) -> Batch? {
        var count = 0
        var bytes = 0
        var isFull = false
        for line in complete {
            isFull = count == BatchLines.linesMax || (count > 0 && bytes + line.bytes.count + 1 > BatchLines.bytesMax)
            if isFull { break }
            count += 1
            bytes += line.bytes.count + 1
        }
        isFull = isFull || count == BatchLines.linesMax
        guard count > 0, isFull || !fullOnly else { return nil }
        let lines = complete.prefix(count)
        complete.removeFirst(count)
        let text = lines.map { String(decoding: $0.bytes, as: UTF8.self) + "\n" }.joined()
        return Batch(text: text, lineNumbers: lines.map(\.number))
    }
}
