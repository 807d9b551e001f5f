/// Something that a timer wheel can hold: the links live in the object itself, so that scheduling allocates nothing.
///
/// The wheel keeps a strong reference from `schedule` to `cancel` or `popDue`. An object is in one wheel at a time.
///
/// It is `open`, not `package`, only because a class that another module of this package inherits from must be; its
/// initialiser keeps it closed to everybody else.
open class Scheduled {
    /// When it is due, in ticks of its wheel; meaningless while not scheduled.
    fileprivate(set) var tick: UInt64 = 0
    fileprivate var timerNext: Scheduled?
    // The wheel's strong chain runs forward; this one may not outlive it.
    fileprivate unowned(unsafe) var timerPrevious: Scheduled?
    // Last, because a subclass's first small properties fit into the same word.
    /// Where in the wheel it hangs: level * 64 + slot; `Scheduled.unscheduled` while it is not in a wheel.
    fileprivate var place = Scheduled.unscheduled

    fileprivate static let unscheduled: UInt16 = .max

    /// Makes something that is not scheduled.
    package init() {}

    /// Whether it waits in a wheel at this moment.
    package var isScheduled: Bool { place != Scheduled.unscheduled }
}

/// Timers in the order of their deadlines, at constant cost for each: a hierarchical wheel.
///
/// A tick is a millisecond. Deadlines are rounded up to the next tick, so nothing is due early. Eight levels of 64
/// slots reach beyond 8000 years. A timer hangs in the level of the highest digit (base 64) in which its tick differs
/// from the wheel's; when time enters a slot of a higher level, its timers move down. A bitmap for each level finds the
/// next occupied slot without walking, so an idle wheel costs nothing however many timers it holds.
///
/// Not safe for concurrent use: it belongs to one actor or one loop.
package struct TimerWheel: ~Copyable {
    private static let levels = 8
    private static let nanosecondsPerTick: Int64 = 1_000_000

    private var slots: [Scheduled?]
    private var occupied: [UInt64]
    /// Everything due before this tick has been handed out.
    private var current: UInt64
    /// How many timers wait.
    package private(set) var count = 0

    /// Makes an empty wheel whose time starts at `now`.
    package init(now: MonotonicInstant) {
        slots = Array(repeating: nil, count: TimerWheel.levels * 64)
        occupied = Array(repeating: 0, count: TimerWheel.levels)
        current = TimerWheel.elapsedTicks(now)
    }

    deinit {
        // A chain of strong references would be released recursively: take it apart link by link.
        for head in slots {
            var next = head
            while let entry = next {
                next = entry.timerNext
                entry.timerNext = nil
                entry.place = Scheduled.unscheduled
            }
        }
    }

    /// Schedules `entry` for `deadline`, moving it if it is scheduled already.
    ///
    /// A deadline that has passed is due at once. - Complexity: O(1).
    package mutating func schedule(_ entry: Scheduled, at deadline: MonotonicInstant) {
        if entry.isScheduled { cancel(entry) }
        entry.tick = max(TimerWheel.tickNotBefore(deadline), current)
        link(entry)
        count += 1
    }

    /// Takes `entry` out; nothing happens if it is not scheduled.
    ///
    /// - Complexity: O(1).
    package mutating func cancel(_ entry: Scheduled) {
        guard entry.isScheduled else { return }
        unlink(entry)
        count -= 1
    }

    /// Removes and returns a timer that is due at `now`, earlier ticks first; nil when none is.
    ///
    /// Call it until it returns nil. - Complexity: amortised O(1).
    package mutating func popDue(_ now: MonotonicInstant) -> Scheduled? {
        let limit = TimerWheel.elapsedTicks(now)
        while count > 0 {
            guard let (level, slot, start) = nextOccupied(), start <= limit else { break }
            current = max(current, start)
            let index = level * 64 + slot
            guard level > 0 else {
                guard let entry = slots[index] else { preconditionFailure("slot \(slot) is marked but empty") }
                unlink(entry)
                count -= 1
                return entry
            }
            // Time has entered a slot of a higher level: its timers move to lower ones.
            while let entry = slots[index] {
                unlink(entry)
                link(entry)
            }
        }
        // Nothing more is due up to `limit`, so time may move on without passing a timer.
        if limit > current { current = limit }
        return nil
    }

    /// When `popDue` is to be called next, or nil when nothing waits.
    ///
    /// Never later than the earliest deadline (rounded up to its tick); earlier only where timers of a higher level are
    /// due to move down.
    package var nextDeadline: MonotonicInstant? {
        guard count > 0, let (_, _, start) = nextOccupied() else { return nil }
        let (nanoseconds, overflow) = start.multipliedReportingOverflow(by: UInt64(TimerWheel.nanosecondsPerTick))
        guard !overflow, nanoseconds <= UInt64(Int64.max) else { return .distantFuture }
        return MonotonicInstant(nanoseconds: Int64(nanoseconds))
    }

    // MARK: Ticks and slots

    private static func elapsedTicks(_ now: MonotonicInstant) -> UInt64 {
        UInt64(max(0, now.nanoseconds) / nanosecondsPerTick)
    }

    private static func tickNotBefore(_ deadline: MonotonicInstant) -> UInt64 {
        let nanoseconds = max(0, deadline.nanoseconds)
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: nanosecondsPerTick)
        return UInt64(whole) + (rest > 0 ? 1 : 0)
    }

    private mutating func link(_ entry: Scheduled) {
        let difference = entry.tick ^ current
        let level = difference == 0 ? 0 : min((63 - difference.leadingZeroBitCount) / 6, TimerWheel.levels - 1)
        let slot = Int((entry.tick >> UInt64(level * 6)) & 63)
        let index = level * 64 + slot
        entry.place = UInt16(index)
        entry.timerPrevious = nil
        entry.timerNext = slots[index]
        entry.timerNext?.timerPrevious = entry
        slots[index] = entry
        occupied[level] |= 1 << UInt64(slot)
    }

    private mutating func unlink(_ entry: Scheduled) {
        let index = Int(entry.place)
        if let previous = entry.timerPrevious {
            previous.timerNext = entry.timerNext
        } else {
            slots[index] = entry.timerNext
            if entry.timerNext == nil { occupied[index / 64] &= ~(1 << UInt64(index % 64)) }
        }
        entry.timerNext?.timerPrevious = entry.timerPrevious
        entry.timerNext = nil
        entry.timerPrevious = nil
        entry.place = Scheduled.unscheduled
    }

    /// The next occupied slot and the tick at which it begins.
    ///
    /// A lower level always comes first: its timers share more leading digits with the present.
    private func nextOccupied() -> (level: Int, slot: Int, start: UInt64)? {
        for level in 0..<TimerWheel.levels where occupied[level] != 0 {
            let shift = UInt64(level * 6)
            let digit = (current >> shift) & 63
            let ahead = occupied[level] >> digit
            guard ahead != 0 else { preconditionFailure("level \(level) holds a slot behind \(current)") }
            let slot = digit + UInt64(ahead.trailingZeroBitCount)
            let above = shift + 6 < 64 ? (current >> (shift + 6)) << (shift + 6) : 0
            return (level, Int(slot), above | (slot << shift))
        }
        return nil
    }

    // MARK: Invariants

    /// Checks slots, links and marks against each other.
    ///
    /// - Throws: ``BrokenInvariant``.
    /// - Complexity: O(n) in the timers.
    func checkInvariants() throws(BrokenInvariant) {
        var found = 0
        // What hangs in a level that is marked as empty is missing from the sum.
        for index in slots.indices where occupied[index / 64] != 0 {
            let (level, slot) = index.quotientAndRemainder(dividingBy: 64)
            let isMarked = occupied[level] & (1 << UInt64(slot)) != 0
            try require(isMarked == (slots[index] != nil), "slot \(slot) of level \(level) is marked wrongly")
            var previous: Scheduled?
            var next = slots[index]
            while let entry = next {
                found += 1
                try require(Int(entry.place) == index, "a timer of slot \(index) says it is in \(entry.place)")
                try require(entry.timerPrevious === previous, "a timer of slot \(index) has a wrong back link")
                try require(entry.tick >= current, "a timer of tick \(entry.tick) was passed at \(current)")
                let shift = UInt64(level * 6)
                try require((entry.tick >> shift) & 63 == UInt64(slot), "tick \(entry.tick) is in slot \(index)")
                let isNear = level == TimerWheel.levels - 1 || (entry.tick ^ current) >> (shift + 6) == 0
                try require(isNear, "tick \(entry.tick) is in level \(level) at \(current)")
                previous = entry
                next = entry.timerNext
            }
        }
        try require(found == count, "\(found) timers hang in the wheel, \(count) are counted")
    }
}
