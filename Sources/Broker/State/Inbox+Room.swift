/// Messages that were taken out of an inbox, and the bytes that they had.
struct Freed {
    var messages = 0
    var bytes = 0

    /// What they were counted for against the memory of all inboxes.
    var cost: Int { bytes + messages * Cost.message }
}

// How a full inbox makes room.
extension Inbox {
    /// What may go for a new message, in this order.
    private enum Dispensable {
        /// Was read, and is kept only for followers that lag.
        case read
        /// Unread, but some follower has seen it.
        case delivered
        /// Nobody has seen it.
        case unseen
    }

    /// How much has yet to be found.
    private struct Need {
        var messages: Int
        var bytes: Int
        var isMet: Bool { messages <= 0 && bytes <= 0 }
    }

    /// The messages of a kind that are to go: all of it between two indices.
    private struct Victims {
        var indices: Range<Int>
        var count = 0
    }

    /// Whether one more message of `byteCount` bytes fits as things are.
    func fits(_ byteCount: Int, _ limits: Limits) -> Bool {
        log.count < limits.inboxMessagesMax && bytes + byteCount <= limits.inboxBytesMax
    }

    /// Drops messages until one of `byteCount` bytes fits; drops nothing if it would not fit even then.
    ///
    /// From the oldest end: first what was read, then what was delivered, then, if the policy is to drop, what nobody
    /// has seen. Leased and handed messages are in somebody's hands and stay.
    ///
    /// - Returns: What was dropped and how much of it was unread; nil if the message does not fit.
    /// - Complexity: O(1) for each message that goes, while the oldest of each kind stand where they were left; no
    ///   allocation.
    func makeRoom(for byteCount: Int, _ limits: Limits) -> (dropped: Freed, unread: Int)? {
        var need = Need(
            messages: log.count + 1 - limits.inboxMessagesMax,
            bytes: bytes + byteCount - limits.inboxBytesMax
        )
        let read = choose(.read, from: &noReadBefore, until: &need)
        let delivered = choose(.delivered, from: &noDeliveredBefore, until: &need)
        var mark = noUnreadBefore
        let mayDropUnseen = limits.whenFull == .dropOldest
        let unseen = mayDropUnseen ? choose(.unseen, from: &mark, until: &need) : Victims(indices: 0..<0)
        guard need.isMet else { return nil }
        untold += UntoldDrops(
            toTakers: delivered.count + unseen.count,
            toFollowers: unseen.count,
            oldestUnseen: unseen.count > 0 ? log[unseen.indices.lowerBound].sequence : 0
        )
        var dropped = Freed()
        remove(.read, read, &dropped)
        remove(.delivered, delivered, &dropped)
        remove(.unseen, unseen, &dropped)
        log.tidy()
        return (dropped, delivered.count + unseen.count)
    }

    @inline(__always)
    private func isDispensable(_ kind: Dispensable, at index: Int) -> Bool {
        guard log[index].payload != nil else { return false }
        switch kind {
        case .read: return log[index].standing == .read
        case .delivered: return log[index].standing == .unread && log[index].isDelivered
        case .unseen: return log[index].standing == .unread && !log[index].isDelivered
        }
    }

    /// Chooses the oldest messages of a kind, beginning at `mark`, until they are enough, and moves the mark up: below
    /// it there is none.
    @inline(__always)
    private func choose(_ kind: Dispensable, from mark: inout UInt64, until need: inout Need) -> Victims {
        guard !need.isMet else { return Victims(indices: 0..<0) }
        var index = log.index(notBefore: mark)
        let end = log.indices.upperBound
        while index < end, !isDispensable(kind, at: index) { index += 1 }
        mark = index < end ? log[index].sequence : last + 1
        var victims = Victims(indices: index..<index)
        while index < end, !need.isMet {
            if isDispensable(kind, at: index) {
                victims.count += 1
                need.messages -= 1
                need.bytes -= log[index].byteCount
            }
            index += 1
        }
        victims.indices = victims.indices.lowerBound..<index
        return victims
    }

    @inline(__always)
    private func remove(_ kind: Dispensable, _ victims: Victims, _ freed: inout Freed) {
        for index in victims.indices where isDispensable(kind, at: index) { remove(at: index, &freed) }
    }

    /// Takes every message out.
    func removeAll() -> Freed {
        var freed = Freed()
        for index in log.indices where log[index].payload != nil { remove(at: index, &freed) }
        log.tidy()
        return freed
    }

    /// Takes out the messages that are only kept for followers that lag.
    func removeRead() -> Freed {
        var freed = Freed()
        for index in log.indices where isDispensable(.read, at: index) { remove(at: index, &freed) }
        log.tidy()
        return freed
    }
}
