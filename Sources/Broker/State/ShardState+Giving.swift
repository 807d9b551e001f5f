// How messages come to those who wait, and what becomes of them.
extension ShardState {
    /// Gives unread messages to those who wait to take them, longest waiting first.
    mutating func offer(_ inbox: Inbox, now: MonotonicInstant) {
        while inbox.unread > 0, let membership = inbox.takers.first {
            serve(membership.reader, now: now)
        }
    }

    /// Gives a waiting reader what there is for it.
    ///
    /// A poll is let go with it; a stream is busy until it asks again.
    private mutating func serve(_ reader: Reader, now: MonotonicInstant) {
        guard let batch = collect(reader, now: now) else {
            preconditionFailure("a reader of '\(reader.inbox.recipient)' was called for nothing")
        }
        if reader.isStream { pause(reader) } else { leave(reader) }
        actions.append(.deliver(reader, batch))
    }

    /// Whether followers have yet to be served: then ``fanOut(budget:now:)`` is to be called.
    var isFanningOut: Bool { !fanOuts.isEmpty }

    /// Serves followers that have not seen the newest messages, at most `budget` of them, inbox by inbox in turn.
    ///
    /// In each inbox those who are behind come first, because whoever has been served goes to the end of the line. A
    /// stream that is still writing when its turn comes is set aside.
    mutating func fanOut(budget: Int, now: MonotonicInstant) {
        var left = budget
        while left > 0, let inbox = fanOuts.popFirst() {
            while left > 0, inbox.hasFollowerBehind, let membership = inbox.followers.first {
                let reader = membership.reader
                guard reader.standing != .busy else {
                    setAside(membership)
                    continue
                }
                serve(reader, now: now)
                left -= 1
            }
            if inbox.hasFollowerBehind { fanOuts.append(inbox) }
        }
    }

    /// A batch has arrived: what was taken is read, what was followed on a stream counts as delivered, unless
    /// by an observer.
    ///
    /// A leased message is read when it is acked, not before. Messages of inboxes that are not in this shard are passed
    /// over. If all are known to be of one inbox, it is `only`.
    mutating func confirm(
        _ batch: borrowing Batch,
        isStream: Bool,
        only: Inbox? = nil,
        now: MonotonicInstant
    ) {
        guard batch.isTaken || isStream && !batch.isObserved else { return }
        var found = only
        for message in batch.messages {
            if only == nil, found?.epoch != message.id.epoch || found?.recipient != message.recipient {
                found = inboxes[message.recipient]
            }
            guard let inbox = found, inbox.epoch == message.id.epoch else { continue }
            if batch.isTaken {
                // Whoever has it by now, if a lease has ended meanwhile, has yet to be heard of.
                guard message.attempt == 0 else { continue }
                inbox.confirm(message.id.sequence, readUntil: now + limits.retainRead)
                arm(inbox)
            } else {
                inbox.markDelivered(message.id.sequence)
            }
        }
    }

    /// A batch has not arrived: what was taken is unread again, at its old place, and goes to whoever waits; drops that
    /// it told of are told to the next.
    ///
    /// Messages of inboxes that are not in this shard are passed over.
    mutating func giveBack(_ batch: borrowing Batch, now: MonotonicInstant) {
        for told in batch.toldDrops {
            guard let inbox = inboxes[told.recipient] else {
                positions.noteUntold(told.drops, of: told.recipient, in: told.epoch)
                continue
            }
            if inbox.epoch == told.epoch { inbox.untold += told.drops }
        }
        var touched: [Inbox] = []
        for message in batch.messages {
            guard let inbox = inboxes[message.recipient], inbox.epoch == message.id.epoch else { continue }
            totals.delivered -= 1
            guard batch.isTaken, inbox.giveBack(message.id.sequence, attempt: message.attempt) else { continue }
            if !touched.contains(where: { $0 === inbox }) { touched.append(inbox) }
        }
        for inbox in touched {
            offer(inbox, now: now)
            arm(inbox)
        }
    }
}

extension Inbox {
    /// Whether a waiting follower has not seen the newest messages.
    fileprivate var hasFollowerBehind: Bool {
        guard let membership = followers.first else { return false }
        return membership.position < last
    }
}
