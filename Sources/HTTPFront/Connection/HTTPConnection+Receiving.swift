// Bytes become requests, one after the other, as long as each can be answered at once.
extension HTTPConnection {
    /// How many bytes behind the current request may wait.
    private static let inputBytesSpare = 65_536

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
            let bodyBytesMax = front.configuration.http.bodyBytesMax
            guard length <= bodyBytesMax else {
                // Here and not in the parser, so that a page of another origin may see why.
                refuse(Problem(.tooLarge(bodyBytesMax: bodyBytesMax)), answerTraits(head, bytes))
                return bytes.count
            }
            whole = head.byteCount + length
            guard bytes.count < whole else {
                let body = UnsafeBufferPointer(rebasing: bytes[head.byteCount..<whole])
                handle(Request(head: head, headBytes: bytes, body: body))
                return whole
            }
            guard admitsBody(head, bytes) else { return bytes.count }
            // The channel keeps head and body together until the last byte is there.
            incoming = IncomingBody(head: head, traits: answerTraits(head, bytes), byteCount: whole)
            channel.inputBytesMax = whole + HTTPConnection.inputBytesSpare
            return 0
        case .chunked:
            guard admitsBody(head, bytes) else { return bytes.count }
            let copy = Array(bytes[..<head.byteCount])
            incoming = IncomingBody(
                head: head,
                traits: answerTraits(head, bytes),
                headBytes: copy,
                bodyBytesMax: front.configuration.http.bodyBytesMax
            )
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

    /// What of a request matters for its answer, whichever that will be.
    func answerTraits(_ head: RequestHead, _ bytes: UnsafeBufferPointer<UInt8>) -> AnswerTraits {
        var traits = AnswerTraits(head)
        traits.crossOriginFields = front.access.crossOriginFields(head, bytes.span)
        return traits
    }

    /// Looks at a head whose body has yet to come, and invites the body if the client waits for that.
    private func admitsBody(_ head: RequestHead, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard head.expectsContinue, bytes.count == head.byteCount else { return true }
        let request = Request(head: head, headBytes: bytes, body: UnsafeBufferPointer(start: nil, count: 0))
        traits = answerTraits(head, bytes)
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
}
