// What happens by itself.
extension Inbox {
    /// What a sweep has found.
    struct Swept {
        var removed: [Payload] = []
        /// How many of them nobody had read.
        var expired = 0
        /// Whether a lease ran out, so that takers may have something.
        var hasReturned = false
    }

    /// Carries out what is due at `now`, in one pass: expiry, the end of retention, the end of leases. Sets ``nextSweep``.
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
            swept.removed.append(remove(at: index))
        }
        log.tidy()
        nextSweep = next
        return swept
    }
}
