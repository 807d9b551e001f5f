// What followers do.
extension Inbox {
    /// Collects what follows `position` until `room` is used up, and moves `position`.
    ///
    /// Where a gap is to be told at its place, it is told alone, before the message behind it.
    ///
    /// - Returns: How many messages between the old position and the new one are gone.
    func follow(
        from position: inout UInt64,
        _ room: inout AnswerRoom,
        tellsGapsInPlace: Bool,
        into messages: inout [Message]
    ) -> Int {
        guard position < last else { return 0 }
        var lost = 0
        var index = log.index(notBefore: position + 1)
        let end = log.indices.upperBound
        while index < end {
            guard let payload = log[index].payload else {
                index += 1
                continue
            }
            let sequence = log[index].sequence
            let missing = Int(sequence - position - 1)
            if tellsGapsInPlace, missing > 0 {
                guard messages.isEmpty else { return 0 }
                position = sequence - 1
                return missing
            }
            guard room.admits(payload.byteCount) else { return lost }
            lost += missing
            position = sequence
            messages.append(message(at: index, attempt: 0, payload: payload))
            index += 1
        }
        // Everything kept has been given: what is missing behind it is gone as well.
        guard position < last, !tellsGapsInPlace || messages.isEmpty else { return lost }
        lost += Int(last - position)
        position = last
        return lost
    }

    /// Notes that a reader who had everything up to `start` has everything up to `end`, and can say so with a cursor.
    ///
    /// If it may go on from `each` message in between, that is noted for all of them.
    func noteFollowed(from start: UInt64, to end: UInt64, each: Bool) {
        if each { log.noteEachAnswer(from: start, to: end) } else { log.noteAnswer(from: start, to: end) }
    }

    /// A cursor came back: what it says to have been seen is delivered.
    func confirmFollowed(through position: UInt64) {
        guard let seen = log.confirm(through: position) else { return }
        noDeliveredBefore = min(noDeliveredBefore, log[seen.lowerBound].sequence)
        for index in seen { log[index].isDelivered = true }
    }

    /// A followed message has been written to a stream.
    func markDelivered(_ sequence: UInt64) {
        guard let index = log.index(of: sequence) else { return }
        log[index].isDelivered = true
        noDeliveredBefore = min(noDeliveredBefore, sequence)
    }

    /// The position before the oldest message kept; the end if there is none.
    var positionBeforeOldest: UInt64 { log.first.map { $0 - 1 } ?? last }
}
