// Answers are written into the loop's output buffer, and leave together with those to the requests behind them.
extension HTTPConnection {
    /// Answers the current request.
    func answer(_ response: Response) {
        front.requestLog?.answered(self, status: response.status)
        front.write(
            response,
            isHead: traits.isHead,
            connection: connectionField,
            fields: traits.crossOriginFields
        )
        finishAnswer()
    }

    /// Answers the current request in JSON with what stands in the front's body buffer.
    func answerJSON(status: Int) {
        front.requestLog?.answered(self, status: status)
        let output = front.output
        let connection = connectionField
        switch status {
        case 200 where connection == nil && traits.crossOriginFields.isEmpty: output.append(HTTPConnection.okay)
        case 201 where connection == nil && traits.crossOriginFields.isEmpty: output.append(HTTPConnection.created)
        default:
            output.append(
                status: status,
                contentType: "application/json",
                fields: "Cache-Control: no-store\r\n" + traits.crossOriginFields,
                connection: connection,
                date: UnsafeBufferPointer(start: nil, count: 0)
            )
            // Date and length come last, in front of the empty line.
            output.truncate(to: output.count - 2)
        }
        output.append(front.date)
        output.append("Content-Length: ")
        output.append(decimal: front.body.count)
        output.append("\r\n\r\n")
        if !traits.isHead { output.append(front.body.bytes) }
        front.body.reset(keeping: Front.scratchBytesKept)
        finishAnswer()
    }

    // The heads of almost all answers, up to the date.
    private static let okay: StaticString =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
    private static let created: StaticString =
        "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"

    func answer(_ problem: Problem) {
        if problem.code == .overloaded { front.server.journal?.note(.buffers) }
        answer(problem.response)
    }

    /// Answers with a problem after which nothing of this connection can be trusted: it is closed.
    ///
    /// - Parameters:
    ///   - problem: What is wrong.
    ///   - traits: Those of the request, if its head was understood; those of the request before mean nothing.
    func refuse(_ problem: Problem, _ traits: AnswerTraits? = nil) {
        self.traits = traits ?? incoming?.traits ?? AnswerTraits()
        self.traits.isKeepAlive = false
        incoming?.release(front.server.budget)
        incoming = nil
        answer(problem)
    }

    private var connectionField: StaticString? {
        if front.isDraining { traits.isKeepAlive = false }
        guard traits.isKeepAlive else { return "close" }
        return traits.isVersion10 ? "keep-alive" : nil
    }

    private func finishAnswer() {
        giveBackCharge()
        phase = traits.isKeepAlive ? .reading : .finishing
        waiter = .nobody
        guard !isReceiving else { return }
        flush()
        rearm()
        goOn()
    }

    /// Goes on with what came behind the last request.
    func goOn() {
        // It is looked at in this turn, and the end after it.
        if phase == .reading, channel.keptInputBytes > 0 { return channel.reparse() }
        if hasEnded { finishAfterEnd() }
    }

    /// Posts what stands in the output buffer.
    func flush() {
        guard !front.output.isEmpty || phase == .finishing else { return }
        if !front.output.isEmpty {
            channel.post(front.output.bytes)
            front.output.reset(keeping: Front.scratchBytesKept)
            if channel.isClosed { giveBackUnconfirmed() } else { noteWritten() }
        }
        // Where the client has ended before, `finishAfterEnd` closes.
        if phase == .finishing, !hasEnded { channel.closeAfterFlush() }
    }
}

/// What of a request matters for its answer.
struct AnswerTraits {
    var isHead = false
    var isKeepAlive = true
    var isVersion10 = false
    /// Whether a poll that finds nothing is answered with its cursor.
    var tellsCursor = false
    /// For pages of another origin that is allowed.
    var crossOriginFields = ""

    init() {}

    init(_ head: RequestHead) {
        isHead = head.method == .head
        isKeepAlive = head.isKeepAlive
        isVersion10 = head.minorVersion == 0
    }
}
