package import Broker

// What happens by itself.
extension DeliveryModel {
    /// Something that is due.
    private enum Due {
        case inbox(Recipient)
        case reader(Int)
    }

    /// How many things are due at `now`: above ``dueMax`` nobody tries all their orders.
    package func dueCount(_ now: MonotonicInstant) -> Int { due(now).count }

    /// Things due at one moment whose orders can all be tried.
    package static let dueMax = 4

    /// Judges everything that was carried out because it was due.
    ///
    /// What is due at once may happen in any order.
    package mutating func advance(to now: MonotonicInstant) throws(Mismatch) {
        keys.removeAll { $0.forgetAt <= now }
        let due = due(now)
        var first: Mismatch?
        for order in DeliveryModel.orders(of: due) {
            var attempt = self
            do throws(Mismatch) {
                try attempt.carryOut(order, now)
                self = attempt
                return
            } catch {
                first = first ?? error
            }
        }
        throw first ?? Mismatch("there is no order of nothing")
    }

    private func due(_ now: MonotonicInstant) -> [Due] {
        let late = inboxes.filter { inbox in inbox.messages.contains { $0.due <= now } }
        let overdue = readers.filter { $0.deadline.map { $0 <= now } ?? false }
        return late.map { .inbox($0.recipient) } + overdue.map { .reader($0.id) }
    }

    private mutating func carryOut(_ order: [Due], _ now: MonotonicInstant) throws(Mismatch) {
        for thing in order {
            switch thing {
            case .inbox(let recipient):
                try sweep(recipient, now)
                try offer(recipient, now)
            case .reader(let id):
                // It may have got something just in time.
                guard readers.contains(where: { $0.id == id }) else { continue }
                try explainEnd(id, .timedOut)
            }
        }
        try require(events.isEmpty, "something came that nothing due explains: \(events)")
        for inbox in inboxes {
            try require(!inbox.messages.contains { $0.due <= now }, "something in '\(inbox.recipient)' is overdue")
        }
    }

    private mutating func sweep(_ recipient: Recipient, _ now: MonotonicInstant) throws(Mismatch) {
        let expired = try change(recipient) { inbox in
            for place in inbox.messages.indices where inbox.messages[place].due <= now {
                switch inbox.messages[place].standing {
                case .leased, .delayed: inbox.messages[place].standing = .unread
                case .handed, .unread, .read: break
                }
            }
            let before = inbox.unread.count
            inbox.messages.removeAll { $0.due <= now }
            return before - inbox.unread.count
        }
        totals.expired += expired
    }

    private static func orders(of things: [Due]) -> [[Due]] {
        guard things.count > 1, things.count <= dueMax else { return [things] }
        var orders: [[Due]] = []
        for index in things.indices {
            var rest = things
            let first = rest.remove(at: index)
            for order in DeliveryModel.orders(of: rest) { orders.append([first] + order) }
        }
        return orders
    }
}
