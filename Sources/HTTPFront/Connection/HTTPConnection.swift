internal import Broker

/// One client: the requests that come over a connection, one after the other, and their answers.
///
/// Bytes go through the parser; a complete request goes to its route. What can be answered at once is written into the
/// loop's output buffer and leaves with the answers to the requests behind it in one write. A poll that finds nothing is
/// parked: then the connection is *working* until the outcome comes, and bytes that come meanwhile wait. A stream makes the
/// connection its own until the end.
///
/// Confined to its loop; unchecked because its tasks and callbacks, which run there too, have to hold it.
final class HTTPConnection: ChannelHandler, @unchecked Sendable {
    /// What the connection is doing.
    enum Phase: UInt8 {
        /// Waits for a request, or for the rest of one.
        case reading
        /// Has a request whose answer is not there yet.
        case working
        /// Is a stream.
        case streaming
        /// Will be closed once everything is written.
        case finishing
    }

    // Held, because a task may outlive the server's own life. The channel lets go of the connection when it closes.
    let front: Front
    let channel: Channel
    var phase = Phase.reading
    /// What of the current request matters for its answer.
    var traits = AnswerTraits()
    private var parser: HeadParser
    /// A request whose head is there and whose body is not.
    var incoming: IncomingBody?
    var waiter = Waiter.nobody
    /// The task that waits for this connection's polls, while it has none to wait for.
    var restingTask: UnsafeContinuation<Void, Never>?
    var stream: EventStream?
    /// Taken messages whose arrival is not known yet, in the order in which they were written.
    var unconfirmed: [Unconfirmed] = []
    var deadline = Deadline.none
    /// Whether the client has said all that it will.
    private(set) var hasEnded = false
    /// Bytes that the current reader is charged with.
    private var chargedBytes: Int32 = 0
    private var isBusy = false
    private var isReceiving = false

    /// Whoever the connection's poll is, while it is parked.
    enum Waiter {
        case nobody
        /// Parked in the shard of this loop.
        case parked(ParkedPoll)
        /// A task that waits elsewhere.
        case task(Task<Void, Never>)
    }

    init(channel: Channel, front: Front) {
        self.channel = channel
        self.front = front
        parser = HeadParser(limits: front.configuration.http)
        rearm()
    }

    /// Whether the first bytes of a request are there and the rest is not.
    private(set) var hasPartialRequest = false

    // MARK: Bytes

    func channel(_ channel: Channel, received bytes: UnsafeBufferPointer<UInt8>) -> Int {
        guard phase == .reading else { return 0 }
        confirmArrived()
        isReceiving = true
        var consumed = 0
        while phase == .reading, consumed < bytes.count, channel.pendingBytes == 0 {
            let count = step(UnsafeBufferPointer(rebasing: bytes[consumed...]))
            guard count > 0 else { break }
            consumed += count
            // A long row of pipelined requests is written in pieces.
            if front.output.count > Front.scratchBytesKept { flush() }
        }
        isReceiving = false
        flush()
        hasPartialRequest = phase == .reading && consumed < bytes.count
        rearm()
        if hasEnded { finishAfterEnd() }
        return consumed
    }

    /// Deals with the next request as far as it is there.
    ///
    /// - Returns: How many bytes are done with; 0 if more are needed.
    private func step(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        do throws(RequestRefusal) {
            if let incoming { return try proceed(incoming, bytes) }
            guard let head = try parser.parse(bytes.span) else { return 0 }
            return try begin(head, bytes)
        } catch {
            refuse(Problem(error))
            return bytes.count
        }
    }

    private func begin(_ head: RequestHead, _ bytes: UnsafeBufferPointer<UInt8>) throws(RequestRefusal) -> Int {
        let whole: Int
        switch head.framing {
        case .none, .length(0):
            handle(Request(head: head, headBytes: bytes, body: UnsafeBufferPointer(start: nil, count: 0)))
            return head.byteCount
        case .length(let length):
            whole = head.byteCount + length
            guard bytes.count < whole else {
                let body = UnsafeBufferPointer(rebasing: bytes[head.byteCount..<whole])
                handle(Request(head: head, headBytes: bytes, body: body))
                return whole
            }
            guard admitsBody(head, bytes) else { return bytes.count }
            // The channel keeps head and body together until the last byte is there.
            incoming = IncomingBody(head: head, byteCount: whole)
            channel.inputBytesMax = whole + HTTPConnection.inputBytesSpare
            return 0
        case .chunked:
            guard admitsBody(head, bytes) else { return bytes.count }
            let copy = Array(bytes[..<head.byteCount])
            incoming = IncomingBody(head: head, headBytes: copy, bodyBytesMax: front.configuration.http.bodyBytesMax)
            return head.byteCount
        }
    }

    private func proceed(_ incoming: IncomingBody, _ bytes: UnsafeBufferPointer<UInt8>) throws(RequestRefusal) -> Int {
        guard incoming.isChunked else {
            guard bytes.count >= incoming.byteCount else { return 0 }
            self.incoming = nil
            channel.inputBytesMax = HTTPConnection.inputBytesSpare
            let body = UnsafeBufferPointer(rebasing: bytes[incoming.head.byteCount..<incoming.byteCount])
            handle(Request(head: incoming.head, headBytes: bytes, body: body))
            return incoming.byteCount
        }
        let (consumed, isComplete) = try incoming.decode(bytes, front.server.budget)
        guard isComplete else { return consumed }
        self.incoming = nil
        incoming.withBytes { head, body in
            handle(Request(head: incoming.head, headBytes: head, body: body))
        }
        return consumed
    }

    /// How many bytes behind the current request may wait.
    private static let inputBytesSpare = 65_536

