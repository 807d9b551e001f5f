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

    /// Messages that are to go, until enough would be free.
    struct Victims {
        /// Messages of one kind: all of it between two indices of the log, which are valid until that changes.
        fileprivate struct Group {
            var indices = 0..<0
            var count = 0
        }

        fileprivate var read = Group()
        fileprivate var delivered = Group()
        fileprivate var unseen = Group()
        /// What they are counted for in memory.
        fileprivate(set) var freed = 0
        // How much is still missing: in the inbox, and in the memory of all.
        fileprivate var messages: Int
        fileprivate var bytes: Int
        fileprivate var memory: Int

        fileprivate init(messages: Int, bytes: Int, memory: Int) {
            self.messages = messages
            self.bytes = bytes
            self.memory = memory
        }

        /// Whether the inbox has room without them.
        var fitInbox: Bool { messages <= 0 && bytes <= 0 }
        /// Whether the memory that was asked for is free without them.
        var fitMemory: Bool { memory <= 0 }
    }

    /// Whether one more message of `byteCount` bytes fits as things are.
    func fits(_ byteCount: Int, _ limits: Limits) -> Bool {
        log.count < limits.inboxMessagesMax && bytes + byteCount <= limits.inboxBytesMax
    }

    /// Chooses what goes so that one more message of `byteCount` bytes fits and `memory` bytes are free again.
    ///
    /// From the oldest end: first what was read, then what was delivered, then, if the policy is to drop, what nobody
    /// has seen. Leased and handed messages are in somebody's hands and stay. Nothing is dropped yet.
    ///
    /// - Complexity: O(1) for each message that goes, while the oldest of each kind stand where they were left; no
    ///   allocation.
    func victims(for byteCount: Int, memory: Int, _ limits: Limits) -> Victims {
        var victims = Victims(
            messages: log.count + 1 - limits.inboxMessagesMax,
            bytes: bytes + byteCount - limits.inboxBytesMax,
            memory: memory
        )
        victims.read = choose(.read, from: &noReadBefore, for: &victims)
        victims.delivered = choose(.delivered, from: &noDeliveredBefore, for: &victims)
        if limits.whenFull == .dropOldest {
            // Delivered messages stand among them, so the mark stays.
            var mark = noUnreadBefore
            victims.unseen = choose(.unseen, from: &mark, for: &victims)
        }
        return victims
    }

    /// Drops what ``victims(for:memory:_:)`` has chosen in the same turn.
    ///
    /// - Returns: How many of them were unread.
    func drop(_ victims: Victims) -> Int {
        let unread = victims.delivered.count + victims.unseen.count
        untold.toTakers += unread
        for index in victims.unseen.indices where isDispensable(.unseen, at: index) {
            untold.unseen.note(log[index].sequence)
        }
        var dropped = Freed()
        remove(.read, victims.read, &dropped)
        remove(.delivered, victims.delivered, &dropped)
        remove(.unseen, victims.unseen, &dropped)
        log.tidy()
        return unread
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
    private func choose(_ kind: Dispensable, from mark: inout UInt64, for victims: inout Victims) -> Victims.Group {
        guard !victims.fitInbox || !victims.fitMemory else { return Victims.Group() }
        var index = log.index(notBefore: mark)
        let end = log.indices.upperBound
        while index < end, !isDispensable(kind, at: index) { index += 1 }
        mark = index < end ? log[index].sequence : last + 1
        let start = index
        var count = 0
        while index < end, !victims.fitInbox || !victims.fitMemory {
            if isDispensable(kind, at: index) {
                let byteCount = log[index].byteCount
                count += 1
                victims.messages -= 1
                victims.bytes -= byteCount
                victims.memory -= byteCount + Cost.message
                victims.freed += byteCount + Cost.message
            }
            index += 1
        }
        return Victims.Group(indices: start..<index, count: count)
    }

    @inline(__always)
    private func remove(_ kind: Dispensable, _ group: Victims.Group, _ freed: inout Freed) {
        for index in group.indices where isDispensable(kind, at: index) { remove(at: index, &freed) }
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
