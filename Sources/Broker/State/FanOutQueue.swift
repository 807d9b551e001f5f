/// Inboxes whose followers have yet to be served, in turn.
///
/// The links live in the inboxes, so that queueing allocates nothing. They keep nothing alive: an inbox is taken out
/// before it goes.
struct FanOutQueue {
    private(set) unowned(unsafe) var first: Inbox?
    private(set) unowned(unsafe) var last: Inbox?

    var isEmpty: Bool { first == nil }

    /// Puts `inbox` at the end; nothing happens if it is in the queue already.
    mutating func append(_ inbox: Inbox) {
        guard !inbox.isFanningOut else { return }
        inbox.isFanningOut = true
        if let last { last.fanOutNext = inbox } else { first = inbox }
        last = inbox
    }

    mutating func popFirst() -> Inbox? {
        guard let inbox = first else { return nil }
        first = inbox.fanOutNext
        if first == nil { last = nil }
        inbox.fanOutNext = nil
        inbox.isFanningOut = false
        return inbox
    }

    /// Takes `inbox` out, wherever it is in the queue.
    mutating func remove(_ inbox: Inbox) {
        guard inbox.isFanningOut else { return }
        var kept = FanOutQueue()
        while let next = popFirst() {
            if next !== inbox { kept.append(next) }
        }
        self = kept
    }
}
