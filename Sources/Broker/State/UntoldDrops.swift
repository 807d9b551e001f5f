/// Which messages of an inbox were dropped unread to make room, without the readers concerned having been told yet.
struct UntoldDrops: Hashable, Sendable {
    /// How many drops no taker has been told of.
    var toTakers = 0
    /// Drops of messages that nobody had seen, which no follower has been told of.
    var unseen = UnseenDrops()

    static func += (sum: inout UntoldDrops, part: UntoldDrops) {
        sum.toTakers += part.toTakers
        sum.unseen += part.unseen
    }

    /// Takes out what a taker is being told of.
    mutating func tellTaker() -> UntoldDrops {
        defer { toTakers = 0 }
        return UntoldDrops(toTakers: toTakers)
    }

    /// Takes out what a follower is being told of with a gap between two positions.
    mutating func tellFollower(after start: UInt64, through end: UInt64) -> UntoldDrops {
        UntoldDrops(unseen: unseen.take(after: start, through: end))
    }

    /// Takes out what a follower is being told of that begins at a position without having come with it.
    mutating func tellNewcomer(at position: UInt64) -> UntoldDrops {
        UntoldDrops(unseen: unseen.takeBegun(by: position))
    }
}

/// Sequence numbers of dropped messages, as runs in their order.
///
/// A run is *dense* if all of its numbers are of dropped messages; then it can be cut anywhere. The others come from
/// runs that were put together to bound the memory, when an inbox falls idle or drops here and there without ever being
/// followed: of such a run only how many there are is known, so it is told as a whole or not at all.
struct UnseenDrops: Hashable, Sendable {
    /// Dropped messages from one sequence number to another.
    struct Run: Hashable, Sendable {
        var first: UInt64
        var last: UInt64
        var count: Int

        var isDense: Bool { UInt64(count) == last - first + 1 }
    }

    private(set) var runs: [Run] = []

    /// Runs that are kept apart; of more the two oldest become one.
    static let runsMax = 16

    var isEmpty: Bool { runs.isEmpty }

    init() {}

    /// Drops of which only that is known.
    init(_ run: Run) {
        runs = [run]
    }

    /// How many there are.
    var count: Int { runs.reduce(0) { $0 + $1.count } }

    /// Notes that the message with this number was dropped.
    mutating func note(_ sequence: UInt64) {
        // Nearly always it is the newest so far, and next to the one before.
        if let newest = runs.last, newest.last + 1 == sequence, newest.isDense {
            runs[runs.count - 1].last = sequence
            runs[runs.count - 1].count += 1
        } else {
            insert(Run(first: sequence, last: sequence, count: 1))
        }
    }

    static func += (sum: inout UnseenDrops, part: UnseenDrops) {
        for run in part.runs { sum.insert(run) }
    }

    /// Takes out those up to `end`, and all of a run that is known as a whole only if it begins there.
    mutating func takeBegun(by end: UInt64) -> UnseenDrops {
        var taken = take(after: 0, through: end)
        // Of what begins there only a run that could not be cut is left.
        taken.runs += runs.prefix { $0.first <= end }
        runs.removeAll { $0.first <= end }
        return taken
    }

    /// Takes out those behind `start`, up to `end`; a run that is known as a whole only if all of it is there.
    mutating func take(after start: UInt64, through end: UInt64) -> UnseenDrops {
        guard let oldest = runs.first, oldest.first <= end else { return UnseenDrops() }
        var (kept, taken) = (UnseenDrops(), UnseenDrops())
        for run in runs {
            let first = max(run.first, start + 1)
            let last = min(run.last, end)
            if first > last || !run.isDense && (first > run.first || last < run.last) {
                kept.runs.append(run)
            } else if run.isDense {
                if run.first < first { kept.runs.append(Run(first: run.first, through: first - 1)) }
                taken.runs.append(Run(first: first, through: last))
                if last < run.last { kept.runs.append(Run(first: last + 1, through: run.last)) }
            } else {
                taken.runs.append(run)
            }
        }
        self = kept
        return taken
    }

    /// All of them as one run; nil if there are none.
    var whole: Run? {
        guard let first = runs.first, let last = runs.last else { return nil }
        return Run(first: first.first, last: last.last, count: count)
    }

    /// Puts a run in its place, and together with those that it overlaps or continues.
    private mutating func insert(_ run: Run) {
        var run = run
        var index = runs.firstIndex { $0.last + 1 >= run.first } ?? runs.count
        while index < runs.count, runs[index].first <= run.last + 1 {
            let other = runs[index]
            let doOverlap = other.first <= run.last && run.first <= other.last
            guard doOverlap || other.isDense && run.isDense else {
                guard other.last < run.first else { break }
                index += 1
                continue
            }
            run = Run(
                first: min(run.first, other.first),
                last: max(run.last, other.last),
                count: run.count + other.count
            )
            runs.remove(at: index)
        }
        runs.insert(run, at: index)
        while runs.count > UnseenDrops.runsMax {
            runs[1] = Run(first: runs[0].first, last: runs[1].last, count: runs[0].count + runs[1].count)
            runs.removeFirst()
        }
    }
}

extension UnseenDrops.Run {
    /// A dense run.
    fileprivate init(first: UInt64, through last: UInt64) {
        self.init(first: first, last: last, count: Int(last - first + 1))
    }
}
