// What happens by itself.
extension ShardState {
    /// When ``advance(to:)`` is to be called next; nil if nothing happens by itself.
    var nextDeadline: MonotonicInstant? {
        var next = wheel.nextDeadline ?? .distantFuture
        if let forget = keys.nextForget { next = min(next, forget) }
        if let forget = positions.nextForget { next = min(next, forget) }
        if let due = presence.nextDue { next = min(next, due) }
        return next < .distantFuture ? next : nil
    }

    /// Carries out everything that is due at `now`.
    mutating func advance(to now: MonotonicInstant) {
        while let due = wheel.popDue(now) {
            switch due {
            case let inbox as Inbox: sweep(inbox, now: now)
            case let reader as Reader: end(reader, .timedOut)
            default: preconditionFailure("only inboxes and readers are scheduled")
            }
        }
        forgetDepartures(now)
        forgetKeys(now)
        budget.release(positions.forget(now) * Cost.position)
    }

    private mutating func sweep(_ inbox: Inbox, now: MonotonicInstant) {
        let swept = inbox.sweep(now)
        release(swept.removed)
        if swept.expired > 0 {
            totals.expired += swept.expired
            actions.append(.observe(.expired(recipient: inbox.recipient, count: swept.expired)))
        }
        if swept.hasReturned { offer(inbox, now: now) }
        arm(inbox)
        reap(inbox)
    }

    /// Sets the wheel to the earliest thing that happens by itself in `inbox`.
    mutating func arm(_ inbox: Inbox) {
        guard inbox.nextSweep < .distantFuture else { return }
        guard !inbox.isScheduled || inbox.nextSweep < inbox.armedFor else { return }
        inbox.armedFor = inbox.nextSweep
        wheel.schedule(inbox, at: inbox.nextSweep)
    }
}
