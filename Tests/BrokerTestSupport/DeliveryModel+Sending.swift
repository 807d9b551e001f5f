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
        guard try fitsMemory(draft.recipient, size + Cost.message + keyCost, glimpse) else {
            return .failure(.brokerFull)
        }
        try wake(draft.recipient, glimpse)
        guard let evicted = makeRoom(draft.recipient, size) else { return .failure(.inboxFull) }
        if place(of: draft.recipient) == nil { throw Mismatch("'\(draft.recipient)' has no inbox after a send") }
        let online = readers.count { $0.recipients.contains(draft.recipient) }
        let expires = glimpse.now + (draft.timeToLive ?? limits.retainUnread)
        let receipt = try change(draft.recipient) { inbox in
            inbox.last += 1
            inbox.messages.append(
                ModelMessage(
                    sequence: inbox.last,
                    content: parts.content,
                    byteCount: size,
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
        return .success(receipt)
    }

    private func same(_ known: ModelKey, _ recipient: Recipient, _ sender: [UInt8], _ key: [UInt8]) -> Bool {
        known.recipient == recipient && known.sender == sender && known.key == key
    }

    /// Whether there is memory for so many bytes more in the inbox of `recipient`; forgets what had to go for it.
    private mutating func fitsMemory(_ recipient: Recipient, _ cost: Int, _ glimpse: Glimpse) throws(Mismatch) -> Bool {
        let held = heldBytes(positions: 0)
        let isNew = !isAwake(recipient)
        let need = isNew ? Cost.inbox : 0
        // A sleeping inbox that wakes gives its position's bytes back.
        let wakes = isNew && place(of: recipient).map { inboxes[$0].epoch == glimpse.epochs[recipient] } == true
        let positions = glimpse.positionsBefore - (wakes ? 1 : 0)
        if held + glimpse.positionsBefore * Cost.position + need > limits.memoryBytesMax { forgetPositions() }
        guard held + need <= limits.memoryBytesMax else { return false }
        guard held + need + cost + positions * Cost.position > limits.memoryBytesMax else { return true }
        var freed = 0
        if let place = place(of: recipient) {
            let read = inboxes[place].messages.filter { $0.standing == .read }
            freed = read.reduce(0) { $0 + $1.byteCount + Cost.message }
            inboxes[place].messages.removeAll { $0.standing == .read }
        }
        if held + need + cost - freed + positions * Cost.position > limits.memoryBytesMax { forgetPositions() }
        return held + need + cost - freed <= limits.memoryBytesMax
    }

    /// Drops what must go for one more message of `size` bytes: read, then delivered, then, by policy, unseen ones,
    /// each from the oldest on.
    ///
    /// - Returns: How many were dropped unread; nil if it does not fit even then.
    private mutating func makeRoom(_ recipient: Recipient, _ size: Int) -> Int? {
        guard let place = place(of: recipient) else { return 0 }
        var inbox = inboxes[place]
        let wanted: [(ModelMessage) -> Bool] = [
            { $0.standing == .read },
            { $0.standing == .unread && $0.isDelivered },
            { [limits] in limits.whenFull == .dropOldest && $0.standing == .unread && !$0.isDelivered },
        ]
        var evicted = 0
        while inbox.messages.count >= limits.inboxMessagesMax || inbox.bytes + size > limits.inboxBytesMax {
            var victim: Int?
            for isWanted in wanted where victim == nil { victim = inbox.messages.firstIndex(where: isWanted) }
            guard let victim else { return nil }
            let gone = inbox.messages.remove(at: victim)
            guard gone.standing == .unread else { continue }
            evicted += 1
            inbox.untoldToTakers += 1
            guard !gone.isDelivered else { continue }
            if inbox.untoldToFollowers == 0 { inbox.oldestUntold = gone.sequence }
            inbox.oldestUntold = min(inbox.oldestUntold, gone.sequence)
            inbox.untoldToFollowers += 1
        }
        inboxes[place] = inbox
        return evicted
    }
}
