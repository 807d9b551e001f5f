/// The messages of one recipient, and who waits for them: a bounded log in which each message is unread, handed, leased
/// or read.
///
/// A function of its state, its input and the time that it is told; it calls nobody. Three marks remember below which
/// sequence number there is nothing of a kind, so that looking for the oldest unread, read or delivered message does
/// not start over each time.
///
/// Here is what it holds and how that is kept consistent; what may be asked of it is in the extensions.
package final class Inbox: Scheduled {
    // First, because it fits into the last word of a timer.
    /// Where in the queue of departures its readers' last one stands, if it still stands there.
    var departure: Int32 = -1
    let recipient: Recipient
    let epoch: Epoch
    /// The newest sequence number ever given out; 0 if none was.
    private(set) var last: UInt64
    @exclusivity(unchecked) var log = MessageLog()
    /// When the earliest thing happens by itself, or before; later only in a very large inbox.
    var nextSweep = MonotonicInstant.distantFuture
    /// What the wheel is set to, while the inbox is scheduled.
    var armedFor = MonotonicInstant.distantFuture

    @exclusivity(unchecked) var takers = MembershipLine()
    @exclusivity(unchecked) var followers = MembershipLine()
    @exclusivity(unchecked) var busy = MembershipLine()
    /// Polls that wait and streams that are open, in whichever line.
    var waiting: Int32 = 0
    var streaming: Int32 = 0
    // The next inbox whose followers are to be served, while this one is in that queue, which it leaves before it goes.
    unowned(unsafe) var fanOutNext: Inbox?

    private(set) var unread: Int32 = 0
    /// Leased messages, and those on their way to a taker.
    private(set) var leased: Int32 = 0
    private(set) var bytes = 0
    @exclusivity(unchecked) var untold = UntoldDrops()
    /// Whether a position in this epoch was given out, so that it must be remembered.
    var isKnown: Bool
    /// Whether it is in the queue of those whose followers are to be served.
    var isFanningOut = false
    private var lastSeenMilliseconds = Int64.min

    var noUnreadBefore: UInt64
    var noReadBefore: UInt64
    var noDeliveredBefore: UInt64

    /// Makes the inbox of a recipient that has none, in a new epoch.
    convenience init(recipient: Recipient, epoch: Epoch) {
        self.init(recipient: recipient, position: Position(epoch: epoch, last: 0), isKnown: false)
    }

    /// Makes an inbox that goes on where it once stood.
    init(recipient: Recipient, position: Position, isKnown: Bool = true) {
        self.recipient = recipient
        self.isKnown = isKnown
        epoch = position.epoch
        last = position.last
        noUnreadBefore = position.last + 1
        noReadBefore = position.last + 1
        noDeliveredBefore = position.last + 1
        super.init()
        untold = position.untold
    }

    deinit {
        takers.removeAll()
        followers.removeAll()
        busy.removeAll()
    }

    /// Where a reader is before it is attached: no inbox of anybody's.
    nonisolated(unsafe) static let nowhere: Inbox = {
        // Only ever compared by identity, never read or changed; hence safe to share.
        guard let nobody = try? Recipient("nobody") else { preconditionFailure("'nobody' is a valid name") }
        return Inbox(recipient: nobody, epoch: Epoch(bits: 1))
    }()

    /// When somebody last began to read or acked; nil if that is not known.
    var lastSeen: WallInstant? {
        get { lastSeenMilliseconds == .min ? nil : WallInstant(millisecondsSinceEpoch: lastSeenMilliseconds) }
        set { lastSeenMilliseconds = newValue?.millisecondsSinceEpoch ?? .min }
    }

    /// The position after everything.
    var end: MessageID { MessageID(epoch: epoch, sequence: last) }
    /// Readers waiting or streaming.
    var online: Int { Int(waiting) + Int(streaming) }
    /// Whether nothing but its position is worth remembering.
    var isIdle: Bool { log.count == 0 && waiting == 0 && streaming == 0 }
    /// What is remembered of it while it is idle.
    var position: Position {
        Position(epoch: epoch, last: last, untold: untold)
    }

    /// The inbox from outside.
    func summary(wall: WallInstant) -> InboxSummary {
        var summary = InboxSummary(recipient: recipient)
        summary.unread = Int(unread)
        summary.leased = Int(leased)
        summary.kept = log.count
        summary.bytes = bytes
        summary.first = log.first.map { MessageID(epoch: epoch, sequence: $0) }
        summary.last = last > 0 ? end : nil
        summary.waiting = Int(waiting)
        summary.streaming = Int(streaming)
        summary.lag = lag(at: wall)
        summary.lastSeen = lastSeen
        return summary
    }

    // MARK: Small steps: every change of a message's standing is one of these

    /// Appends a message.
    ///
    /// There must be room for it.
    func append(_ payload: Payload, expires: MonotonicInstant) {
        last += 1
        log.append(LogEntry(payload: payload, sequence: last, expires: expires))
        unread += 1
        bytes += payload.byteCount
        nextSweep = min(nextSweep, expires)
    }

    /// An unread message goes to a taker, for a time or on its way to be read.
    func handOut(at index: Int, lease: MonotonicInstant?) {
        unread -= 1
        leased += 1
        guard let lease else {
            log[index].standing = .handed
            return
        }
        log[index].standing = .leased
        log[index].leasedUntil = lease
        if log[index].attempt < .max { log[index].attempt += 1 }
        nextSweep = min(nextSweep, lease)
    }

    /// A message that was out is unread again, at its old place.
    func becomeUnread(at index: Int) {
        log[index].standing = .unread
        leased -= 1
        unread += 1
        noUnreadBefore = min(noUnreadBefore, log[index].sequence)
        noDeliveredBefore = min(noDeliveredBefore, log[index].sequence)
        // Its time may have come while it was out.
        nextSweep = min(nextSweep, log[index].expires)
    }

    /// Somebody is done with the message, whoever holds it.
    ///
    /// - Returns: Whether that changed anything.
    func becomeRead(at index: Int, until instant: MonotonicInstant) -> Bool {
        switch log[index].standing {
        case .read: return false
        case .unread: unread -= 1
        case .handed, .leased, .delayed: leased -= 1
        }
        log[index].standing = .read
        log[index].expires = min(log[index].expires, instant)
        nextSweep = min(nextSweep, log[index].expires)
        noReadBefore = min(noReadBefore, log[index].sequence)
        return true
    }

    /// Takes a message out; the log is to be tidied afterwards.
    func remove(at index: Int, _ freed: inout Freed) {
        precondition(log[index].payload != nil, "removing a hole of '\(recipient)'")
        switch log[index].standing {
        case .unread: unread -= 1
        case .handed, .leased, .delayed: leased -= 1
        case .read: break
        }
        let byteCount = log[index].byteCount
        bytes -= byteCount
        freed.messages += 1
        freed.bytes += byteCount
        log.remove(at: index)
    }

    func message(at index: Int, attempt: Int, payload: Payload) -> Message {
        Message(
            id: MessageID(epoch: epoch, sequence: log[index].sequence),
            recipient: recipient,
            attempt: attempt,
            payload: payload
        )
    }
}
