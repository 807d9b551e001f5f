internal import Broker

// A stream: the connection belongs to it until the end. Each of its readers gives a batch, and the next after that was
// written; so a client that reads slowly costs one batch and a cursor, while the log moves on.
extension HTTPConnection: StreamSink {
    func openStream(_ request: Request) throws(Problem) {
        let query = try StreamQuery(request)
        try charge(forReading: query.request.recipients.count + query.presence.count)
        let requests: [Broker.Part]
        do throws(BrokerError) {
            requests = try front.broker.split(query.request)
        } catch {
            throw Problem(error)
        }
        let stream = EventStream(query, requests, sink: self, randomness: &front.randomness)
        stream.positions = Array(
            repeating: MessageID(epoch: Epoch(bits: 1), sequence: 0),
            count: query.request.recipients.count
        )
        self.stream = stream
        beginWork()
        flush()
        let opening = StreamOpening(missing: requests.count)
        for (index, part) in stream.parts.enumerated() {
            let request = part.request.request
            let reader = part.reader
            front.perform(onShard: part.request.shardIndex) { shard throws(BrokerError) in
                try shard.open(reader, request)
            } then: { result in
                self.opened(stream, index, result, opening)
            }
        }
    }

    /// One of the stream's readers is registered, or refused; after the last of them the stream begins.
    private func opened(
        _ stream: EventStream,
        _ part: Int,
        _ result: Result<Cursor, any Error>,
        _ opening: StreamOpening
    ) {
        opening.missing -= 1
        switch result {
        case .success(let cursor): stream.parts[part].request.put(cursor, into: &stream.positions)
        case .failure(let error): opening.problem = Problem(caught: error)
        }
        guard opening.missing == 0, !channel.isClosed, self.stream === stream else { return }
        guard let problem = opening.problem else { return begin(stream) }
        closeStream()
        answer(problem)
    }

    private func begin(_ stream: EventStream) {
        front.requestLog?.answered(self, status: 200)
        phase = .streaming
        let output = front.streamOutput
        output.append(
            status: 200,
            contentType: stream.encoder.contentType,
            fields: stream.encoder.fields() + traits.crossOriginFields,
            connection: "close",
            date: front.date
        )
        stream.encoder.begin(stream.openingCursor, output)
        stream.hasBegun = true
        stream.pingsAt = front.loop.now + front.configuration.pingInterval
        postOutput()
        if let reason = stream.endReason { return end(stream, reason) }
        watchPresence(stream)
        pump()
        if hasEnded { finishAfterEnd() }
    }

    // MARK: From the shard

    /// On the executor of the reader's shard.
    func stream(_ reader: StreamReader, received outcome: ReadOutcome) -> Bool {
        guard front.loop.isCurrent else {
            front.loop.execute {
                if !self.receive(outcome, part: reader.part), case .batch(let batch) = outcome {
                    self.front.settle(batch) { shard, part in shard.giveBack(part) }
                }
            }
            return true
        }
        return receive(outcome, part: reader.part)
    }

    private func receive(_ outcome: ReadOutcome, part: Int) -> Bool {
        guard let stream, !channel.isClosed else { return false }
        switch outcome {
        case .ended(let reason, _):
            end(stream, reason)
        case .batch(let batch):
            let next = EventStream.Writing(part: part, batch: batch)
            // Most often it need not wait.
            if stream.waiting.isEmpty, mayWrite(stream) { write(next, stream) } else { wait(next, stream) }
            rearm()
        }
        return true
    }

    /// Writes what waits, one batch after the other, as long as the client takes it.
    private func pump() {
        guard let stream, stream.hasBegun else { return }
        while !stream.waiting.isEmpty, mayWrite(stream) { write(stream.waiting.removeFirst(), stream) }
        rearm()
    }

    /// Keeps a batch until the client has taken what is before it; its reader counts as behind by it.
    private func wait(_ next: EventStream.Writing, _ stream: EventStream) {
        stream.waiting.append(next)
        withhold(next, stream)
    }

