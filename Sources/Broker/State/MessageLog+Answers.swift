// What a cursor says when it comes back. It carries a position and nothing else, so the log remembers, at the message at
// which answers ended, how far back all of them reached.
extension MessageLog {
    /// Notes that `end` was given out as a cursor, to somebody who was given everything kept after `start` up to there.
    ///
    /// If several answers end at the same message, the shortest counts: whose cursor it is when it comes back, nobody
    /// can tell. Where nothing is kept between two ends, they are the same.
    mutating func noteAnswer(from start: UInt64, to end: UInt64) {
        guard let index = index(notAfter: end) else { return }
        self[index].noteAnswer(from: start)
    }

    /// Notes the same for every message of the answer, because its reader may go on from each of them.
    mutating func noteEachAnswer(from start: UInt64, to end: UInt64) {
        for index in index(notBefore: start + 1)..<indices.upperBound {
            guard self[index].sequence <= end else { break }
            self[index].noteAnswer(from: start)
        }
        noteAnswer(from: start, to: end)
    }

    /// A cursor has come back: what everybody has seen whom it was given to.
    ///
    /// - Returns: The indices of these messages, holes among them; nil if there is none, or if it was asked before and
    ///   there is none beyond what it told then.
    mutating func confirm(through position: UInt64) -> Range<Int>? {
        guard var index = index(notAfter: position) else { return nil }
        while self[index].payload == nil { index -= 1 }
        guard self[index].reach > 0 else { return nil }
        var start = self[index].answersStart
        var next = index + 1
        while next < indices.upperBound, self[next].payload == nil {
            if let further = self[next].answersStart { start = max(start ?? 0, further) }
            next += 1
        }
        guard let start else { return nil }
        // Whatever they have in common is confirmed with this.
        self[index].reach = 0
        guard start < self[index].sequence else { return nil }
        return self.index(notBefore: start + 1)..<index + 1
    }
}

extension LogEntry {
    /// Where the shortest of the answers that ended here began; nil if none did.
    var answersStart: UInt64? { reach == LogEntry.unanswered ? nil : sequence - UInt64(reach) }

    /// Notes that an answer that began behind `start` ended here.
    mutating func noteAnswer(from start: UInt64) {
        let reach = sequence > start ? min(sequence - start, UInt64(LogEntry.unanswered) - 1) : 0
        self.reach = min(self.reach, UInt16(reach))
    }
}
