/// The inboxes of one shard, and all that is decided about them: a function of state, input and time.
///
/// It reads no clock, waits for nobody and calls nobody. What is to be done outside is left in ``actions``, which its
/// owner carries out after each call. The rules of one inbox are in ``Inbox``; here is what concerns several, or
/// readers. Sending and the coming and going of inboxes are in this file, everything else in the extensions.
struct ShardState: ~Copyable {
    let limits: Limits
    let budget: MemoryBudget
    private(set) var inboxes: [Recipient: Inbox] = [:]
    var positions: PositionTable
    private(set) var keys = KeyTable()
    var sessions: [SessionID: Session] = [:]
    var wheel: TimerWheel
    var fanOuts = FanOutQueue()
    var presence = PresenceTable()
    var randomness: any RandomNumberGenerator & Sendable
    var isDraining = false
    var totals = Statistics()
    /// What the owner is to carry out.
    var actions = Actions()
    /// Readers to be told that they end, because their inbox does or the broker.
    ///
    /// By themselves, because they may be many, and may wait; nothing else is said to any of them.
    var endings = Actions()

    /// Who reads under a session, and with which token.
    struct Session {
        let reader: Reader
        let fencingToken: UInt64
    }

    /// A session is one reader's at each recipient.
    struct SessionID: Hashable {
        let recipient: Recipient
        let session: String

        static func == (left: SessionID, right: SessionID) -> Bool {
            left.recipient == right.recipient && Name.haveSameBytes(left.session, right.session)
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(recipient)
            Name.hash(session, into: &hasher)
        }
    }

    init(
        limits: Limits,
        budget: MemoryBudget,
        randomness: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        now: MonotonicInstant
    ) {
        self.limits = limits
        self.budget = budget
        self.randomness = randomness
        positions = PositionTable(period: limits.retainPositions, now: now)
        wheel = TimerWheel(now: now)
    }

    // MARK: Sending

    /// Puts a message into its inbox and gives it to whoever waits for it.
    ///
    /// - Throws: ``BrokerError`` with `tooLarge`, `keyReused`, `inboxFull`, `brokerFull` or `draining`. Nothing is in
    ///   the inbox then, and no message that anybody has yet to read was dropped.
    mutating func send(_ draft: borrowing Draft, now: MonotonicInstant) throws(BrokerError) -> SendReceipt {
        do throws(BrokerError) {
            return try accept(draft, now: now)
        } catch {
            totals.refused += 1
            actions.append(.observe(.refused(recipient: draft.recipient, code: error.code)))
            throw error
        }
    }

    private mutating func accept(_ draft: borrowing Draft, now: MonotonicInstant) throws(BrokerError) -> SendReceipt {
        guard !isDraining else { throw .draining }
        let content = Int(draft.payload.header.contentCount)
        guard content <= limits.messageBytesMax else { throw .tooLarge(content, limits) }
        let byteCount = draft.payload.byteCount
        guard byteCount <= limits.inboxBytesMax else { throw .tooLargeForInbox(byteCount, limits) }
        let keyID = KeyTable.KeyID(draft)
        if let keyID, let answer = try repeated(keyID, draft) { return answer }
        let inbox = try inbox(of: draft.recipient)
        let evicted: Int
        do throws(BrokerError) {
            evicted = try makeRoom(for: byteCount, keyCost: keyID?.cost ?? 0, in: inbox)
        } catch {
            reap(inbox)
            throw error
        }
        inbox.append(draft.payload, expires: now + (draft.timeToLive ?? limits.retainUnread))
        totals.sent += 1
        let receipt = SendReceipt(
            id: inbox.end,
            online: inbox.online,
            unread: Int(inbox.unread),
            evicted: evicted,
            isDuplicate: false
        )
        if let keyID {
            let record = KeyTable.Record(fingerprint: KeyTable.fingerprint(draft), receipt: receipt)
            keys.remember(record, as: keyID, until: now + limits.retainKeys)
        }
        offer(inbox, now: now)
        if inbox.followers.first != nil { fanOuts.append(inbox) }
        arm(inbox)
        return receipt
    }

