/// Who has left, in the order in which they left; whoever leaves again moves to the end.
///
/// Deadlines come in order because all count equally long, so the first is the earliest. The links are places in an
/// array, so that moving somebody allocates nothing.
struct DepartureQueue {
    private struct Departure {
        var recipient: Recipient
        var until: MonotonicInstant
        var previous: Int
        var next: Int
    }

    private static let none = -1

    private var places: [Recipient: Int] = [:]
    private var departures: [Departure] = []
    private var free: [Int] = []
    private var head = DepartureQueue.none
    private var tail = DepartureQueue.none

    var count: Int { places.count }

    /// The earliest deadline; nil if nobody has left.
    var first: MonotonicInstant? { head == DepartureQueue.none ? nil : departures[head].until }

    /// Until when a departure counts.
    subscript(recipient: Recipient) -> MonotonicInstant? {
        places[recipient].map { departures[$0].until }
    }

    /// Puts a recipient at the end.
    ///
    /// - Complexity: O(1).
    mutating func append(_ recipient: Recipient, until deadline: MonotonicInstant) {
        let departure = Departure(recipient: recipient, until: deadline, previous: tail, next: DepartureQueue.none)
        let place: Int
        if let known = places[recipient] {
            unlink(known)
            place = known
            departures[place] = departure
            departures[place].previous = tail
        } else if let unused = free.popLast() {
            place = unused
            departures[place] = departure
            places[recipient] = place
        } else {
            place = departures.count
            departures.append(departure)
            places[recipient] = place
        }
        if tail == DepartureQueue.none { head = place } else { departures[tail].next = place }
        tail = place
    }

    /// Takes the first out; nil if there is none.
    ///
    /// - Complexity: O(1).
    mutating func popFirst() -> Recipient? {
        guard head != DepartureQueue.none else { return nil }
        let place = head
        let recipient = departures[place].recipient
        unlink(place)
        places[recipient] = nil
        free.append(place)
        if places.isEmpty { self = DepartureQueue() }
        return recipient
    }

    private mutating func unlink(_ place: Int) {
        let (previous, next) = (departures[place].previous, departures[place].next)
        if previous == DepartureQueue.none { head = next } else { departures[previous].next = next }
        if next == DepartureQueue.none { tail = previous } else { departures[next].previous = previous }
    }

    /// Checks links and places against each other.
    ///
    /// - Throws: ``BrokenInvariant``.
    func checkInvariants() throws(BrokenInvariant) {
        var found = 0
        var previous = DepartureQueue.none
        var place = head
        while place != DepartureQueue.none {
            let departure = departures[place]
            found += 1
            try require(found <= places.count, "the departures run in a circle")
            try require(places[departure.recipient] == place, "'\(departure.recipient)' is not at its place")
            try require(departure.previous == previous, "'\(departure.recipient)' has a wrong back link")
            if previous != DepartureQueue.none {
                try require(departures[previous].until <= departure.until, "departures are out of order")
            }
            previous = place
            place = departure.next
        }
        try require(found == places.count, "\(found) departures are linked, \(places.count) have a place")
        try require(previous == tail, "the departures end too early")
        try require(free.count + found == departures.count, "a place is neither used nor free")
    }
}
