internal import Broker

// What a reader may be given at one moment.
extension DeliveryModel {
    /// Judges what a reader was given, nil if nothing, and takes the effects over.
    mutating func collect(_ id: Int, _ batch: Batch?, _ number: Int, _ now: MonotonicInstant) throws(Mismatch) {
        let reader = try reader(id)
        var drops: [ModelDrops] = []
        var lost = 0
        if reader.startsUntold {
            for (recipient, start) in zip(reader.recipients, reader.positions) {
                var unseen = try inbox(recipient).unseen
                lost += unseen.take(after: 0, through: start).count
                if !reader.isObserver { drops.append(try tellFollower(recipient, after: 0, through: start)) }
            }
        }
        try change(reader: id) { reader in
            reader.startsUntold = false
            reader.isReset = false
        }
        let onlyNews = reader.hasPlacedGaps && (reader.isReset || lost > 0)
        let part: Part
        if onlyNews {
            part = Part(positions: reader.positions)
            try require(
                batch?.messages.isEmpty == true,
                "reader \(id) got messages before what it had to be told first"
            )
        } else if reader.isFollower {
            part = try followed(reader, batch, &drops)
        } else {
            part = try taken(reader, batch, &drops, now)
        }
        lost += part.lost
        guard let batch else {
            return try require(lost == 0 && !reader.isReset, "reader \(id) was not told: \(lost) lost")
        }
        try require(!batch.messages.isEmpty || lost > 0 || reader.isReset, "reader \(id) was told nothing")
        try require(batch.lost == lost, "reader \(id) was told of \(batch.lost) lost messages, not \(lost)")
        try require(batch.isReset == reader.isReset, "reader \(id) was told of a reset: \(batch.isReset)")
        try require(batch.isTaken != reader.isFollower, "the batch of reader \(id) is taken: \(batch.isTaken)")
        let turn = nextTurn()
        try change(reader: id) {
            $0.positions = part.positions
            $0.servedTurn = turn
        }
        try check(batch.cursor, of: try self.reader(id))
        try giveCursor(id, with: batch.messages)
        var unread = 0
        for recipient in reader.recipients { unread += try inbox(recipient).unread.count }
        try require(batch.unread == unread, "reader \(id) was told of \(batch.unread) unread messages, not \(unread)")
        try checkOrder(batch)
        toldDrops[number] = drops
        if reader.isObserver { observed.insert(number) }
        totals.delivered += batch.messages.count
        if lost > 0 { totals.gaps += 1 }
        totals.lost += lost
    }

    private struct Part {
        var positions: [UInt64]
        var lost = 0
    }

    // MARK: Taking

    private mutating func taken(
        _ reader: ModelReader,
        _ batch: Batch?,
        _ drops: inout [ModelDrops],
        _ now: MonotonicInstant
    ) throws(Mismatch) -> Part {
        var part = Part(positions: reader.positions)
        var offers: [[ModelMessage]] = []
        for recipient in reader.recipients { offers.append(try inbox(recipient).unread) }
        let counts = try checkShares(reader, batch, offers)
        for (index, recipient) in reader.recipients.enumerated() {
            let taken = offers[index].prefix(counts[index]).map(\.sequence)
            if let last = taken.last { part.positions[index] = last }
            let untold = try inbox(recipient).untoldToTakers
            if untold > 0 {
                part.lost += untold
                drops.append(ModelDrops(recipient: recipient, epoch: try inbox(recipient).epoch, toTakers: untold))
            }
            let mode = reader.mode
            try change(recipient) { inbox throws(Mismatch) in
                inbox.untoldToTakers = 0
                for place in inbox.messages.indices where taken.contains(inbox.messages[place].sequence) {
                    guard case .lease(let duration) = mode else {
                        inbox.messages[place].standing = .handed
                        continue
                    }
                    inbox.messages[place].standing = .leased(until: now + duration)
                    inbox.messages[place].attempt += 1
                }
            }
            for message in batch?.messages ?? [] where message.recipient == recipient {
                var attempt = 0
                if case .lease = mode {
                    attempt = try inbox(recipient).messages.first { $0.sequence == message.id.sequence }?.attempt ?? -1
                }
                try require(message.attempt == attempt, "\(message.id) has attempt \(message.attempt), not \(attempt)")
            }
        }
        return part
    }

    // MARK: Following

