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
    fileprivate struct Watched {
        var isOnline: Bool
        var places: [Place] = []
        /// Whose turn is next, and how many are to be looked at from there on, round the line, until all have been told.
        var next = 0
        var remaining = 0
    }

    /// A watcher in the line of those who watch a recipient.
    fileprivate struct Place {
        let watcher: PresenceWatcher
        /// What it was told last.
        var isOnline: Bool
    }

    private var departures = DepartureQueue()
    private var watched: [Recipient: Watched] = [:]
    /// Recipients that not all of their watchers have been told of, in turn, and some whom nobody watches any more.
    ///
    /// However often somebody comes and goes meanwhile, it is one piece of news.
    private var news: [Recipient] = []
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
        watched[recipient, default: Watched(isOnline: isOnline)].append(Place(watcher: watcher, isOnline: isOnline))
    }

    /// Tells whoever is at a place no longer of a recipient; the last in line moves there.
    ///
    /// - Complexity: O(recipients of the one who moves), however many watch.
    mutating func unwatch(_ recipient: Recipient, at place: Int) {
        guard let index = watched.index(forKey: recipient) else { return }
        if let moved = watched.values[index].remove(at: place) { moved.moved(recipient, to: place) }
        if watched.values[index].places.isEmpty { watched.remove(at: index) }
    }

    /// Notes how it is with a recipient, and that its watchers are to be told if it is not as it was.
    mutating func note(_ recipient: Recipient, isOnline: Bool) {
        guard let index = watched.index(forKey: recipient), watched.values[index].isOnline != isOnline else { return }
        watched.values[index].isOnline = isOnline
        if watched.values[index].remaining == 0 { news.append(recipient) }
        watched.values[index].remaining = watched.values[index].places.count
    }

    /// Whether somebody has yet to be told something.
    var hasNews: Bool { !news.isEmpty }

    /// Looks at up to `budget` watchers in turn.
    ///
    /// - Returns: Those who are to be told something. Who has been told the same before, because somebody came and went
    ///   again meanwhile, is not.
    mutating func takeNews(budget: Int) -> [(watcher: PresenceWatcher, presence: Presence)] {
        var told: [(watcher: PresenceWatcher, presence: Presence)] = []
        var left = budget
        var begun = 0
        while left > 0, begun < news.count {
            let recipient = news[begun]
            begun += 1
            guard let index = watched.index(forKey: recipient) else { continue }
            let isOnline = watched.values[index].isOnline
            while left > 0, let watcher = watched.values[index].visitNext() {
                left -= 1
                if let watcher { told.append((watcher, Presence(recipient: recipient, isOnline: isOnline))) }
            }
            // The rest of many watchers waits behind what there is to tell of others.
            if watched.values[index].remaining > 0 { news.append(recipient) }
        }
        news.removeFirst(begun)
        return told
    }

    // MARK: Invariants

    /// Checks departures and watchers.
    ///
    /// - Throws: ``BrokenInvariant``.
    func checkInvariants() throws(BrokenInvariant) {
        try departures.checkInvariants()
        try require(departures.count <= departuresMax, "\(departures.count) departures are remembered")
        for (recipient, each) in watched {
            try require(!each.places.isEmpty, "'\(recipient)' is watched by nobody")
            try require(each.remaining == 0 || news.contains(recipient), "news of '\(recipient)' waits for no turn")
            for (place, someone) in each.places.enumerated() where someone.isOnline != each.isOnline {
                let distance = (place - each.next + each.places.count) % each.places.count
                try require(distance < each.remaining, "a watcher of '\(recipient)' would never be told")
            }
        }
    }
}

extension PresenceTable.Watched {
    /// Looks at the watcher whose turn it is.
    ///
    /// - Returns: nil if everybody has been told; inside it, the watcher if it is to be told.
    fileprivate mutating func visitNext() -> PresenceWatcher?? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        let place = next
        next = (next + 1) % places.count
        guard places[place].isOnline != isOnline else { return .some(nil) }
        places[place].isOnline = isOnline
        return places[place].watcher
    }

    /// Puts somebody at the end of the line, who knows how it is.
    ///
    /// - Returns: The place.
    fileprivate mutating func append(_ newcomer: PresenceTable.Place) -> Int {
        // Where those who are yet to be told go on at the beginning of the line, the newcomer stands among them.
        if next + remaining > places.count { remaining += 1 }
        places.append(newcomer)
        return places.count - 1
    }

    /// Takes somebody out of the line; the last moves there.
    ///
    /// - Returns: Who has moved.
    fileprivate mutating func remove(at place: Int) -> PresenceWatcher? {
        places.swapAt(place, places.count - 1)
        places.removeLast()
        if next >= places.count { next = 0 }
        remaining = min(remaining, places.count)
        guard place < places.count else { return nil }
        // Who has moved may stand now where everybody has been told.
        if remaining > 0, places[place].isOnline != isOnline {
            remaining = max(remaining, (place - next + places.count) % places.count + 1)
        }
        return places[place].watcher
    }
}