    /// Looks at a head whose body has yet to come, and invites the body if the client waits for that.
    private func admitsBody(_ head: RequestHead, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard head.expectsContinue, bytes.count == head.byteCount else { return true }
        let request = Request(head: head, headBytes: bytes, body: UnsafeBufferPointer(start: nil, count: 0))
        traits = AnswerTraits(head)
        do throws(Problem) {
            try check(request)
        } catch {
            // The body will not come, or will be thrown away with the connection.
            refuse(error, traits)
            return false
        }
        front.output.append("HTTP/1.1 100 Continue\r\n\r\n")
        return true
    }

    // MARK: Answers

    /// Answers the current request.
    func answer(_ response: Response) {
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
                connection: connection
            )
            // The length comes last, in front of the empty line.
            output.truncate(to: output.count - 2)
            output.append("Content-Length: ")
        }
        output.append(decimal: front.body.count)
        output.append("\r\n\r\n")
        if !traits.isHead { output.append(front.body.bytes) }
        front.body.reset(keeping: Front.scratchBytesKept)
        finishAnswer()
    }

    // The heads of almost all answers, up to the length.
    private static let okay: StaticString = """
        HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nContent-Length:\u{20}
        """
    private static let created: StaticString = """
        HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nContent-Length:\u{20}
        """

    func answer(_ problem: Problem) {
        answer(problem.response)
    }

    /// Answers with a problem after which nothing of this connection can be trusted: it is closed.
    ///
    /// - Parameters:
    ///   - problem: What is wrong.
    ///   - traits: Those of the request, if its head was understood; those of the request before mean nothing.
    func refuse(_ problem: Problem, _ traits: AnswerTraits? = nil) {
        self.traits = traits ?? incoming.map { AnswerTraits($0.head) } ?? AnswerTraits()
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

    /// Charges for a reader's places in several inboxes, which would otherwise be memory that nobody counts.
    func charge(forReading recipients: Int) throws(Problem) {
        let bytes = (recipients - 1) * HTTPConnection.placeBytes
        guard bytes > 0 else { return }
        guard front.server.budget.take(bytes) else {
            throw Problem(
                .overloaded,
                "all buffers are in use; read later or fewer inboxes, or raise --buffers-bytes-max"
            )
        }
        chargedBytes = Int32(clamping: bytes)
    }

    private func giveBackCharge() {
        guard chargedBytes > 0 else { return }
        front.server.budget.giveBack(Int(chargedBytes))
        chargedBytes = 0
    }

    /// What a place in an inbox costs, that in the table of sessions included: measured, rounded up.
    private static let placeBytes = 320

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
    private func goOn() {
        // It is looked at in this turn, and the end after it.
        if phase == .reading, channel.keptInputBytes > 0 { return channel.reparse() }
        if hasEnded { finishAfterEnd() }
    }

    /// Writes what stands in the output buffer.
    func flush() {
        let output = front.output
        if !output.isEmpty {
            let outcome = channel.write(output)
            output.reset(keeping: Front.scratchBytesKept)
            if outcome == .closed { giveBackUnconfirmed() } else { noteWritten() }
        }
        // Where the client has ended before, `finishAfterEnd` closes.
        if phase == .finishing, !hasEnded { channel.closeAfterFlush() }
    }

    /// Tells the front whether a request or an answer is under way: a server that shuts down waits for it.
    func updateBusy() {
        let hasRequest = phase == .working || phase == .streaming || incoming != nil
        let busy = !channel.isClosed && (hasRequest || channel.pendingBytes > 0)
        guard busy != isBusy else { return }
        isBusy = busy
        if busy { front.becameBusy() } else { front.becameIdle() }
    }

    // MARK: The channel's other news

    func channelDrained(_ channel: Channel) {
        if stream != nil { return streamDrained() }
        rearm()
        goOn()
    }

    func channelReachedEnd(_ channel: Channel) {
        hasEnded = true
        confirmArrived()
        goOn()
    }

    /// The client has said all that it will, and everything that it said was looked at.
    func finishAfterEnd() {
        switch phase {
        case .working:
            // Somebody who has gone waits for nothing. What was sent to another shard goes on, its answer may still be read.
            guard case .nobody = waiter else { return channel.close() }
        case .streaming:
            channel.close()
        case .reading, .finishing:
            // What is pending is still written, and what was taken may still arrive; then it is over.
            guard channel.pendingBytes == 0, unconfirmed.isEmpty else { return }
            channel.close()
        }
    }

    func channelClosed(_ channel: Channel, reason: CloseReason) {
        leave()
        closeStream()
        giveBackUnconfirmed()
        incoming?.release(front.server.budget)
        incoming = nil
        giveBackCharge()
        updateBusy()
        front.connectionClosed()
    }

    func channelTimedOut(_ channel: Channel) {
        deadlinePassed()
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

/// A request whose head is there and whose body is still coming.
final class IncomingBody {
    let head: RequestHead
    /// Bytes of head and body together, where the length is known.
    let byteCount: Int
    let isChunked: Bool
    private let headBytes: [UInt8]
    private var body: [UInt8] = []
    private var decoder: ChunkedDecoder
    private var charged = 0

    /// A body of known length, which the channel keeps together with its head.
    init(head: RequestHead, byteCount: Int) {
        self.head = head
        self.byteCount = byteCount
        isChunked = false
        headBytes = []
        decoder = ChunkedDecoder(bodyBytesMax: 0)
    }

    /// A body in chunks, which is collected here.
    init(head: RequestHead, headBytes: [UInt8], bodyBytesMax: Int) {
        self.head = head
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
