// What happens by itself.
extension Inbox {
    /// What a sweep has found.
    struct Swept {
        var removed = Freed()
        /// How many of them nobody had read.
        var expired = 0
        /// Whether a lease ran out, so that takers may have something.
        var hasReturned = false
    }

    /// Carries out what is due at `now`, in one pass: expiry, the end of retention, the end of leases.
    ///
    /// Sets ``nextSweep``.
    func sweep(_ now: MonotonicInstant) -> Swept {
        var swept = Swept()
        var next = MonotonicInstant.distantFuture
        for index in log.indices where log[index].payload != nil {
            switch log[index].standing {
            case .handed:
                // What is on its way to a taker waits for the outcome.
                continue
            case .leased, .delayed:
                guard log[index].leasedUntil <= now else {
                    next = min(next, log[index].leasedUntil)
                    continue
                }
                becomeUnread(at: index)
                swept.hasReturned = true
            case .unread, .read:
                break
            }
            guard log[index].expires <= now else {
                next = min(next, log[index].expires)
                continue
            }
            if log[index].standing == .unread { swept.expired += 1 }
            remove(at: index, &swept.removed)
        }
        log.tidy()
        nextSweep = max(next, now + Inbox.rest(after: log.indices.count))
        return swept
    }

    /// How long an inbox is left alone after a sweep that looked at so many entries.
    ///
    /// A sweep looks at all of them, which is nothing for an inbox of the usual size. One of a hundred thousand
    /// messages that come and go would spend its shard's time with looking: there a sweep comes at most every 100 ms.
    private static func rest(after entries: Int) -> Duration {
        entries > unhurriedEntriesMin ? .microseconds(entries) : .zero
    }

    /// Entries from which on a sweep is not repeated at once; the log of 1000 messages has fewer.
    static let unhurriedEntriesMin = 2048
}