    private mutating func repeated(
        _ id: KeyTable.KeyID,
        _ draft: borrowing Draft
    ) throws(BrokerError) -> SendReceipt? {
        guard let record = keys[id] else { return nil }
        guard record.fingerprint == KeyTable.fingerprint(draft) else { throw .keyReused(draft.key ?? "") }
        totals.duplicates += 1
        var receipt = record.receipt
        receipt.isDuplicate = true
        return receipt
    }

    /// Counts a message's memory, and drops what the policy allows if `inbox`, or the memory of all, is full.
    ///
    /// Nothing unread is dropped unless the message fits then.
    ///
    /// - Returns: How many messages were dropped unread.
    private mutating func makeRoom(
        for byteCount: Int,
        keyCost: Int,
        in inbox: Inbox
    ) throws(BrokerError) -> Int {
        let cost = byteCount + Cost.message + keyCost
        if inbox.fits(byteCount, limits), budget.reserve(cost) { return 0 }
        let evicted = inbox.drop(try victims(for: byteCount, cost: cost, in: inbox))
        if evicted > 0 {
            totals.evicted += evicted
            actions.append(.observe(.evicted(recipient: inbox.recipient, count: evicted)))
        }
        return evicted
    }

    /// Chooses what goes from `inbox` for one more message, and counts that message in its place.
    ///
    /// If memory is short, first goes what was read in this inbox, then positions of empty inboxes: losing them costs a
    /// reader a gap or a reset, refusing costs a message. Only then is the inbox treated as if it were full itself.
    private mutating func victims(
        for byteCount: Int,
        cost: Int,
        in inbox: Inbox
    ) throws(BrokerError) -> Inbox.Victims {
        var memory = 0
        while true {
            let victims = inbox.victims(for: byteCount, memory: memory, limits)
            guard victims.fitInbox else { throw .inboxFull(inbox, limits) }
            if budget.reserve(cost, freeing: victims.freed) { return victims }
            guard victims.fitMemory else { throw .brokerFull(budget) }
            let read = inbox.removeRead()
            release(read)
            guard read.messages == 0, !forgetPositions() else { continue }
            memory = budget.shortage(of: cost)
        }
    }

    // MARK: Inboxes coming and going

    /// The inbox of a recipient, made if it has none.
    ///
    /// Whoever asked puts something into it, or reaps it in the same turn.
    mutating func inbox(of recipient: Recipient) throws(BrokerError) -> Inbox {
        if let inbox = inboxes[recipient] { return inbox }
        while !budget.reserve(Cost.inbox) {
            guard forgetPositions() else { throw .brokerFull(budget) }
        }
        let inbox: Inbox
        if let position = positions.recall(recipient) {
            budget.release(Cost.position)
            inbox = Inbox(recipient: recipient, position: position)
        } else {
            inbox = Inbox(recipient: recipient, epoch: Epoch(bits: randomness.next()))
        }
        inboxes[recipient] = inbox
        return inbox
    }

    /// Forgets an inbox that is empty and that nobody waits on, except for its position.
    mutating func reap(_ inbox: Inbox) {
        guard inbox.isIdle, inboxes[inbox.recipient] === inbox else { return }
        wheel.cancel(inbox)
        fanOuts.remove(inbox)
        inboxes[inbox.recipient] = nil
        budget.release(Cost.inbox)
        guard inbox.last > 0 || inbox.isKnown else { return }
        guard budget.reserve(Cost.position) else { return }
        budget.release((1 - positions.remember(inbox.position, of: inbox.recipient)) * Cost.position)
    }

    // MARK: Memory

    /// Forgets positions of empty inboxes, the older ones first.
    ///
    /// - Returns: Whether there were any.
    private mutating func forgetPositions() -> Bool {
        let forgotten = positions.makeRoom()
        budget.release(forgotten * Cost.position)
        return forgotten > 0
    }

    func release(_ freed: Freed) {
        guard freed.messages > 0 else { return }
        budget.release(freed.cost)
    }

    mutating func forgetKeys(_ now: MonotonicInstant) {
        budget.release(keys.forget(now))
    }

    mutating func forgetKeys(of recipient: Recipient) {
        budget.release(keys.forget(recipient))
    }
}
