#if os(Linux)
/// A message that an inbox has accepted, as far as that can be known from outside.
final class Record {
    /// Where it stands.
    ///
    /// Times are given as the earliest and the latest that is possible.
    enum Standing {
        case unread
        /// In a write that ends so many bytes into what was said on a connection.
        case handed(Link, through: ClosedRange<Int>)
        case leased(ClosedRange<Int64>)
        case delayed(ClosedRange<Int64>)
        case read(ClosedRange<Int64>)
        case gone
    }

    let sequence: Int
    /// -1 if it is not known which send it was.
    var token: Int
    var expires: ClosedRange<Int64>
    var standing = Standing.unread
    var attempt = 0
    /// Whether what it is said to be is the only thing that it can be.
    var isSure = true
    /// Whether it may have been dropped to make room.
    var mayBeDropped = false
    /// Whether a follower may have been given it, so that it may be dropped although nobody has read it.
    var mayBeDelivered = false
    /// Whether something is under way that may end its lease, or has marked it as read already.
    var mayBeReturned = false
    var mayBeRead = false
    /// In which span between two moments of rest it was first known, last given out, and last acknowledged.
    let knownSince: Int
    var givenSpan = 0
    var ackedSpan = 0
    var returnedSpan = 0

    init(sequence: Int, token: Int, expires: ClosedRange<Int64>, knownSince: Int) {
        self.sequence = sequence
        self.token = token
        self.expires = expires
        self.knownSince = knownSince
    }

    /// How late something may happen that happens by itself: clocks of milliseconds, twice rounded up.
    static let slack: Int64 = 3_000_000
    static let retainRead: Int64 = 60_000_000_000

    /// Whether it is unread, and has been for longer than this moment.
    func isQuietlyUnread(_ now: Int64, _ span: Int) -> Bool {
        guard knownSince < span, givenSpan < span, ackedSpan < span, returnedSpan < span else { return false }
        return possibilities(now) == .unread
    }

    /// What it may be.
    struct Possibilities: OptionSet {
        let rawValue: UInt8

        static let unread = Possibilities(rawValue: 1)
        static let out = Possibilities(rawValue: 2)
        static let read = Possibilities(rawValue: 4)
        static let gone = Possibilities(rawValue: 8)
        static let anything: Possibilities = [.unread, .out, .read, .gone]
    }

    /// Takes over what time has certainly done, and says what else it may have done.
    func possibilities(_ now: Int64) -> Possibilities {
        switch standing {
        case .leased(let until) where now > until.upperBound + Record.slack,
            .delayed(let until) where now > until.upperBound + Record.slack:
            standing = .unread
        default: break
        }
        if case .unread = standing, isSure, now > expires.upperBound + Record.slack { standing = .gone }
        if case .read(let since) = standing {
            let end = min(expires.upperBound, since.upperBound + Record.retainRead)
            if now > end + Record.slack { standing = .gone }
        }
        if case .gone = standing { return .gone }
        guard isSure else { return .anything }
        var possible: Possibilities
        switch standing {
        case .unread:
            possible = now < expires.lowerBound ? .unread : [.unread, .gone]
        case .handed: possible = .out
        case .leased(let until), .delayed(let until):
            possible =
                now < until.lowerBound ? .out : now < expires.lowerBound ? [.out, .unread] : [.out, .unread, .gone]
        case .read(let since):
            let end = min(expires.lowerBound, since.lowerBound + Record.retainRead)
            possible = now < end ? .read : [.read, .gone]
        case .gone: possible = .gone
        }
        if mayBeDropped, mayBeDelivered || possible != .unread { possible.insert(.gone) }
        if mayBeReturned { possible.formUnion([.unread, .out]) }
        if mayBeRead { possible.formUnion([.read, .gone]) }
        return possible
    }
}

/// How many there are at least, and at most.
struct Span {
    var least = 0
    var most = 0

    mutating func count(_ possible: Bool, isOnly: Bool) {
        if possible { most += 1 }
        if isOnly { least += 1 }
    }

    func contains(_ number: Int) -> Bool { number >= least && number <= most }
}

/// What an inbox may hold.
struct Contents {
    var unread = Span()
    /// As `unread`, without what may have been dropped taken away.
    var unreadBeforeDrops = 0
    var out = Span()
    var kept = Span()
}
#endif
