/// Where an inbox stands: all that is remembered of one that is empty and that nobody waits on.
struct Position {
    let epoch: Epoch
    /// The newest sequence number ever given out; 0 if none was.
    let last: UInt64
    // 32 bits each, because many positions are remembered.
    private var untoldToTakers: UInt32 = 0
    private var unseenCount: UInt32 = 0
    /// How far before `last` the first and the last of the unseen drops are.
    private var unseenFirstBefore: UInt32 = 0
    private var unseenLastBefore: UInt32 = 0

    init(epoch: Epoch, last: UInt64, untold: UntoldDrops = UntoldDrops()) {
        self.epoch = epoch
        self.last = last
        self.untold = untold
    }

    /// Drops that have yet to be told; of the unseen ones, from where to where they were, and how many.
    var untold: UntoldDrops {
        get {
            var untold = UntoldDrops(toTakers: Int(untoldToTakers))
            guard unseenCount > 0 else { return untold }
            let run = UnseenDrops.Run(
                first: last - UInt64(unseenFirstBefore),
                last: last - UInt64(unseenLastBefore),
                count: Int(unseenCount)
            )
            untold.unseen = UnseenDrops(run)
            return untold
        }
        set {
            untoldToTakers = UInt32(clamping: newValue.toTakers)
            guard let whole = newValue.unseen.whole else {
                unseenCount = 0
                return
            }
            unseenCount = UInt32(clamping: whole.count)
            unseenFirstBefore = UInt32(clamping: last - whole.first)
            unseenLastBefore = UInt32(clamping: last - whole.last)
        }
    }
}

/// The positions of inboxes that are empty and that nobody waits on, so that a cursor of a quiet inbox stays good.
///
/// An entry is found by a 64-bit hash of the name: what it costs does not depend on the name. Two names with the same
/// hash would share an epoch, which no reader can tell from one of its own. Entries are kept in two generations; every
/// retention period the older one is dropped whole, so an entry stays for one period at least and two at most, and
/// forgetting costs nothing per entry.
struct PositionTable {
    private var young: [UInt64: Position] = [:]
    private var old: [UInt64: Position] = [:]
    private var turnsAt: MonotonicInstant
    private let period: Duration

    init(period: Duration, now: MonotonicInstant) {
        self.period = period
        turnsAt = now + period
    }

    /// How many positions are remembered.
    var count: Int { young.count + old.count }
    /// When ``forget(_:)`` is to be called next; nil if there is nothing to forget.
    var nextForget: MonotonicInstant? { count > 0 ? turnsAt : nil }

    /// Remembers where the inbox of `recipient` stands.
    ///
    /// - Returns: How many entries more there are.
    mutating func remember(_ position: Position, of recipient: Recipient) -> Int {
        let before = count
        let hash = PositionTable.hash(recipient)
        old[hash] = nil
        young[hash] = position
        return count - before
    }

    /// Takes out where the inbox of `recipient` stood.
    mutating func recall(_ recipient: Recipient) -> Position? {
        guard count > 0 else { return nil }
        let hash = PositionTable.hash(recipient)
        return young.removeValue(forKey: hash) ?? old.removeValue(forKey: hash)
    }

    /// Looks without taking out.
    func peek(_ recipient: Recipient) -> Position? {
        guard count > 0 else { return nil }
        let hash = PositionTable.hash(recipient)
        return young[hash] ?? old[hash]
    }

    /// Notes drops of which nobody has been told after all, if the inbox is still remembered in that epoch.
    mutating func noteUntold(_ drops: UntoldDrops, of recipient: Recipient, in epoch: Epoch) {
        guard var position = peek(recipient), position.epoch == epoch else { return }
        position.untold += drops
        let hash = PositionTable.hash(recipient)
        if young[hash] == nil { old[hash] = position } else { young[hash] = position }
    }

    /// Drops the older generation if a period has passed.
    ///
    /// - Returns: How many entries went.
    mutating func forget(_ now: MonotonicInstant) -> Int {
        guard now >= turnsAt else { return 0 }
        turnsAt = now + period
        return turn()
    }

    /// Drops the older generation, or the younger if that is all there is, to make room.
    ///
    /// - Returns: How many entries went.
    mutating func makeRoom() -> Int {
        let gone = turn()
        return gone > 0 ? gone : turn()
    }

    private mutating func turn() -> Int {
        let gone = old.count
        old = young
        young = [:]
        return gone
    }

    private static func hash(_ recipient: Recipient) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(recipient)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}
