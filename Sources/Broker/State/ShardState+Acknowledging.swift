// What holders of messages say about them.
extension ShardState {
    /// Marks messages as read.
    ///
    /// Those that are gone, or of another life of the inbox, are passed over.
    ///
    /// - Returns: The messages left unread.
    /// - Throws: ``BrokerError`` with `invalidRequest` if an id is ahead of the inbox; nothing is changed then.
    mutating func ack(
        _ recipient: Recipient,
        upTo position: MessageID?,
        ids: [MessageID],
        now: MonotonicInstant,
        wall: WallInstant
    ) throws(BrokerError) -> Int {
        try checkNotAhead(recipient, ids)
        if let position { try checkNotAhead(recipient, [position]) }
        guard let inbox = inboxes[recipient] else { return 0 }
        inbox.lastSeen = wall
        let readUntil = now + limits.retainRead
        if let position, position.epoch == inbox.epoch {
            totals.acked += inbox.ack(upTo: position.sequence, readUntil: readUntil)
        }
        for id in ids where id.epoch == inbox.epoch {
            totals.acked += inbox.ack(id.sequence, readUntil: readUntil) ? 1 : 0
        }
        arm(inbox)
        return Int(inbox.unread)
    }

    /// Gives leased messages back, at once or after a delay.
    ///
    /// Those that are not leased are passed over.
    ///
    /// - Returns: The messages that are unread afterwards; those that went straight to somebody who waited are not.
    /// - Throws: ``BrokerError`` with `invalidRequest` if an id is ahead of the inbox; nothing is changed then.
    mutating func release(
        _ recipient: Recipient,
        ids: [MessageID],
        delay: Duration,
        now: MonotonicInstant
    ) throws(BrokerError) -> Int {
        try checkNotAhead(recipient, ids)
        guard let inbox = inboxes[recipient] else { return 0 }
        for id in ids where id.epoch == inbox.epoch {
            inbox.release(id.sequence, at: delay > .zero ? now + delay : nil)
        }
        offer(inbox, now: now)
        arm(inbox)
        return Int(inbox.unread)
    }

    /// Makes leases longer: all of them, or none.
    ///
    /// - Returns: The messages that are unread.
    /// - Throws: ``BrokerError`` with `notFound` if one of the messages is not leased, `invalidRequest` if an id is
    ///   ahead of the inbox; nothing is changed then.
    mutating func extend(
        _ recipient: Recipient,
        ids: [MessageID],
        lease: Duration,
        now: MonotonicInstant
    ) throws(BrokerError) -> Int {
        try checkNotAhead(recipient, ids)
        let inbox = inboxes[recipient]
        for id in ids {
            guard let inbox, id.epoch == inbox.epoch, inbox.isLeased(id.sequence) else { throw .notLeased(id) }
        }
        guard let inbox else { return 0 }
        for id in ids { inbox.extend(id.sequence, until: now + lease) }
        return Int(inbox.unread)
    }

    private func checkNotAhead(_ recipient: Recipient, _ ids: [MessageID]) throws(BrokerError) {
        guard let end = inboxes[recipient]?.position ?? positions.peek(recipient) else { return }
        for id in ids where id.epoch == end.epoch && id.sequence > end.last {
            throw BrokerError(
                .invalidRequest,
                "'\(id)' is ahead of the inbox '\(recipient)', whose last message is \(end.last)",
                remedy: "name ids that were received from this inbox"
            )
        }
    }
}
