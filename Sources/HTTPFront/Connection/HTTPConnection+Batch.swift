internal import Broker

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

// Sends that carry several messages: a list of recipients, or a batch of lines.
extension HTTPConnection {
    /// Lines that one batch may have.
    private static let batchLinesMax = 1000
    /// Messages that one batch may come to, all recipients of all lines counted: the loop is busy with it meanwhile.
    private static let batchMessagesMax = 10_000

    func sendBatch(_ request: Request, at now: WallInstant) throws(Problem) {
        guard request.head.query == nil else {
            throw .invalid("fields in the query of a batch; send them in its lines")
        }
        guard request.head.idempotencyKey == nil else {
            throw .invalid("the header Idempotency-Key with a batch; give each line its own 'key'")
        }
        var items: [BatchItem] = []
        var messages = 0
        for line in request.body.lines {
            guard items.count < HTTPConnection.batchLinesMax else {
                throw .invalid("more than \(HTTPConnection.batchLinesMax) lines; send several batches")
            }
            do throws(Problem) {
                let command = try SendCommand(line: line, of: request.body, sentAt: now, scratch: front.scratch)
                messages += command.recipients.count
                items.append(.command(command))
                if messages > HTTPConnection.batchMessagesMax { break }
            } catch {
                items.append(.refused(error))
            }
        }
        front.scratch.reset(keeping: Front.scratchBytesKept)
        guard messages <= HTTPConnection.batchMessagesMax else {
            throw .invalid(
                "more than \(HTTPConnection.batchMessagesMax) messages in one batch; send several batches"
            )
        }
        guard !items.isEmpty else { throw .invalid("the batch has no line; send one object a line") }
        beginWork()
        front.send(items) { results in
            guard !self.channel.isClosed else { return }
            self.answer(HTTPConnection.response(to: results))
        }
    }

    private static func response(to results: [BatchResult]) -> Response {
        let body = ByteBuffer(capacity: 128 * results.count)
        for result in results {
            switch result {
            case .refused(let problem):
                SendAnswer.write(problem, to: body)
            case .sent(let results, isList: true):
                if let refusal = SendAnswer.refusal(results) {
                    SendAnswer.write(refusal, results, to: body)
                } else {
                    SendAnswer.write(results, to: body)
                }
            case .sent(let results, isList: false):
                switch results[0].1 {
                case .success(let receipt): SendAnswer.write(receipt, to: body)
                case .failure(let error): SendAnswer.write(Problem(error), to: body)
                }
            }
            body.append(UInt8(ascii: "\n"))
        }
        return Response(status: 200, contentType: "application/x-ndjson", body: Array(body.bytes))
    }
}

/// One line of a batch.
enum BatchItem: Sendable {
    case command(SendCommand)
    case refused(Problem)
}

/// What became of one line of a batch: for each recipient in the order of the line.
enum BatchResult: Sendable {
    case sent([(Recipient, Result<SendReceipt, BrokerError>)], isList: Bool)
    case refused(Problem)
}

extension Front {
    /// Sends what `items` say, each shard's part in one go and in order, and gives the results in the order of the items.
    func send(_ items: [BatchItem], then: @escaping @Sendable ([BatchResult]) -> Void) {
        let collection = BatchCollection(items, then: then)
        var parts: [[BatchCollection.Place]] = Array(repeating: [], count: broker.shards.count)
        for (index, item) in items.enumerated() {
            guard case .command(let command) = item else { continue }
            for (place, recipient) in command.recipients.enumerated() {
                let draft = command.draft(to: recipient)
                parts[broker.shardIndex(of: recipient)].append((index, place, draft))
            }
        }
        collection.begin(parts: parts.count { !$0.isEmpty })
        for (shard, part) in parts.enumerated() where !part.isEmpty {
            perform(onShard: shard) { shard in
                part.map { place -> Result<SendReceipt, BrokerError> in
                    do throws(BrokerError) {
                        return .success(try shard.send(place.draft))
                    } catch {
                        return .failure(error)
                    }
                }
            } then: { results in
                guard case .success(let results) = results else { preconditionFailure("each result has its own error") }
                collection.put(results, at: part)
            }
        }
    }
}

/// The results of a batch while they come in from the shards.
///
/// Confined to the loop that the batch came to; hence unchecked.
private final class BatchCollection: @unchecked Sendable {
    /// Which item, which of its recipients, and what is sent there.
    typealias Place = (item: Int, place: Int, draft: Draft)

    private let items: [BatchItem]
    private var results: [[Result<SendReceipt, BrokerError>?]]
    private var missing = 0
    private let then: @Sendable ([BatchResult]) -> Void

    init(_ items: [BatchItem], then: @escaping @Sendable ([BatchResult]) -> Void) {
        self.items = items
        self.then = then
        results = items.map { item in
            guard case .command(let command) = item else { return [] }
            return Array(repeating: nil, count: command.recipients.count)
        }
    }

    func begin(parts: Int) {
        missing = parts
        if parts == 0 { then(collected()) }
    }

    func put(_ part: [Result<SendReceipt, BrokerError>], at places: [Place]) {
        for (result, place) in zip(part, places) { results[place.item][place.place] = result }
        missing -= 1
        if missing == 0 { then(collected()) }
    }

    private func collected() -> [BatchResult] {
        zip(items, results).map { item, results in
            switch item {
            case .refused(let problem):
                return .refused(problem)
            case .command(let command):
                return .sent(Array(zip(command.recipients, results.compactMap(\.self))), isList: command.isList)
            }
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The lines that hold more than white space, without their ends.
    var lines: [ByteRange] {
        var lines: [ByteRange] = []
        guard let base = baseAddress else { return lines }
        var start = 0
        while start < count {
            let found = memchr(base + start, 0x0A, count - start)
            let end = found.map { UnsafeRawPointer(base).distance(to: $0) } ?? count
            if self[start..<end].contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) {
                lines.append(ByteRange(start, end))
            }
            start = end + 1
        }
        return lines
    }
}
