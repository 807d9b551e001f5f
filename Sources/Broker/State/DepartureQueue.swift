/// Who has left, in the order in which they left; whoever leaves again moves to the end.
///
/// Deadlines come in order because all count equally long, so the first is the earliest. The links are places in an
/// array, so that moving somebody allocates nothing.
struct DepartureQueue {
    private struct Departure {
        var recipient: Recipient
        var until: MonotonicInstant
        var previous: Int32
        var next: Int32
    }

    private static let none: Int32 = -1
    /// The `previous` of a place that nobody has.
    private static let unused: Int32 = -2

    private var places: [Recipient: Int32] = [:]
    private var departures: [Departure] = []
    private var free: [Int32] = []
    private var head = DepartureQueue.none
    private var tail = DepartureQueue.none

    var count: Int { places.count }

    /// The earliest deadline; nil if nobody has left.
    var first: MonotonicInstant? { head == DepartureQueue.none ? nil : departures[Int(head)].until }

    /// Until when a departure counts.
    subscript(recipient: Recipient) -> MonotonicInstant? {
        places[recipient].map { departures[Int($0)].until }
    }

    /// Puts a recipient at the end.
    ///
    /// `hint` is what the last call for the same recipient returned, or anything else: where it is right, nothing has
    /// to be looked up.
    ///
    /// - Returns: The place in the queue.
    /// - Complexity: O(1).
    mutating func append(_ recipient: Recipient, until deadline: MonotonicInstant, perhapsAt hint: Int32) -> Int32 {
        let place: Int32
        if let known = isPlace(hint, of: recipient) ? hint : places[recipient] {
            place = known
            departures[Int(place)].until = deadline
            guard place != tail else { return place }
            unlink(place)
        } else {
            let (previous, next) = (DepartureQueue.none, DepartureQueue.none)
            let departure = Departure(recipient: recipient, until: deadline, previous: previous, next: next)
            if let unused = free.popLast() {
                place = unused
                departures[Int(place)] = departure
            } else {
                place = Int32(departures.count)
                departures.append(departure)
            }
            places[recipient] = place
        }
        departures[Int(place)].previous = tail
        departures[Int(place)].next = DepartureQueue.none
        if tail == DepartureQueue.none { head = place } else { departures[Int(tail)].next = place }
        tail = place
        return place
    }

    private func isPlace(_ place: Int32, of recipient: Recipient) -> Bool {
        guard place >= 0, place < departures.count else { return false }
        return departures[Int(place)].previous != DepartureQueue.unused
            && departures[Int(place)].recipient == recipient
    }

    /// Takes the first out; nil if there is none.
    ///
    /// - Complexity: O(1).
    mutating func popFirst() -> Recipient? {
        guard head != DepartureQueue.none else { return nil }
        let place = head
        let recipient = departures[Int(place)].recipient
        unlink(place)
        departures[Int(place)].previous = DepartureQueue.unused
        places[recipient] = nil
        free.append(place)
        if places.isEmpty { self = DepartureQueue() }
        return recipient
    }

    private mutating func unlink(_ place: Int32) {
        let (previous, next) = (departures[Int(place)].previous, departures[Int(place)].next)
        if previous == DepartureQueue.none { head = next } else { departures[Int(previous)].next = next }
        if next == DepartureQueue.none { tail = previous } else { departures[Int(next)].previous = previous }
    }

    /// Checks links and places against each other.
    ///
    /// - Throws: ``BrokenInvariant``.
    func checkInvariants() throws(BrokenInvariant) {
        var found = 0
        var previous = DepartureQueue.none
        var place = head
        while place != DepartureQueue.none {
            let departure = departures[Int(place)]
            found += 1
            try require(found <= places.count, "the departures run in a circle")
            try require(places[departure.recipient] == place, "'\(departure.recipient)' is not at its place")
            try require(departure.previous == previous, "'\(departure.recipient)' has a wrong back link")
            if previous != DepartureQueue.none {
                try require(departures[Int(previous)].until <= departure.until, "departures are out of order")
            }
            previous = place
            place = departure.next
        }
        try require(found == places.count, "\(found) departures are linked, \(places.count) have a place")
        try require(previous == tail, "the departures end too early")
        try require(free.count + found == departures.count, "a place is neither used nor free")
        for place in free {
            try require(departures[Int(place)].previous == DepartureQueue.unused, "a free place does not say so")
        }
    }
}
