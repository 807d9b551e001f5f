package import Broker

// What comes to those who wait, and what becomes of it.
extension DeliveryModel {
    /// Messages of an inbox go to its takers, longest waiting first: explains the events that say so.
    mutating func offer(_ recipient: Recipient, _ now: MonotonicInstant) throws(Mismatch) {
        while let taker = firstTaker(at: recipient) {
            guard try inbox(recipient).unread.count > 0 else { return }
            guard case .deliver(taker.id, let batch, let number) = events.first?.event else {
                throw Mismatch("reader \(taker.id) waits at '\(recipient)' and got nothing; the next was \(nextEvent)")
            }
            events.removeFirst()
            try receive(taker, batch, number, now)
        }
    }

    /// Judges a slice of a fan-out that was to serve `budget` followers at most, and says whether nothing was left.
    package mutating func fanOut(budget: Int, isDone: Bool, _ now: MonotonicInstant) throws(Mismatch) {
        var left = budget
        while case .deliver(let id, let batch, let number) = events.first?.event {
            events.removeFirst()
            let follower = try reader(id)
            var isFirst = false
            for recipient in follower.recipients where try isBehind(follower, recipient) {
                let longest = try firstBehind(at: recipient, except: id)
                isFirst = isFirst || longest.map { $0 > follower.servedTurn } ?? true
            }
            try require(isFirst, "follower \(id) was served again before those who have waited since")
            try receive(follower, batch, number, now)
            left -= 1
        }
        try require(left >= 0, "\(budget - left) followers were served at once, not \(budget)")
        try require(isDone || left == 0, "the fan-out stopped with \(left) places left")
        if isDone { try checkNobodyIsBehind(except: []) }
    }

    /// Judges that nobody waits for what is there, but followers of the inboxes that are queued to be served.
    package func checkNobodyIsBehind(except queued: Set<Recipient>) throws(Mismatch) {
        for reader in readers {
            guard case .waiting = reader.standing else { continue }
            for recipient in reader.recipients {
                if reader.isFollower {
                    let mustGo = try isBehind(reader, recipient)
                    let isServed = !mustGo || queued.contains(recipient)
                    try require(isServed, "follower \(reader.id) waits although '\(recipient)' has moved on")
                } else {
                    let unread = try inbox(recipient).unread.count
                    try require(unread == 0, "taker \(reader.id) waits although '\(recipient)' has \(unread) messages")
                }
            }
        }
        try require(events.isEmpty, "something came that nothing explains: \(nextEvent)")
    }

    /// A batch has arrived.
    package mutating func confirm(_ batch: Batch, number: Int, isStream: Bool, _ now: MonotonicInstant) throws(Mismatch)
    {
        toldDrops[number] = nil
        let isSeen = isStream && !observed.contains(number)
        for message in batch.messages {
            try changeMessage(message) { [limits] found in
                if !batch.isTaken {
                    found.isDelivered = found.isDelivered || isSeen
                } else if found.standing == .handed, message.attempt == 0 {
                    found.standing = .read
                    found.expires = min(found.expires, now + limits.retainRead)
                }
            }
        }
    }

    /// A batch has not arrived.
    package mutating func giveBack(_ batch: Batch, number: Int, _ now: MonotonicInstant) throws(Mismatch) {
        for drops in toldDrops.removeValue(forKey: number) ?? [] {
            guard let place = place(of: drops.recipient), inboxes[place].epoch == drops.epoch else { continue }
            inboxes[place].untoldToTakers += drops.toTakers
            inboxes[place].unseen.add(drops.unseen)
            if !isAwake(inboxes[place]) { inboxes[place].unseen.blur() }
        }
        var touched: [Recipient] = []
        for message in batch.messages {
            guard let place = place(of: message.recipient), inboxes[place].epoch == message.id.epoch else { continue }
            guard isAwake(inboxes[place]) else { continue }
            totals.delivered -= 1
            guard batch.isTaken else { continue }
            try changeMessage(message) { found in
                switch found.standing {
                case .handed where message.attempt == 0:
                    break
                case .leased where message.attempt > 0 && message.attempt == found.attempt:
                    found.attempt -= 1
                default:
                    return
                }
                found.standing = .unread
                if !touched.contains(message.recipient) { touched.append(message.recipient) }
            }
        }
        for recipient in touched { try offer(recipient, now) }
    }

    // MARK: Small steps

    private var nextEvent: String { events.first.map { "\($0.event)" } ?? "nothing" }

    /// A waiting reader received a batch: a poll is answered with it, a stream is busy with it.
    private mutating func receive(
        _ reader: ModelReader,
        _ batch: Batch,
        _ number: Int,
        _ now: MonotonicInstant
    ) throws(Mismatch) {
        guard case .waiting = reader.standing else { throw Mismatch("reader \(reader.id) does not wait") }
        try collect(reader.id, batch, number, now)
        if reader.isStream { try change(reader: reader.id) { $0.standing = .busy } } else { try remove(reader.id) }
    }

    private func isBehind(_ reader: ModelReader, _ recipient: Recipient) throws(Mismatch) -> Bool {
        for (name, position) in zip(reader.recipients, reader.positions) where name == recipient {
            return try inbox(recipient).last > position
        }
        return false
    }

    private func firstTaker(at recipient: Recipient) -> ModelReader? {
        var first: (turn: Int, reader: ModelReader)?
        for reader in readers where !reader.isFollower && reader.recipients.contains(recipient) {
            guard case .waiting(let turn) = reader.standing, turn < first?.turn ?? .max else { continue }
            first = (turn, reader)
        }
        return first?.reader
    }

    /// The turn of the follower that waits longest for what has come, of all but one.
    private func firstBehind(at recipient: Recipient, except id: Int) throws(Mismatch) -> Int? {
        var first: Int?
        for reader in readers where reader.id != id && reader.isFollower {
            guard case .waiting(let turn) = reader.standing, try isBehind(reader, recipient) else { continue }
            first = min(first ?? turn, turn)
        }
        return first
    }

    mutating func explainEnd(_ id: Int, _ reason: EndReason) throws(Mismatch) {
        guard case .end(id, reason, let cursor) = events.first?.event else {
            throw Mismatch("reader \(id) was to end with \(reason); the next was \(nextEvent)")
        }
        events.removeFirst()
        try check(cursor, of: try reader(id))
        try giveCursor(id, with: [])
        if reason == .timedOut { totals.timeouts += 1 }
        try remove(id)
    }

    private mutating func changeMessage(_ message: Message, _ body: (inout ModelMessage) -> Void) throws(Mismatch) {
        guard let place = place(of: message.recipient), inboxes[place].epoch == message.id.epoch else { return }
        guard let index = inboxes[place].messages.firstIndex(where: { $0.sequence == message.id.sequence }) else {
            return
        }
        body(&inboxes[place].messages[index])
    }
}
