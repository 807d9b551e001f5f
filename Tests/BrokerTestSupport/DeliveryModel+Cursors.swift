package import Broker

// What a cursor proves that comes back.
extension DeliveryModel {
    /// The messages of an inbox that count as delivered.
    package func delivered(at recipient: Recipient) -> [UInt64] {
        place(of: recipient).map { inboxes[$0].messages.filter(\.isDelivered).map(\.sequence) } ?? []
    }

    /// A reader is given a cursor, in an answer with these messages.
    mutating func giveCursor(_ id: Int, with messages: [Message]) throws(Mismatch) {
        let reader = try reader(id)
        for (index, recipient) in reader.recipients.enumerated() {
            let position = reader.positions[index]
            let carried = messages.filter { $0.recipient == recipient }.map(\.id.sequence)
            try change(recipient) { inbox in
                inbox.isKnown = true
                // A position that the client has already says nothing new.
                guard reader.cursor?[index] != position, !reader.isObserver else { return }
                guard reader.isFollower else { return inbox.answers.append(ModelAnswer(end: position, carried: [])) }
                inbox.answers.append(ModelAnswer(end: position, carried: Set(carried)))
                guard reader.hasPlacedGaps else { return }
                // Each message is a place to go on from.
                for count in carried.indices {
                    let part = Set(carried[...count])
                    inbox.answers.append(ModelAnswer(end: carried[count], carried: part))
                }
            }
        }
        try change(reader: id) { $0.cursor = $0.positions }
    }
}

extension ModelInbox {
    /// A cursor has come back: delivered is what each answer carried that it may have come from.
    ///
    /// Those are the answers that ended there, or so near that no message is kept in between.
    mutating func confirm(_ position: UInt64) {
        guard let before = messages.last(where: { $0.sequence <= position })?.sequence else { return }
        let behind = messages.first { $0.sequence > position }?.sequence ?? .max
        let sets = answers.filter { $0.end >= before && $0.end < behind }.map(\.carried)
        for place in messages.indices where !sets.isEmpty {
            let sequence = messages[place].sequence
            if sets.allSatisfy({ $0.contains(sequence) }) { messages[place].isDelivered = true }
        }
    }
}
