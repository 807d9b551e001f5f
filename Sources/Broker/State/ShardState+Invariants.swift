extension ShardState {
    /// Checks everything that must hold between any two calls: each inbox, and what connects them.
    ///
    /// For tests and debugging: it changes nothing, and may be called whenever no call is under way.
    ///
    /// - Throws: ``BrokenInvariant`` that says what does not hold.
    /// - Complexity: O(n) in all that the shard holds.
    func checkInvariants() throws(BrokenInvariant) {
        try wheel.checkInvariants()
        try keys.checkInvariants()
        try presence.checkInvariants()
        var scheduled = 0
        for (recipient, inbox) in inboxes {
            try inbox.checkInvariants(limits)
            try require(inbox.recipient == recipient, "'\(recipient)' leads to the inbox of '\(inbox.recipient)'")
            try require(!inbox.isIdle, "the inbox '\(recipient)' is idle and still there")
            try require(positions.peek(recipient) == nil, "'\(recipient)' has both an inbox and a position")
            scheduled += inbox.isScheduled ? 1 : 0
        }
        try checkFanOuts()
        let readers = try checkReaders()
        try checkSessions(readers)
        scheduled += readers.count { $0.isScheduled }
        try require(scheduled == wheel.count, "\(scheduled) things are scheduled, \(wheel.count) are counted")
    }

    /// Bytes that this shard has counted against the budget, added up anew.
    var heldBytes: Int {
        var sum = positions.count * Cost.position
        for inbox in inboxes.values { sum += Cost.inbox + inbox.bytes + inbox.log.count * Cost.message }
        for id in keys.records.keys { sum += id.cost }
        return sum
    }

    private func checkFanOuts() throws(BrokenInvariant) {
        var queued = 0
        var next = fanOuts.first
        while let inbox = next {
            queued += 1
            try require(inbox.isFanningOut, "'\(inbox.recipient)' is queued and does not know it")
            try require(inboxes[inbox.recipient] === inbox, "'\(inbox.recipient)' is queued and gone")
            try require(queued <= inboxes.count, "the fan-out queue runs in a circle")
            if inbox.fanOutNext == nil { try require(fanOuts.last === inbox, "the fan-out queue ends too early") }
            next = inbox.fanOutNext
        }
        let marked = inboxes.values.count { $0.isFanningOut }
        try require(marked == queued, "\(marked) inboxes believe they are queued, \(queued) are")
    }

    /// Every reader that waits or streams, once; checks that each is in a line of each of its inboxes.
    private func checkReaders() throws(BrokenInvariant) -> [Reader] {
        var places: [ObjectIdentifier: (reader: Reader, count: Int)] = [:]
        for inbox in inboxes.values {
            for line in [inbox.takers, inbox.followers, inbox.busy] {
                var next = line.first
                while let membership = next {
                    places[ObjectIdentifier(membership.reader), default: (membership.reader, 0)].count += 1
                    next = membership.successor
                }
            }
        }
        for (reader, count) in places.values {
            let wanted = reader.further.count + 1
            try require(count == wanted, "a reader of \(wanted) inboxes is in \(count) lines")
        }
        return places.values.map(\.reader)
    }

    private func checkSessions(_ readers: [Reader]) throws(BrokenInvariant) {
        var wanted = 0
        for reader in readers {
            guard let session = reader.session else { continue }
            for membership in [reader] + reader.further {
                wanted += 1
                let id = SessionID(recipient: membership.inbox.recipient, session: session)
                let owner = sessions[id]?.reader
                try require(owner === reader, "session '\(session)' of '\(id.recipient)' is another reader's")
            }
        }
        try require(wanted == sessions.count, "\(wanted) sessions are in use, \(sessions.count) are remembered")
    }
}

extension KeyTable {
    fileprivate func checkInvariants() throws(BrokenInvariant) {
        let remembered = order[head...]
        try require(remembered.count == records.count, "\(remembered.count) keys are in order, not \(records.count)")
        for (earlier, later) in zip(remembered, remembered.dropFirst()) {
            try require(earlier.forgetAt <= later.forgetAt, "keys are not in the order of their going")
        }
        for (id, _) in remembered { try require(records[id] != nil, "a key is in order and not in the table") }
    }
}
