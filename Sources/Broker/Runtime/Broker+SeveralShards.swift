internal import Synchronization

// Reads whose recipients are in several shards. First everything that is there is collected, shard by shard; that also
// tells the position in each inbox. Then a reader is registered in each shard, all behind one gate. Each shard looks
// again when it registers its reader, so no message is missed; the first shard that has something wins, and the gate
// turns the others away, who take their messages back at once. Two reads of one session that begin at the same time may
// reach the shards in another order each: a fencing token says which is the newer, so that it stays.
extension Broker {
    /// The part of a request that one shard answers.
    package struct Part: Sendable {
        package let shard: Shard
        package let shardIndex: Int
        /// Which of the request's recipients, in its order.
        package fileprivate(set) var places: [Int]
        /// What the shard is asked: its recipients, and their positions of the cursor.
        package fileprivate(set) var request: ReadRequest
    }

    /// Splits a request into what each shard is to be asked.
    ///
    /// - Throws: ``BrokerError`` with `invalidRequest` if its cursor has not one part for each recipient.
    package func split(_ request: ReadRequest) throws(BrokerError) -> [Part] {
        var request = request
        fence(&request)
        let first = shardIndex(of: request.recipients[0])
        guard shards.count > 1, request.recipients.count > 1 else {
            let places = Array(request.recipients.indices)
            return [Part(shard: shards[first], shardIndex: first, places: places, request: request)]
        }
        try request.checkCursor()
        var parts: [Part] = []
        for (place, recipient) in request.recipients.enumerated() {
            let index = shardIndex(of: recipient)
            if let part = parts.firstIndex(where: { $0.shardIndex == index }) {
                parts[part].places.append(place)
            } else {
                parts.append(Part(shard: shards[index], shardIndex: index, places: [place], request: request))
            }
        }
        for index in parts.indices { parts[index].request = request.part(parts[index].places) }
        return parts
    }

    /// Gives a read of a session its token, if it has none yet: to be called when it begins, before it goes anywhere.
    package func fence(_ request: inout ReadRequest) {
        guard shards.count > 1, request.session != nil, request.fencingToken == 0 else { return }
        request.fencingToken = fencingTokens.add(1, ordering: .relaxed).newValue
    }

    /// Whether somebody reads the inboxes of some recipients, or did until a moment ago.
    ///
    /// - Returns: One for each, in their order. ``Limits/presenceLinger`` says how long a moment is.
    public func presence(of recipients: [Recipient]) async -> [Presence] {
        var found: [Recipient: Presence] = [:]
        for (index, some) in Dictionary(grouping: recipients, by: shardIndex(of:)) {
            for presence in await shards[index].presence(of: some) { found[presence.recipient] = presence }
        }
        return recipients.compactMap { found[$0] }
    }

    func poll(
        _ request: ReadRequest,
        in parts: [Part],
        until deadline: MonotonicInstant?
    ) async throws(BrokerError) -> ReadOutcome {
        var positions = [MessageID](repeating: .nowhere, count: request.recipients.count)
        if let outcome = try await collectNow(request, parts, &positions) { return outcome }
        guard deadline.map({ $0 > time.now }) ?? true else {
            await parts[0].shard.countTimeout()
            return .ended(.timedOut, Cursor(positions))
        }
        var request = request
        switch request.mode {
        case .take, .lease: break
        // From where it was found to stand, so that nothing slips between looking and waiting.
        case .follow, .followUnread: request.mode = .follow(Cursor(positions))
        }
        return try await wait(request, try split(request), positions, until: deadline)
    }

