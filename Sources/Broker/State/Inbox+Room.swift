// How a full inbox makes room.
extension Inbox {
    /// Whether one more message of `byteCount` bytes fits as things are.
    func fits(_ byteCount: Int, _ limits: Limits) -> Bool {
        log.count < limits.inboxMessagesMax && bytes + byteCount <= limits.inboxBytesMax
    }

    /// Chooses what goes so that one more message of `byteCount` bytes fits and `memory` bytes are free again.
    ///
    /// From the oldest end: first what was read, then what was delivered, then, if the policy is to drop, what nobody
    /// has seen. Leased and handed messages are in somebody's hands and stay. Nothing is dropped yet.
    func victims(for byteCount: Int, memory: Int, _ limits: Limits) -> Victims {
        var victims = Victims(
            messages: log.count + 1 - limits.inboxMessagesMax,
            bytes: bytes + byteCount - limits.inboxBytesMax,
            memory: memory
        )
        noReadBefore = choose(&victims, from: noReadBefore) { $0.standing == .read }
        victims.readCount = victims.indices.count
        noDeliveredBefore = choose(&victims, from: noDeliveredBefore) { $0.isDelivered && $0.standing == .unread }
        victims.seenCount = victims.indices.count
        if limits.whenFull == .dropOldest {
            _ = choose(&victims, from: noUnreadBefore) { !$0.isDelivered && $0.standing == .unread }
        }
        return victims
    }

    /// Drops what ``victims(for:memory:_:)`` has chosen in the same turn.
    ///
    /// - Returns: How many of them were unread.
    func drop(_ victims: Victims) -> Int {
        let unseen = victims.indices[victims.seenCount...]
        let unread = victims.indices.count - victims.readCount
        untold += UntoldDrops(
            toTakers: unread,
            toFollowers: unseen.count,
            oldestUnseen: unseen.first.map { log[$0].sequence } ?? 0
        )
        for index in victims.indices { _ = remove(at: index) }
        log.tidy()
        return unread
    }

    /// Messages that are to go, until enough would be free.
    struct Victims {
        /// Where they are in the log, valid until it changes: read ones, then delivered ones, then unseen ones.
        fileprivate(set) var indices: [Int] = []
        /// How many of them were read, and how many were read or delivered.
        fileprivate(set) var readCount = 0
        fileprivate(set) var seenCount = 0
        /// What they are counted for in memory.
        private(set) var freed = 0
        // How much is still missing: in the inbox, and in the memory of all.
        private var messages: Int
        private var bytes: Int
        private var memory: Int

        fileprivate init(messages: Int, bytes: Int, memory: Int) {
            self.messages = messages
            self.bytes = bytes
            self.memory = memory
        }

        /// Whether the inbox has room without them.
        var fitInbox: Bool { messages <= 0 && bytes <= 0 }
        /// Whether the memory that was asked for is free without them.
        var fitMemory: Bool { memory <= 0 }

        fileprivate mutating func add(_ index: Int, byteCount: Int) {
            indices.append(index)
            messages -= 1
            bytes -= byteCount
            memory -= byteCount + Cost.message
            freed += byteCount + Cost.message
        }
    }

    /// Chooses the oldest messages that are wanted, beginning at `mark`, until they are enough.
    ///
    /// - Returns: The mark moved up: below it there is no such message.
    private func choose(_ victims: inout Victims, from mark: UInt64, where isWanted: (LogEntry) -> Bool) -> UInt64 {
        guard !victims.fitInbox || !victims.fitMemory else { return mark }
        var firstWanted: UInt64?
        var index = log.index(notBefore: mark)
        while index < log.indices.upperBound, !victims.fitInbox || !victims.fitMemory {
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
