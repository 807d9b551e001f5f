/// What the runtime is to do after the state has decided.
enum Action {
    /// Carry a batch to a reader. If nobody is there, give it back.
    case deliver(Reader, Batch)
    /// Tell a reader that it ends. The state has let it go already.
    case end(Reader, EndReason, Cursor)
    /// Tell the observer.
    case observe(BrokerEvent)
}

/// Actions in the order in which they are to be carried out; the buffer is used again.
struct Actions {
    private var pending: [Action] = []
    private var head = 0

    /// Room that is kept.
    private static let roomKept = 256

    var isEmpty: Bool { head == pending.count }

    mutating func append(_ action: Action) {
        pending.append(action)
    }

    mutating func popFirst() -> Action? {
        guard head < pending.count - 1 else {
            // The last, most often the only one, is moved out.
            guard let action = pending.popLast() else { return nil }
            pending.removeAll(keepingCapacity: pending.capacity <= Actions.roomKept)
            head = 0
            return action
        }
        let action = pending[head]
        head += 1
        if head > Actions.roomKept, head > pending.count / 2 {
            pending.removeFirst(head)
            head = 0
        }
        return action
    }
}

/// What happened in a broker that an operator may want to know: rare things, not traffic.
public enum BrokerEvent: Hashable, Sendable {
    /// Messages were dropped unread to make room for a send.
    case evicted(recipient: Recipient, count: Int)
    /// A send was refused; or, with `brokerFull`, a reader whose inbox there is no memory for.
    case refused(recipient: Recipient, code: BrokerError.Code)
    /// A reader was told that messages are gone.
    case gap(recipient: Recipient, lost: Int)
    /// Messages expired unread.
    case expired(recipient: Recipient, count: Int)
}

/// Is told what happens in a broker, on the executor of the shard where it happens; it must not block.
public protocol BrokerObserver: Sendable {
    /// Something happened.
    func observe(_ event: BrokerEvent)
}