    /// What is there at this moment, each shard with its share of the limit, or that a newer reader of the session is; nil
    /// if there is nothing.
    private func collectNow(
        _ request: ReadRequest,
        _ parts: [Part],
        _ positions: inout [MessageID]
    ) async throws(BrokerError) -> ReadOutcome? {
        var whole = Batch(cursor: .oldest)
        var collected: [(Shard, Batch)] = []
        var quiet: [Part] = []
        let share = max(1, request.limit / parts.count)
        var bytesLeft = request.bytesMax ?? limits.answerBytesMax
        // Whose turn is first moves on, so that a limit below the number of shards starves none.
        let turn = Int(time.now.nanoseconds / 1000 % Int64(parts.count))
        for offset in parts.indices {
            let part = parts[(offset + turn) % parts.count]
            var sub = part.request
            // With no room left a shard still tells its positions.
            sub.limit = bytesLeft > 0 ? min(request.limit - whole.messages.count, share) : 0
            sub.bytesMax = max(0, bytesLeft)
            do throws(BrokerError) {
                switch try await part.shard.collect(sub) {
                case .ended(.replaced, _):
                    for (shard, batch) in collected { await shard.giveBack(batch) }
                    // Where it stood in the others, nobody asks who has a newer one.
                    return .ended(.replaced, Cursor(positions))
                case .ended(_, let cursor):
                    part.put(cursor, into: &positions)
                    quiet.append(part)
                case .batch(let batch):
                    part.put(batch.cursor, into: &positions)
                    collected.append((part.shard, batch))
                    whole.add(batch)
                    bytesLeft -= batch.messages.reduce(0) { $0 + $1.payload.byteCount }
                }
            } catch {
                for (shard, batch) in collected { await shard.giveBack(batch) }
                throw error
            }
        }
        guard !collected.isEmpty else { return nil }
        whole.unread += await unread(in: quiet)
        whole.cursor = Cursor(positions)
        whole.sortBySendingTime()
        return .batch(whole)
    }

    /// Registers a reader in each shard and waits for the first outcome.
    private func wait(
        _ request: ReadRequest,
        _ parts: [Part],
        _ positions: [MessageID],
        until deadline: MonotonicInstant?
    ) async throws(BrokerError) -> ReadOutcome {
        let gate = PollGate()
        var readers: [GatedReader] = []
        var failure: BrokerError?
        for (index, part) in parts.enumerated() where failure == nil && !gate.isDecided {
            let reader = GatedReader(gate: gate, part: index)
            reader.countsTimeout = index == 0
            readers.append(reader)
            do throws(BrokerError) {
                guard let outcome = try await part.shard.read(reader, part.request, until: deadline) else { continue }
                guard !gate.offer(outcome, from: index), case .batch(let batch) = outcome else { continue }
                await part.shard.giveBack(batch)
            } catch {
                failure = error
                _ = gate.offer(.ended(.left, .oldest), from: index)
            }
        }
        let (outcome, from) = await gate.outcome()
        for (part, reader) in zip(parts, readers) { await part.shard.leave(reader) }
        if let failure, case .ended(.left, _) = outcome { throw failure }
        switch outcome {
        case .ended(let reason, _):
            return .ended(reason, Cursor(positions))
        case .batch(var batch):
            var positions = positions
            parts[from].put(batch.cursor, into: &positions)
            batch.cursor = Cursor(positions)
            batch.unread += await unread(in: parts.enumerated().filter { $0.offset != from }.map(\.element))
            return .batch(batch)
        }
    }

    /// Unread messages in the inboxes of some parts.
    private func unread(in parts: [Part]) async -> Int {
        var sum = 0
        for part in parts { sum += await part.shard.unread(of: part.request.recipients) }
        return sum
    }
}

extension Broker.Part {
    /// Puts the positions of a cursor of this part at their places among all.
    package func put(_ cursor: Cursor, into positions: inout [MessageID]) {
        for (place, position) in zip(places, cursor.positions) { positions[place] = position }
    }
}

extension ReadRequest {
    /// The same request for some of its recipients.
    fileprivate func part(_ places: [Int]) -> ReadRequest {
        var part = self
        part.recipients = places.map { recipients[$0] }
        guard case .follow(let cursor) = mode, !cursor.positions.isEmpty else { return part }
        part.mode = .follow(Cursor(places.map { cursor.positions[$0] }))
        return part
    }
}

extension Batch {
    fileprivate mutating func add(_ part: Batch) {
        messages += part.messages
        lost += part.lost
        unread += part.unread
        isReset = isReset || part.isReset
        isTaken = part.isTaken
        toldDrops += part.toldDrops
    }
}

extension MessageID {
    /// A place that has yet to be filled in.
    fileprivate static let nowhere = MessageID(epoch: Epoch(bits: 1), sequence: 0)
}
