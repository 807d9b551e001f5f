/// How many messages of an inbox were dropped unread to make room, without the readers concerned having been told yet.
struct UntoldDrops: Hashable, Sendable {
    /// Drops that no taker has been told of.
    var toTakers = 0
    /// Drops of messages that nobody had seen, which no follower has been told of.
    var toFollowers = 0
    /// The oldest of the latter; meaningful only if there are any.
    var oldestUnseen: UInt64 = 0

    static func += (sum: inout UntoldDrops, part: UntoldDrops) {
        if part.toFollowers > 0 {
            sum.oldestUnseen = sum.toFollowers > 0 ? min(sum.oldestUnseen, part.oldestUnseen) : part.oldestUnseen
        }
        sum.toTakers += part.toTakers
        sum.toFollowers += part.toFollowers
    }

    /// Takes out what a taker is being told of.
    mutating func tellTaker() -> UntoldDrops {
        defer { toTakers = 0 }
        return UntoldDrops(toTakers: toTakers)
    }

    /// Takes out what a follower is being told of.
    mutating func tellFollower() -> UntoldDrops {
        defer { toFollowers = 0 }
        return UntoldDrops(toFollowers: toFollowers, oldestUnseen: oldestUnseen)
    }
}
