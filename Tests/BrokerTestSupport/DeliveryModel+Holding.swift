package import Broker

// What holders of messages say, deletion, shutting down.
extension DeliveryModel {
    /// Judges an ack.
    package mutating func ack(
        _ recipient: Recipient,
        upTo position: MessageID?,
        ids: [MessageID],
        _ answer: Result<Int, BrokerError>,
        _ glimpse: Glimpse
    ) throws(Mismatch) {
        guard try checkIDs(recipient, ids + (position.map { [$0] } ?? []), answer, glimpse) else { return }
        var unread = 0
        if isAwake(recipient) {
            let readUntil = glimpse.now + limits.retainRead
            let (acked, left) = try change(recipient) { inbox in
                var acked = 0
                for place in inbox.messages.indices where inbox.messages[place].standing != .read {
                    let id = MessageID(epoch: inbox.epoch, sequence: inbox.messages[place].sequence)
                    let isBefore = position.map { $0.epoch == id.epoch && id.sequence <= $0.sequence } ?? false
                    guard isBefore || ids.contains(id) else { continue }
                    acked += 1
                    inbox.messages[place].standing = .read
                    inbox.messages[place].expires = min(inbox.messages[place].expires, readUntil)
                }
                return (acked, inbox.unread.count)
            }
            totals.acked += acked
            unread = left
        }
        try check(answer, is: unread)
    }

    /// Judges a release.
    package mutating func release(
        _ recipient: Recipient,
        ids: [MessageID],
        delay: Duration,
        _ answer: Result<Int, BrokerError>,
        _ glimpse: Glimpse
    ) throws(Mismatch) {
        guard try checkIDs(recipient, ids, answer, glimpse) else { return }
        guard isAwake(recipient) else { return try check(answer, is: 0) }
        try change(recipient) { inbox in
            for place in inbox.messages.indices {
                let id = MessageID(epoch: inbox.epoch, sequence: inbox.messages[place].sequence)
                guard ids.contains(id), case .leased = inbox.messages[place].standing else { continue }
                inbox.messages[place].standing = delay > .zero ? .delayed(until: glimpse.now + delay) : .unread
            }
        }
        try offer(recipient, glimpse.now)
        try check(answer, is: try inbox(recipient).unread.count)
    }

    /// Judges an extension.
    package mutating func extend(
        _ recipient: Recipient,
        ids: [MessageID],
        lease: Duration,
        _ answer: Result<Int, BrokerError>,
        _ glimpse: Glimpse
    ) throws(Mismatch) {
        guard try checkIDs(recipient, ids, answer, glimpse) else { return }
        let inbox = place(of: recipient).map { inboxes[$0] }
        let leased = inbox.map { inbox in
            inbox.messages.compactMap { message -> MessageID? in
                guard case .leased = message.standing else { return nil }
                return MessageID(epoch: inbox.epoch, sequence: message.sequence)
            }
        }
        guard ids.allSatisfy({ leased?.contains($0) == true }) else {
            guard case .failure(let error) = answer, error.code == .notFound else {
                throw Mismatch("a lease was extended that is not there")
            }
            return
        }
        guard let inbox else { return try check(answer, is: 0) }
        let until = glimpse.now + lease
        try change(recipient) { inbox in
            for place in inbox.messages.indices {
                let id = MessageID(epoch: inbox.epoch, sequence: inbox.messages[place].sequence)
                guard ids.contains(id), case .leased(let before) = inbox.messages[place].standing else { continue }
                inbox.messages[place].standing = .leased(until: max(before, until))
            }
        }
        try check(answer, is: inbox.unread.count)
    }

    /// Judges the removal of an inbox.
    package mutating func delete(_ recipient: Recipient) throws(Mismatch) {
        if let place = place(of: recipient) { inboxes[place].messages = [] }
        keys.removeAll { $0.recipient == recipient }
        try explainEnds(of: readers.filter { $0.recipients.contains(recipient) }, .deleted)
        inboxes.removeAll { $0.recipient == recipient }
    }

    /// Judges shutting down.
    package mutating func drain() throws(Mismatch) {
        isDraining = true
        try explainEnds(of: readers, .draining)
    }

    // MARK: Small steps

    /// The events that follow end these readers, in any order.
    private mutating func explainEnds(of readers: [ModelReader], _ reason: EndReason) throws(Mismatch) {
        for _ in readers {
            guard case .end(let id, reason, _) = events.first?.event, readers.contains(where: { $0.id == id }) else {
                throw Mismatch("\(readers.map(\.id)) were to end with \(reason)")
            }
            try explainEnd(id, reason)
        }
    }

    /// Whether no id is ahead of the inbox; if one is, the answer must say so.
    private mutating func checkIDs(
        _ recipient: Recipient,
        _ ids: [MessageID],
        _ answer: Result<Int, BrokerError>,
        _ glimpse: Glimpse
    ) throws(Mismatch) -> Bool {
        if !isAwake(recipient) { try wake(recipient, glimpse) }
        let inbox = place(of: recipient).map { inboxes[$0] }
        let isAhead = ids.contains { $0.epoch == inbox?.epoch && $0.sequence > inbox?.last ?? 0 }
        guard isAhead else { return true }
        guard case .failure(let error) = answer, error.code == .invalidRequest else {
            throw Mismatch("an id ahead of '\(recipient)' was accepted")
        }
        return false
    }

    private func check(_ answer: Result<Int, BrokerError>, is unread: Int) throws(Mismatch) {
        guard case .success(unread) = answer else { throw Mismatch("the answer is \(answer), not \(unread)") }
    }
}
