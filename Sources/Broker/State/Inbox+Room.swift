// How a full inbox makes room.
extension Inbox {
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
    func makeRoom(for byteCount: Int, _ limits: Limits) -> (dropped: [Payload], unread: Int)? {
        var victims = Victims(
            messages: log.count + 1 - limits.inboxMessagesMax,
            bytes: bytes + byteCount - limits.inboxBytesMax
        )
        noReadBefore = choose(&victims, from: noReadBefore) { $0.standing == .read }
        let read = victims.indices.count
        noDeliveredBefore = choose(&victims, from: noDeliveredBefore) { $0.isDelivered && $0.standing == .unread }
        let seen = victims.indices.count
        if limits.whenFull == .dropOldest {
            _ = choose(&victims, from: noUnreadBefore) { !$0.isDelivered && $0.standing == .unread }
        }
        guard victims.areEnough else { return nil }
        let unseen = victims.indices[seen...]
        untold += UntoldDrops(
            toTakers: victims.indices.count - read,
            toFollowers: unseen.count,
            oldestUnseen: unseen.first.map { log[$0].sequence } ?? 0
        )
        let dropped = victims.indices.map { remove(at: $0) }
        log.tidy()
        return (dropped, dropped.count - read)
    }

    /// Messages that are to go, until enough would be free.
    private struct Victims {
        private(set) var indices: [Int] = []
        private var messages: Int
        private var bytes: Int

        init(messages: Int, bytes: Int) {
            self.messages = messages
            self.bytes = bytes
        }

        var areEnough: Bool { messages <= 0 && bytes <= 0 }

        mutating func add(_ index: Int, byteCount: Int) {
            indices.append(index)
            messages -= 1
            bytes -= byteCount
        }
    }

    /// Chooses the oldest messages that are wanted, beginning at `mark`, until they are enough.
    ///
    /// - Returns: The mark moved up: below it there is no such message.
    private func choose(_ victims: inout Victims, from mark: UInt64, where isWanted: (LogEntry) -> Bool) -> UInt64 {
        guard !victims.areEnough else { return mark }
        var firstWanted: UInt64?
        var index = log.index(notBefore: mark)
        while index < log.indices.upperBound, !victims.areEnough {
            if let payload = log[index].payload, isWanted(log[index]) {
                firstWanted = firstWanted ?? log[index].sequence
                victims.add(index, byteCount: payload.byteCount)
            }
            index += 1
        }
        return firstWanted ?? last + 1
    }

    /// Takes every message out.
    ///
    /// - Returns: Their payloads.
    func removeAll() -> [Payload] {
        remove { _ in true }
    }

    /// Takes out the messages that are only kept for followers that lag.
    ///
    /// - Returns: Their payloads.
    func removeRead() -> [Payload] {
        remove { $0.standing == .read }
    }

    private func remove(where isWanted: (LogEntry) -> Bool) -> [Payload] {
        var removed: [Payload] = []
        for index in log.indices where log[index].payload != nil && isWanted(log[index]) {
            removed.append(remove(at: index))
        }
        log.tidy()
        return removed
    }
}
