package import Broker

extension DeliveryModel {
    /// Judges a send.
    package mutating func send(
        _ draft: Draft,
        _ answer: Result<SendReceipt, BrokerError>,
        _ glimpse: Glimpse
    ) throws(Mismatch) {
        let wanted = try accept(draft, glimpse)
        switch (wanted, answer) {
        case (.success(let wanted), .success(let receipt)):
            try require(wanted == ModelReceipt(receipt), "the receipt is \(receipt), not \(wanted)")
        case (.failure(let wanted), .failure(let error)):
            try require(wanted == error.code, "the refusal is \(error.code), not \(wanted)")
            totals.refused += 1
        default:
            throw Mismatch("the answer is \(answer), not \(wanted)")
        }
    }

    /// A refusal that is expected.
    private struct Refusal: Error {
        let code: BrokerError.Code
    }

    private enum Wanted {
        case success(ModelReceipt)
        case failure(BrokerError.Code)
    }

    private mutating func accept(_ draft: Draft, _ glimpse: Glimpse) throws(Mismatch) -> Wanted {
        let parts = draft.payload.withParts { (sender: Array($0), type: Array($1), content: Array($2)) }
        guard !isDraining else { return .failure(.draining) }
        guard parts.content.count <= limits.messageBytesMax else { return .failure(.tooLarge) }
        guard draft.payload.byteCount <= limits.inboxBytesMax else { return .failure(.tooLarge) }
        let key = draft.key.map { Array($0.utf8) }
        if let key, let known = keys.first(where: { same($0, draft.recipient, parts.sender, key) }) {
            let isSame = known.content == parts.content && known.type == parts.type
            guard isSame, known.timeToLive == draft.timeToLive else { return .failure(.keyReused) }
            totals.duplicates += 1
            var receipt = known.receipt
            receipt.isDuplicate = true
            return .success(receipt)
        }
        let size = draft.payload.byteCount
        let keyCost =
            key.map { Cost.key + 2 * (draft.recipient.name.utf8.count + parts.sender.count + 1 + $0.count) } ?? 0
        guard fitsInbox(draft.recipient, glimpse) else { return .failure(.brokerFull) }
        let room = room(draft.recipient, size, keyCost, glimpse)
        if room.refusal == .brokerFull { return .failure(.brokerFull) }
        try wake(draft.recipient, glimpse)
        if let refusal = room.refusal { return .failure(refusal) }
        if place(of: draft.recipient) == nil { throw Mismatch("'\(draft.recipient)' has no inbox after a send") }
        let evicted = try drop(room.victims, draft.recipient)
        return .success(try append(draft, parts, evicted, key, glimpse))
    }

    private mutating func append(
        _ draft: Draft,
        _ parts: (sender: [UInt8], type: [UInt8], content: [UInt8]),
        _ evicted: Int,
        _ key: [UInt8]?,
        _ glimpse: Glimpse
    ) throws(Mismatch) -> ModelReceipt {
        let online = readers.count { $0.recipients.contains(draft.recipient) }
        let expires = glimpse.now + (draft.timeToLive ?? limits.retainUnread)
        let receipt = try change(draft.recipient) { inbox in
            inbox.last += 1
            inbox.messages.append(
                ModelMessage(
                    sequence: inbox.last,
                    content: parts.content,
                    byteCount: draft.payload.byteCount,
                    sentAt: draft.payload.header.sentAt,
                    expires: expires
                )
            )
            return ModelReceipt(
                id: MessageID(epoch: inbox.epoch, sequence: inbox.last),
                online: online,
                unread: inbox.unread.count,
                evicted: evicted,
                isDuplicate: false
            )
        }
        totals.sent += 1
        totals.evicted += evicted
        if let key {
            keys.append(
                ModelKey(
                    recipient: draft.recipient,
                    sender: parts.sender,
                    key: key,
                    content: parts.content,
                    type: parts.type,
                    timeToLive: draft.timeToLive,
                    receipt: receipt,
                    forgetAt: glimpse.now + limits.retainKeys
                )
            )
        }
        try offer(draft.recipient, glimpse.now)
        return receipt
    }

    private func same(_ known: ModelKey, _ recipient: Recipient, _ sender: [UInt8], _ key: [UInt8]) -> Bool {
        known.recipient == recipient && known.sender == sender && known.key == key
    }

