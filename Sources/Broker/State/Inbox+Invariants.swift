/// Something that must hold does not: a defect of this module, found by a check.
struct BrokenInvariant: Error, CustomStringConvertible {
    let description: String
}

/// Throws ``BrokenInvariant`` with `text` unless `condition` holds.
func require(_ condition: Bool, _ text: @autoclosure () -> String) throws(BrokenInvariant) {
    guard condition else { throw BrokenInvariant(description: text()) }
}

extension Inbox {
    /// Checks counts, marks, sums and lines against the messages and readers themselves.
    ///
    /// For tests and debugging: it may be called between any two calls, and changes nothing.
    ///
    /// - Throws: ``BrokenInvariant``.
    /// - Complexity: O(n) in messages and readers.
    func checkInvariants(_ limits: Limits) throws(BrokenInvariant) {
        do throws(BrokenInvariant) {
            try log.checkInvariants()
            try checkMessages(limits)
            try checkReaders()
        } catch {
            throw BrokenInvariant(description: "inbox '\(recipient)': \(error)")
        }
    }

    private func checkMessages(_ limits: Limits) throws(BrokenInvariant) {
        var counts = (unread: 0, leased: 0, bytes: 0)
        var earliest = MonotonicInstant.distantFuture
        for index in log.indices {
            let entry = log[index]
            guard let payload = entry.payload else { continue }
            let sequence = entry.sequence
            counts.bytes += payload.byteCount
            switch entry.standing {
            case .unread:
                counts.unread += 1
                try require(sequence >= noUnreadBefore, "\(sequence) is unread before the mark \(noUnreadBefore)")
                let isBeforeMark = entry.isDelivered && sequence < noDeliveredBefore
                try require(!isBeforeMark, "\(sequence) is delivered before the mark \(noDeliveredBefore)")
                earliest = min(earliest, entry.expires)
            case .handed:
                counts.leased += 1
            case .leased, .delayed:
                counts.leased += 1
                earliest = min(earliest, entry.leasedUntil)
                try require(entry.attempt > 0, "\(sequence) is leased without an attempt")
            case .read:
                try require(sequence >= noReadBefore, "\(sequence) is read before the mark \(noReadBefore)")
                earliest = min(earliest, entry.expires)
            }
        }
        try require(counts.unread == Int(unread), "\(counts.unread) are unread, \(unread) are counted")
        try require(counts.leased == Int(leased), "\(counts.leased) are leased, \(leased) are counted")
        try require(counts.bytes == bytes, "messages have \(counts.bytes) bytes, \(bytes) are counted")
        try require(log.count <= limits.inboxMessagesMax, "\(log.count) messages of \(limits.inboxMessagesMax)")
        try require(bytes <= limits.inboxBytesMax, "\(bytes) bytes of \(limits.inboxBytesMax)")
        try require((log.last ?? 0) <= last, "a message is ahead of \(last)")
        let isUnhurried = limits.inboxMessagesMax * 2 > Inbox.unhurriedEntriesMin
        try require(nextSweep <= earliest || isUnhurried, "the next sweep is later than what is due first")
        try require(nextSweep == .distantFuture || isScheduled && armedFor <= nextSweep, "the inbox is not armed")
        try require(untold.toTakers >= 0, "drops are counted below zero")
        try untold.unseen.checkInvariants()
        try require((untold.unseen.whole?.last ?? 0) <= last, "a drop is ahead of \(last)")
    }

    private func checkReaders() throws(BrokenInvariant) {
        var polls = 0
        var streams = 0
        for (line, kind) in [(takers, Membership.Line.takers), (followers, .followers), (busy, .busy)] {
            try line.checkInvariants(kind)
            var isBehind = true
            var next = line.first
            while let membership = next {
                let reader = membership.reader
                if reader.isStream { streams += 1 } else { polls += 1 }
                try require(membership.inbox === self, "a place in \(kind) is another inbox's")
                let isAtRest = reader.standing == .waiting && kind != .busy
                let isWriting = reader.standing == .busy && kind != .takers
                try require(isAtRest || isWriting, "\(reader.standing) in \(kind)")
                let isRightLine = kind == .busy || (reader.mode == .follow) == (kind == .followers)
                try require(isRightLine, "a reader in mode \(reader.mode) is in \(kind)")
                try require(reader.isStream || reader.standing != .busy, "a poll is busy")
                try require(reader.withheld.isEmpty || kind == .busy, "what is withheld is of a reader in \(kind)")
                try require(reader.mode != .follow || membership.position <= last, "a follower is ahead")
                if kind == .followers {
                    let isBehindHere = membership.position < last
                    try require(isBehind || !isBehindHere, "a follower that is behind stands behind one that is not")
                    isBehind = isBehindHere
                }
                next = membership.successor
            }
        }
        try require(polls == Int(waiting), "\(polls) polls wait, \(waiting) are counted")
        try require(streams == Int(streaming), "\(streams) streams are open, \(streaming) are counted")
        try require(takers.first == nil || unread == 0, "a taker waits although \(unread) messages are unread")
        let hasFollowerBehind = followers.first.map { $0.position < last } ?? false
        try require(!hasFollowerBehind || isFanningOut, "a follower is behind and will not be served")
    }
}

extension MessageLog {
    fileprivate func checkInvariants() throws(BrokenInvariant) {
        var found = 0
        var previous: UInt64 = 0
        for index in indices {
            let sequence = self[index].sequence
            try require(sequence > previous, "\(sequence) follows \(previous)")
            previous = sequence
            found += self[index].payload == nil ? 1 : 0
            try require(self.index(notBefore: previous) == index, "\(previous) is not found where it is")
        }
        try require(first == indices.first.map { self[$0].sequence }, "the log begins with another than it says")
        try require(last == indices.last.map { self[$0].sequence }, "the log ends with another than it says")
        try require(found == holes, "the log has \(found) holes, \(holes) are counted")
        try require(indices.isEmpty || self[0].payload != nil, "the log begins with a hole")
        try require(holes <= count + 8, "the log has \(holes) holes for \(count) messages")
        try require(capacity <= max(8, 3 * indices.count), "\(capacity) slots for \(indices.count) entries")
    }
}

extension UnseenDrops {
    fileprivate func checkInvariants() throws(BrokenInvariant) {
        var previous: UInt64 = 0
        for run in runs {
            try require(run.first > previous && run.last >= run.first, "drops from \(run.first) are out of order")
            try require(
                run.count > 0 && run.count <= run.last - run.first + 1,
                "\(run.count) drops are in too few numbers"
            )
            previous = run.last
        }
        try require(runs.count <= UnseenDrops.runsMax, "drops are in \(runs.count) runs")
    }
}

extension MembershipLine {
    fileprivate func checkInvariants(_ line: Membership.Line) throws(BrokenInvariant) {
        var previous: Membership?
        var next = first
        while let membership = next {
            try require(membership.line == line, "a place of \(membership.line) is in \(line)")
            try require(membership.linePrevious === previous, "a place in \(line) has a wrong back link")
            previous = membership
            next = membership.successor
        }
        try require(last === previous, "\(line) does not end with its last place")
    }
}
