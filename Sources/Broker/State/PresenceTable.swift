/// Who has left a short while ago, and who is told of comings and goings.
///
/// Who is there at this moment, inboxes know. Whoever leaves counts as there for a while longer, the same for all, so
/// that a reload and the pause between two polls do not show. Departures outlive their inboxes.
struct PresenceTable {
    /// Departures that all shards of a broker remember together.
    ///
    /// With the longest names they take 24 MiB.
    static let departuresMaxInAll = 65_536

    /// Departures that are remembered; where more leave at once, the first are forgotten early.
    var departuresMax = PresenceTable.departuresMaxInAll

    /// A recipient that somebody asks after.
    private struct Watched {
        /// What its watchers were told last.
        var isOnline: Bool
        var watchers: [PresenceWatcher]
    }

    private var departures = DepartureQueue()
    private var watched: [Recipient: Watched] = [:]
    /// Inboxes whose readers have come or gone in this turn; some may be gone themselves.
    private var changed: [Inbox] = []

    // MARK: Comings and goings

    /// Whether anything has changed in this turn.
    var hasChanged: Bool { !changed.isEmpty }

    /// Whether anybody is to be told.
    var isWatched: Bool { !watched.isEmpty }

    /// A reader has begun to wait.
    mutating func arrived(_ inbox: Inbox) {
        guard !watched.isEmpty, watched[inbox.recipient] != nil else { return }
        changed.append(inbox)
    }

    /// The last reader has left.
    mutating func left(_ inbox: Inbox) {
        changed.append(inbox)
    }

    /// Lets all who have left in this turn linger, and forgets departures that are over: all that is to be done while
    /// nobody watches.
    ///
    /// Whoever has come back in the same turn lingers as well, which does no harm: that they are there counts first.
    mutating func lingerChanged(until deadline: MonotonicInstant, _ now: MonotonicInstant) {
        for inbox in changed { _ = linger(inbox, until: deadline) }
        // The room is kept for the next turn, unless it was an uncommon one.
        changed.removeAll(keepingCapacity: changed.count <= 64)
        while popDue(now) != nil {}
    }

    /// Takes out what has changed in this turn.
    mutating func takeChanged() -> [Inbox] {
        defer { changed.removeAll() }
        return changed
    }

    /// Somebody has left and counts as there for a while.
    ///
    /// - Returns: Who had to be forgotten early for it.
    mutating func linger(_ inbox: Inbox, until deadline: MonotonicInstant) -> Recipient? {
        inbox.departure = departures.append(inbox.recipient, until: deadline, perhapsAt: inbox.departure)
        return departures.count > departuresMax ? departures.popFirst() : nil
    }

    /// Whether somebody has left so recently that it does not count yet.
    func lingers(_ recipient: Recipient, _ now: MonotonicInstant) -> Bool {
        departures[recipient].map { $0 > now } ?? false
    }

    /// How many departures are remembered.
    var lingeringCount: Int { departures.count }

    /// When ``popDue(_:)`` has something to tell; nil if nobody asks.
    var nextDue: MonotonicInstant? { watched.isEmpty ? nil : departures.first }

    /// Takes out a departure that is over; nil if there is none.
    mutating func popDue(_ now: MonotonicInstant) -> Recipient? {
        guard let first = departures.first, first <= now else { return nil }
        return departures.popFirst()
    }

    // MARK: Watchers

    /// Tells `watcher` of a recipient from now on, which is or is not online.
    ///
    /// - Returns: Its place in the line of those who watch that recipient.
    mutating func watch(_ recipient: Recipient, isOnline: Bool, by watcher: PresenceWatcher) -> Int {
        let place = watched[recipient]?.watchers.count ?? 0
        watched[recipient, default: Watched(isOnline: isOnline, watchers: [])].watchers.append(watcher)
        return place
    }

    /// Tells whoever is at a place no longer of a recipient; the last in line moves there.
    ///
    /// - Complexity: O(recipients of the one who moves), however many watch.
    mutating func unwatch(_ recipient: Recipient, at place: Int) {
        guard let last = watched[recipient].map({ $0.watchers.count - 1 }) else { return }
        watched[recipient]?.watchers.swapAt(place, last)
        watched[recipient]?.watchers.removeLast()
        if last > place { watched[recipient]?.watchers[place].moved(recipient, to: place) }
        if last == 0 { watched[recipient] = nil }
    }

    /// Notes how it is with a recipient.
    ///
    /// - Returns: Who is to be told; nobody if it is as it was.
    mutating func note(_ recipient: Recipient, isOnline: Bool) -> [PresenceWatcher] {
        guard let known = watched[recipient], known.isOnline != isOnline else { return [] }
        watched[recipient]?.isOnline = isOnline
        return known.watchers
    }

    // MARK: Invariants

    /// Checks departures and watchers.
    ///
    /// - Throws: ``BrokenInvariant``.
    func checkInvariants() throws(BrokenInvariant) {
        try departures.checkInvariants()
        try require(departures.count <= departuresMax, "\(departures.count) departures are remembered")
        try require(watched.values.allSatisfy { !$0.watchers.isEmpty }, "somebody is watched by nobody")
    }
}