    private func withhold(_ next: EventStream.Writing, _ stream: EventStream) {
        let reader = stream.parts[next.part].reader
        let messages = next.batch.messages
        let shardIndex = stream.parts[next.part].request.shardIndex
        front.tell(shard: shardIndex) { shard in shard.withhold(messages, from: reader) }
    }

    private func mayWrite(_ stream: EventStream) -> Bool {
        self.stream === stream && stream.hasBegun && stream.writing == nil && channel.pendingBytes == 0
            && !channel.isClosed
    }

    private func write(_ next: EventStream.Writing, _ stream: EventStream) {
        stream.write(next, front.rendered, front.streamOutput)
        postOutput()
        guard channel.pendingBytes > 0 || channel.isClosed else { return finishWriting(next, stream) }
        stream.writing = next
        withhold(next, stream)
    }

    /// What was being written is posted, or with the kernel if that had not taken it all: its reader may give the next.
    private func finishWriting(_ written: EventStream.Writing, _ stream: EventStream) {
        let reader = stream.parts[written.part].reader
        let shardIndex = stream.parts[written.part].request.shardIndex
        // What was taken is confirmed when it has arrived; what was followed counts as delivered now.
        if written.batch.isTaken {
            confirmArrived()
            unconfirmed.append(Unconfirmed(written.batch, end: channel.writtenBytes))
            guard shardIndex != front.index else { return front.ownShard.wroteHere(reader, nil) }
            return front.tell(shard: shardIndex) { shard in shard.wrote(reader, nil) }
        }
        guard shardIndex != front.index else { return front.ownShard.wroteHere(reader, written.batch) }
        front.tell(shard: shardIndex) { shard in shard.wrote(reader, written.batch) }
    }

    func streamDrained() {
        guard let stream else { return }
        if let written = stream.writing, !channel.isClosed {
            stream.writing = nil
            finishWriting(written, stream)
        }
        pump()
        writePresence()
        rearm()
    }

    /// Posts what stands in the streams' output buffer.
    func postOutput() {
        let output = front.streamOutput
        channel.post(output.bytes)
        output.reset(keeping: Front.scratchBytesKept)
    }

    // MARK: Staying and ending

    func ping() {
        guard let stream else { return }
        stream.pingsAt = front.loop.now + front.configuration.pingInterval
        // Whoever has something to read needs no ping.
        if !channel.hasUnsent {
            stream.encoder.ping(front.streamOutput)
            postOutput()
        }
        rearm()
    }

    func pingIfDue() {
        guard let stream, front.loop.now >= stream.pingsAt else { return }
        ping()
    }

    private func end(_ stream: EventStream, _ reason: EndReason) {
        guard stream.hasBegun else {
            stream.endReason = reason
            return
        }
        // What is half written is written to its end, and is read if it arrives.
        if let writing = stream.writing, writing.batch.isTaken {
            stream.writing = nil
            unconfirmed.append(Unconfirmed(writing.batch, end: channel.writtenBytes))
        }
        stream.encoder.bye(reason.rawValue, front.streamOutput)
        postOutput()
        closeStream()
        phase = .finishing
        channel.closeAfterFlush()
        rearm()
    }

    /// Takes the stream's readers out of their inboxes; what was not written goes back.
    func closeStream() {
        guard let stream else { return }
        self.stream = nil
        unwatchPresence(stream)
        for writing in [stream.writing].compactMap(\.self) + stream.waiting {
            front.settle(writing.batch) { shard, part in shard.giveBack(part) }
        }
        for part in stream.parts {
            let reader = part.reader
            front.tell(shard: part.request.shardIndex) { shard in shard.leave(reader) }
        }
    }
}

/// How far the opening of a stream's readers has come.
///
/// Confined to the connection's loop; hence unchecked.
private final class StreamOpening: @unchecked Sendable {
    var missing: Int
    var problem: Problem?

    init(missing: Int) {
        self.missing = missing
    }
}