    private mutating func followed(
        _ reader: ModelReader,
        _ batch: Batch?,
        _ drops: inout [ModelDrops]
    ) throws(Mismatch) -> Part {
        var part = Part(positions: reader.positions)
        var offers: [[ModelMessage]] = []
        for (recipient, position) in zip(reader.recipients, reader.positions) {
            let behind = try inbox(recipient).messages.filter { $0.sequence > position }
            offers.append(reader.hasPlacedGaps ? run(of: behind, after: position) : behind)
        }
        if reader.hasPlacedGaps, let batch, batch.messages.isEmpty {
            let told = batch.cursor.positions
            let moved = reader.recipients.indices.filter { told.count > $0 && told[$0].sequence != part.positions[$0] }
            try require(moved.count == 1, "a gap is told at \(moved.count) places")
            for index in moved {
                try require(offers[index].isEmpty, "a gap is told although the next message is there")
                let next = try positionBehindGap(reader.recipients[index], reader.positions[index])
                part.lost = Int(next - reader.positions[index])
                part.positions[index] = next
                try tell(reader, index, through: next, &drops)
            }
            return part
        }
        if reader.hasPlacedGaps, batch == nil {
            for (index, recipient) in reader.recipients.enumerated() {
                let isAtEnd = try inbox(recipient).last == reader.positions[index]
                try require(isAtEnd, "reader \(reader.id) waits although '\(recipient)' has moved on")
            }
            return part
        }
        let counts = try checkShares(reader, batch, offers)
        for (index, recipient) in reader.recipients.enumerated() {
            let given = offers[index].prefix(counts[index])
            if let last = given.last { part.positions[index] = last.sequence }
            // With everything kept given, the position is the end.
            let isComplete = given.count == offers[index].count && !reader.hasPlacedGaps
            if isComplete { part.positions[index] = try inbox(recipient).last }
            let lost = Int(part.positions[index] - reader.positions[index]) - given.count
            part.lost += lost
            if lost > 0 { try tell(reader, index, through: part.positions[index], &drops) }
        }
        return part
    }

    /// The messages that follow a position without a gap.
    private func run(of messages: [ModelMessage], after position: UInt64) -> [ModelMessage] {
        var run: [ModelMessage] = []
        for message in messages where message.sequence == position + UInt64(run.count) + 1 { run.append(message) }
        return run
    }

    private func positionBehindGap(_ recipient: Recipient, _ position: UInt64) throws(Mismatch) -> UInt64 {
        let inbox = try inbox(recipient)
        return inbox.messages.first { $0.sequence > position }.map { $0.sequence - 1 } ?? inbox.last
    }

    /// A gap tells of the drops in it.
    private mutating func tell(
        _ reader: ModelReader,
        _ index: Int,
        through end: UInt64,
        _ drops: inout [ModelDrops]
    ) throws(Mismatch) {
        guard !reader.isObserver else { return }
        drops.append(try tellFollower(reader.recipients[index], after: reader.positions[index], through: end))
    }

    private mutating func tellFollower(
        _ recipient: Recipient,
        after start: UInt64,
        through end: UInt64
    ) throws(Mismatch) -> ModelDrops {
        try change(recipient) { inbox in
            ModelDrops(
                recipient: recipient,
                epoch: inbox.epoch,
                unseen: inbox.unseen.take(after: start, through: end)
            )
        }
    }

    // MARK: What an answer holds

    /// Checks that a batch gives the first of what each inbox has to offer, as much as there is room for, and to each
    /// inbox its part.
    ///
    /// - Returns: How many messages came from each.
    private func checkShares(
        _ reader: ModelReader,
        _ batch: Batch?,
        _ offers: [[ModelMessage]]
    ) throws(Mismatch) -> [Int] {
        var counts: [Int] = []
        var bytes = 0
        for (recipient, offer) in zip(reader.recipients, offers) {
            let given = (batch?.messages ?? []).filter { $0.recipient == recipient }
            let epoch = try inbox(recipient).epoch
            try require(given.count <= offer.count, "\(given.count) messages came of \(offer.count) of '\(recipient)'")
            for (message, wanted) in zip(given, offer) {
                let id = MessageID(epoch: epoch, sequence: wanted.sequence)
                try require(message.id == id, "\(message.id) came in place of \(id)")
                try require(message.content == wanted.content, "\(id) says something else")
                bytes += wanted.byteCount
            }
            counts.append(given.count)
        }
        let total = counts.reduce(0, +)
        try require(total == batch?.messages.count ?? 0, "messages came of inboxes that were not asked for")
        try require(total <= reader.limit, "\(total) messages came, the limit is \(reader.limit)")
        try require(bytes <= reader.bytesMax || total == 1, "\(bytes) bytes came, the limit is \(reader.bytesMax)")
        for (offer, count) in zip(offers, counts) where total < reader.limit && count < offer.count {
            let fits = total == 0 || bytes + offer[count].byteCount <= reader.bytesMax
            try require(!fits, "a message stayed behind although there was room")
        }
        let wholeBytes = offers.joined().reduce(0) { $0 + $1.byteCount }
        let part = reader.limit / offers.count
        for (offer, count) in zip(offers, counts) where wholeBytes <= reader.bytesMax {
            try require(count >= min(part, offer.count), "an inbox got \(count) places of an answer, not \(part)")
        }
        return counts
    }

    private func checkOrder(_ batch: Batch) throws(Mismatch) {
        var latest: [Epoch: WallInstant] = [:]
        var previous: WallInstant?
        for message in batch.messages {
            let time = max(latest[message.id.epoch] ?? message.sentAt, message.sentAt)
            latest[message.id.epoch] = time
            try require(previous.map { $0 <= time } ?? true, "\(message.id) stands behind a later one")
            previous = time
        }
    }
}
