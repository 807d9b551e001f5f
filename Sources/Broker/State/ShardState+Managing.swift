// Looking at inboxes from outside, removing them, shutting down.
extension ShardState {
    /// One inbox from outside; zeros for a recipient that nobody has used.
    func summary(of recipient: Recipient, wall: WallInstant) -> InboxSummary {
        if let inbox = inboxes[recipient] { return inbox.summary(wall: wall) }
        var summary = InboxSummary(recipient: recipient)
        guard let position = positions.peek(recipient), position.last > 0 else { return summary }
        summary.last = MessageID(epoch: position.epoch, sequence: position.last)
        return summary
    }

    /// Up to `limit` inboxes in the order of their names' bytes, after `after` and beginning with `prefix`.
    ///
    /// - Complexity: O(n log n) in the inboxes of the shard that are wanted, O(n) in the others.
    func summaries(prefix: String, after: String?, limit: Int, wall: WallInstant) -> [InboxSummary] {
        let wanted = inboxes.values.filter { inbox in
            guard inbox.recipient.name.utf8.starts(with: prefix.utf8) else { return false }
            guard let after else { return true }
            return after.utf8.lexicographicallyPrecedes(inbox.recipient.name.utf8)
        }
        return wanted.sorted { $0.recipient < $1.recipient }.prefix(limit).map { $0.summary(wall: wall) }
    }

    /// Unread messages of some recipients together.
    func unread(of recipients: [Recipient]) -> Int {
        recipients.reduce(0) { $0 + Int(inboxes[$1]?.unread ?? 0) }
    }

    /// Removes an inbox with everything in it.
    ///
    /// Its readers are told; its next life has another epoch.
    mutating func delete(_ recipient: Recipient) {
        if let inbox = inboxes[recipient] {
            release(inbox.removeAll())
            endReaders(of: inbox, .deleted)
            reap(inbox)
        }
        forgetKeys(of: recipient)
        // Also what has just been remembered: the next life is to be another.
        if positions.recall(recipient) != nil { budget.release(Cost.position) }
    }

    /// No more sends, and nobody waits any longer.
    mutating func drain() {
        isDraining = true
        // In an order that is the same in every process, so that a simulation can repeat it.
        for inbox in inboxes.values.sorted(by: { $0.recipient < $1.recipient }) { endReaders(of: inbox, .draining) }
    }

    /// What the shard holds and has done; memory is counted by the budget that the shards share.
    var statistics: Statistics {
        var sum = totals
        sum.inboxes = inboxes.count
        for inbox in inboxes.values {
            sum.kept += inbox.log.count
            sum.unread += Int(inbox.unread)
            sum.leased += Int(inbox.leased)
            sum.waiting += Int(inbox.waiting)
            sum.streaming += Int(inbox.streaming)
        }
        return sum
    }
}
