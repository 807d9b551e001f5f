package import Broker

// Which inboxes there are, which sleep, and what all of it costs.
extension DeliveryModel {
    func place(of recipient: Recipient) -> Int? {
        inboxes.firstIndex { $0.recipient == recipient }
    }

    func inbox(_ recipient: Recipient) throws(Mismatch) -> ModelInbox {
        guard let place = place(of: recipient) else { throw Mismatch("'\(recipient)' has no inbox") }
        return inboxes[place]
    }

    mutating func change<Value>(
        _ recipient: Recipient,
        _ body: (inout ModelInbox) throws(Mismatch) -> Value
    ) throws(Mismatch) -> Value {
        guard let place = place(of: recipient) else { throw Mismatch("'\(recipient)' has no inbox") }
        return try body(&inboxes[place])
    }

    /// Whether it holds a message or has a reader, so that it costs as much as an inbox.
    func isAwake(_ inbox: ModelInbox) -> Bool {
        !inbox.messages.isEmpty || readers.contains { $0.recipients.contains(inbox.recipient) }
    }

    func isAwake(_ recipient: Recipient) -> Bool {
        place(of: recipient).map { isAwake(inboxes[$0]) } ?? false
    }

    /// Takes note of the epoch in which the inbox of `recipient` was found: the old one, or a new one if it may be.
    mutating func wake(_ recipient: Recipient, _ glimpse: Glimpse) throws(Mismatch) {
        let epoch = glimpse.epochs[recipient]
        if let place = place(of: recipient) {
            let inbox = inboxes[place]
            guard inbox.epoch != epoch else { return }
            try require(!isAwake(inbox), "the epoch of '\(recipient)' changed while it was in use")
            let mayBeNew = inbox.mayBeForgotten || glimpse.now >= keptUntil(inbox)
            try require(mayBeNew, "'\(recipient)' was forgotten too early")
            inboxes.remove(at: place)
        }
        guard let epoch else { return }
        inboxes.append(ModelInbox(recipient: recipient, epoch: epoch, sleepsSince: glimpse.now))
    }

    private func keptUntil(_ inbox: ModelInbox) -> MonotonicInstant {
        (inbox.sleepsSince ?? .distantFuture) + limits.retainPositions
    }

    /// Lets inboxes fall asleep that are empty and that nobody waits on.
    package mutating func settle(_ now: MonotonicInstant) {
        for place in inboxes.indices.reversed() {
            guard !isAwake(inboxes[place]) else {
                inboxes[place].sleepsSince = nil
                inboxes[place].mayBeForgotten = false
                continue
            }
            guard inboxes[place].last > 0 || inboxes[place].isKnown else {
                inboxes.remove(at: place)
                continue
            }
            guard inboxes[place].sleepsSince == nil else { continue }
            inboxes[place].sleepsSince = now
            // Of its untold drops it is remembered how many they are, and between which numbers.
            inboxes[place].unseen.blur()
        }
    }

    /// Memory was short: what is kept for convenience may have gone.
    mutating func forgetPositions() {
        for place in inboxes.indices where !isAwake(inboxes[place]) { inboxes[place].mayBeForgotten = true }
    }

    /// Bytes held, with so many positions of sleeping inboxes.
    package func heldBytes(positions: Int) -> Int {
        var sum = positions * Cost.position
        for inbox in inboxes where isAwake(inbox) {
            sum += Cost.inbox + inbox.bytes + inbox.messages.count * Cost.message
        }
        return keys.reduce(sum) { $0 + $1.cost }
    }

    /// How many positions may be remembered, and how many must.
    package func positionsAllowed(_ now: MonotonicInstant) -> ClosedRange<Int> {
        let sleeping = inboxes.filter { !isAwake($0) }
        let certain = sleeping.count { !$0.mayBeForgotten && now < keptUntil($0) }
        return certain...sleeping.count
    }

    /// What the totals must be.
    package var statistics: Statistics {
        var sum = totals
        for inbox in inboxes where isAwake(inbox) {
            sum.inboxes += 1
            sum.kept += inbox.messages.count
            sum.unread += inbox.unread.count
            sum.leased += inbox.leased
        }
        for reader in readers {
            if reader.isStream {
                sum.streaming += reader.recipients.count
            } else {
                sum.waiting += reader.recipients.count
            }
        }
        return sum
    }

    /// Checks what the inbox of an awake recipient looks like from outside, but for when it was last seen.
    package func check(_ summary: InboxSummary) throws(Mismatch) {
        let inbox = try inbox(summary.recipient)
        let readers = readers.filter { $0.recipients.contains(inbox.recipient) }
        var wanted = summary
        wanted.unread = inbox.unread.count
        wanted.leased = inbox.leased
        wanted.kept = inbox.messages.count
        wanted.bytes = inbox.bytes
        wanted.first = inbox.messages.first.map { MessageID(epoch: inbox.epoch, sequence: $0.sequence) }
        wanted.last = inbox.last > 0 ? MessageID(epoch: inbox.epoch, sequence: inbox.last) : nil
        wanted.waiting = readers.count { !$0.isStream }
        wanted.streaming = readers.count { $0.isStream }
        wanted.lag = readers.map { messagesBehind($0, inbox) }.max().map { messages in
            ReaderLag(messages: messages, age: summary.lag?.age ?? .zero)
        }
        try require(summary == wanted, "the summary is \(summary), not \(wanted)")
    }

    /// How many messages of an inbox a reader of it has yet to be given.
    private func messagesBehind(_ reader: ModelReader, _ inbox: ModelInbox) -> Int {
        guard reader.isFollower, let place = reader.recipients.firstIndex(of: inbox.recipient) else {
            return inbox.unread.count
        }
        return Int(inbox.last - reader.positions[place])
    }

    /// The earliest moment at which something must happen; nil if nothing will.
    package var nextDue: MonotonicInstant? {
        let messages = inboxes.flatMap(\.messages).map(\.due)
        let all = messages + readers.compactMap(\.deadline) + keys.map(\.forgetAt)
        return all.filter { $0 < .distantFuture }.min()
    }
}
