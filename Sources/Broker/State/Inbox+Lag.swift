// How far behind those are who read. It is worked out when somebody asks, from what is there anyway; no send and no
// delivery pays for it.
extension Inbox {
    /// The most messages and the highest age that any reader here lags behind; nil if nobody waits or streams.
    ///
    /// - Complexity: O(n) in streams whose write has not gone out and in followers that a fan-out has yet to come to;
    ///   the others are known to have everything.
    func lag(at wall: WallInstant) -> ReaderLag? {
        guard online > 0 else { return nil }
        // A taker waits only where nothing is unread, so only lines with followers and the busy can lag.
        var slowest = ReaderLag()
        var next = followers.first
        // Followers that are behind stand before those that are not.
        while let membership = next, membership.position < last {
            slowest.include(lag(of: membership, at: wall))
            next = membership.successor
        }
        next = busy.first
        while let membership = next {
            slowest.include(lag(of: membership, at: wall))
            next = membership.successor
        }
        return slowest
    }

    private func lag(of membership: Membership, at wall: WallInstant) -> ReaderLag {
        let reader = membership.reader
        // Its connection has them, and cannot write them.
        let withheld = reader.withheld[recipient]
        let isFollower = reader.mode == .follow
        let position = isFollower ? membership.position : positionBeforeUnread()
        let messages = (withheld?.count ?? 0) + (isFollower ? Int(last - position) : Int(unread))
        let oldest = min(withheld?.oldest ?? wall, oldestSent(after: position) ?? wall)
        // The clock may have been set back since.
        let age = max(0, wall.millisecondsSinceEpoch - oldest.millisecondsSinceEpoch)
        return ReaderLag(messages: messages, age: .milliseconds(age))
    }

    /// When the oldest message behind `position` was sent; nil if none is kept.
    private func oldestSent(after position: UInt64) -> WallInstant? {
        for index in log.index(notBefore: position + 1)..<log.indices.upperBound {
            if let payload = log[index].payload { return payload.header.sentAt }
        }
        return nil
    }
}

extension ShardState {
    /// The most messages and the highest age that any reader of the shard lags behind; nil if nobody waits or streams.
    func lag(at wall: WallInstant) -> ReaderLag? {
        inboxes.values.reduce(nil) { ReaderLag.slowest($0, $1.lag(at: wall)) }
    }
}