    /// Whether there is memory for the inbox itself, if it has to be made; forgets positions that had to go for it.
    private mutating func fitsInbox(_ recipient: Recipient, _ glimpse: Glimpse) -> Bool {
        guard !isAwake(recipient) else { return true }
        let need = heldBytes(positions: 0) + Cost.inbox
        if need + glimpse.positionsBefore * Cost.position > limits.memoryBytesMax { forgetPositions() }
        return need <= limits.memoryBytesMax
    }

    /// What goes for one more message of `size` bytes, or why it is refused.
    ///
    /// If memory is short, what was read in this inbox goes, then positions may go; whatever becomes of the message.
    private mutating func room(
        _ recipient: Recipient,
        _ size: Int,
        _ keyCost: Int,
        _ glimpse: Glimpse
    ) -> (victims: [UInt64], refusal: BrokerError.Code?) {
        let isNew = !isAwake(recipient)
        let held = heldBytes(positions: 0) + (isNew ? Cost.inbox : 0) + size + Cost.message + keyCost
        // A sleeping inbox that wakes gives its position's bytes back.
        let wakes = isNew && place(of: recipient).map { inboxes[$0].epoch == glimpse.epochs[recipient] } == true
        let positions = (glimpse.positionsBefore - (wakes ? 1 : 0)) * Cost.position
        var left = isNew ? [] : place(of: recipient).map { inboxes[$0].messages } ?? []
        let isMissing = { [limits] (messages: [ModelMessage]) in
            messages.count >= limits.inboxMessagesMax
                || messages.reduce(size, { $0 + $1.byteCount }) > limits.inboxBytesMax
        }
        guard var victims = victims(from: left, while: isMissing) else { return ([], .inboxFull) }
        guard held + positions - freed(victims) > limits.memoryBytesMax else { return (victims.map(\.sequence), nil) }
        let read = left.filter { $0.standing == .read }
        left.removeAll { $0.standing == .read }
        if let place = place(of: recipient), !isNew { inboxes[place].messages = left }
        victims = self.victims(from: left, while: isMissing) ?? []
        let rest = held - freed(read)
        guard rest + positions - freed(victims) > limits.memoryBytesMax else { return (victims.map(\.sequence), nil) }
        forgetPositions()
        let all = self.victims(from: left) { [limits] messages in
            isMissing(messages) || rest - freed(left) + freed(messages) > limits.memoryBytesMax
        }
        return all.map { ($0.map(\.sequence), nil) } ?? ([], .brokerFull)
    }

    private func freed(_ messages: [ModelMessage]) -> Int {
        messages.reduce(0) { $0 + $1.byteCount + Cost.message }
    }

    /// What must go from `messages` so that nothing is missing any longer: read, then delivered, then, by policy,
    /// unseen ones, each from the oldest on; nil if not even that is enough.
    private func victims(
        from messages: [ModelMessage],
        while isMissing: ([ModelMessage]) -> Bool
    ) -> [ModelMessage]? {
        let wanted: [(ModelMessage) -> Bool] = [
            { $0.standing == .read },
            { $0.standing == .unread && $0.isDelivered },
            { [limits] in limits.whenFull == .dropOldest && $0.standing == .unread && !$0.isDelivered },
        ]
        var left = messages
        var gone: [ModelMessage] = []
        while isMissing(left) {
            var victim: Int?
            for isWanted in wanted where victim == nil { victim = left.firstIndex(where: isWanted) }
            guard let victim else { return nil }
            gone.append(left.remove(at: victim))
        }
        return gone
    }

    /// Drops messages.
    ///
    /// - Returns: How many of them were unread.
    private mutating func drop(_ victims: [UInt64], _ recipient: Recipient) throws(Mismatch) -> Int {
        try change(recipient) { inbox in
            let gone = inbox.messages.filter { victims.contains($0.sequence) && $0.standing == .unread }
            inbox.messages.removeAll { victims.contains($0.sequence) }
            inbox.untoldToTakers += gone.count
            for unseen in gone where !unseen.isDelivered { inbox.unseen.numbers.insert(unseen.sequence) }
            return gone.count
        }
    }
}
