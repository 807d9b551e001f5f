// What there is for a reader at this moment.
extension ShardState {
    /// Finds or makes the inboxes that `request` names and puts the reader at its starting position in each.
    ///
    /// A newer reader of the same session and recipient ends the older. After it, ``collect(_:now:)`` gives what there
    /// is at once; then the reader is registered with ``wait(_:until:)`` or let go with ``leave(_:)``. All of it
    /// belongs into one turn.
    ///
    /// - Returns: Whether it may read. If a newer reader of its session is there already, it is to be let go.
    /// - Throws: ``BrokerError`` with `invalidRequest` for a cursor that is ahead of its inbox or has not one part for
    ///   each recipient, `brokerFull`. The reader is let go then.
    @discardableResult
    mutating func attach(
        _ reader: Reader,
        _ request: borrowing ReadRequest,
        wall: WallInstant
    ) throws(BrokerError) -> Bool {
        precondition(reader.standing == .outside, "a reader that is \(reader.standing) cannot be attached")
        reader.limit = Int32(clamping: request.limit)
        reader.bytesMax = Int32(clamping: request.bytesMax ?? limits.answerBytesMax)
        reader.isObserving = request.isObserving
        reader.tellsGapsInPlace = reader.isStream || request.tellsGapsInPlace
        do throws(BrokerError) {
            try request.checkCursor()
            try join(reader, request.recipients)
            try place(reader, request.mode)
        } catch {
            leave(reader)
            if error.code == .brokerFull {
                actions.append(.observe(.refused(recipient: request.recipients[0], code: error.code)))
            }
            throw error
        }
        if !request.isObserving { reader.forEachMembership { $0.inbox.lastSeen = wall } }
        guard let session = request.session else { return true }
        return claim(session, reader, request.fencingToken)
    }

    private mutating func join(_ reader: Reader, _ recipients: [Recipient]) throws(BrokerError) {
        let inbox = try inbox(of: recipients[0])
        reader.inbox = inbox
        reader.standing = .attached
        inbox.count(reader, 1)
        guard recipients.count > 1 else { return }
        reader.further.reserveCapacity(recipients.count - 1)
        for recipient in recipients.dropFirst() {
            let inbox = try self.inbox(of: recipient)
            reader.further.append(FurtherMembership(inbox: inbox, reader: reader))
            inbox.count(reader, 1)
        }
    }

    // MARK: Positions

    private func place(_ reader: Reader, _ mode: ReadMode) throws(BrokerError) {
        switch mode {
        case .take:
            reader.mode = .take
            reader.forEachMembership { $0.position = $0.inbox.positionBeforeUnread() }
        case .lease(let duration):
            reader.mode = .lease
            reader.leaseMilliseconds = Int32(clamping: duration.wholeNanoseconds / 1_000_000)
            reader.forEachMembership { $0.position = $0.inbox.positionBeforeUnread() }
        case .followUnread:
            reader.mode = .follow
            reader.forEachMembership { $0.position = $0.inbox.positionBeforeUnread() }
        case .follow(.oldest):
            reader.mode = .follow
            reader.forEachMembership { $0.position = $0.inbox.positionBeforeOldest }
        case .follow(.now):
            reader.mode = .follow
            reader.forEachMembership { $0.position = $0.inbox.last }
        case .follow(.after(let position)):
            reader.mode = .follow
            reader.hasCursor = true
            try place(reader, reader, position)
        case .follow(.afterEach(let positions)):
            reader.mode = .follow
            reader.hasCursor = true
            try place(reader, reader, positions[0])
            for (membership, position) in zip(reader.further, positions.dropFirst()) {
                try place(reader, membership, position)
            }
        }
        reader.startsUntold = mode == .followUnread || mode == .follow(.oldest)
        reader.forEachMembership { $0.given = $0.position }
    }

    private func place(_ reader: Reader, _ membership: Membership, _ id: MessageID) throws(BrokerError) {
        let inbox = membership.inbox
        guard id.epoch == inbox.epoch else {
            reader.isReset = true
            membership.position = inbox.positionBeforeOldest
            return
        }
        guard id.sequence <= inbox.last else {
            throw BrokerError(
                .invalidRequest,
                "cursor '\(id)' is ahead of the inbox '\(inbox.recipient)', whose last message is \(inbox.last)",
                remedy: "pass on the cursor of an answer as it came"
            )
        }
        membership.position = id.sequence
        if !reader.isObserving { inbox.confirmFollowed(through: id.sequence) }
    }

    /// Where a reader stands, to be given out: from now on it is remembered, and what the reader has seen on the way.
    func cursor(of reader: Reader) -> Cursor {
        reader.inbox.isKnown = true
        // Also a position that nobody has seen anything of: its cursor is told from no other.
        if !reader.isObserving { reader.forEachMembership { note($0, of: reader) } }
        reader.hasCursor = true
        let own = MessageID(epoch: reader.inbox.epoch, sequence: reader.position)
        guard !reader.further.isEmpty else { return .after(own) }
        var positions = [own]
        positions.reserveCapacity(reader.further.count + 1)
        for membership in reader.further {
            membership.inbox.isKnown = true
            positions.append(MessageID(epoch: membership.inbox.epoch, sequence: membership.position))
        }
        return .afterEach(positions)
    }

    private func note(_ membership: Membership, of reader: Reader) {
        let (start, end) = (membership.given, membership.position)
        guard end != start || !reader.hasCursor else { return }
        membership.given = end
        // A taker has seen what it took, which is read, and nothing else.
        let seen = reader.mode == .follow ? start : end
        membership.inbox.noteFollowed(from: seen, to: end, each: reader.tellsGapsInPlace)
    }

    // MARK: Collecting

    /// Everything that is there for the reader at this moment, up to its limits; nil if there is nothing to tell.
    ///
    /// Taken messages are handed out: the batch must be confirmed or given back.
    mutating func collect(_ reader: Reader, now: MonotonicInstant) -> Batch? {
        guard !reader.hasPlainlyNothing else { return nil }
        var batch = Batch(cursor: .oldest)
        batch.isReset = reader.isReset
        reader.isReset = false
        if reader.startsUntold { tellUntold(reader, &batch) }
        let mustTellFirst = reader.tellsGapsInPlace && (batch.isReset || batch.lost > 0)
        if !mustTellFirst {
            var room = AnswerRoom(messages: Int(reader.limit), bytes: Int(reader.bytesMax))
            if reader.further.isEmpty {
                gather(reader, reader, &room, &batch, now: now)
            } else {
                gatherFairly(reader, &room, &batch, now: now)
            }
        }
        guard !batch.isEmpty else { return nil }
        var unread = 0
        reader.forEachMembership { unread += Int($0.inbox.unread) }
        batch.unread = unread
        batch.isTaken = reader.mode != .follow
        batch.isObserved = reader.isObserving
        batch.cursor = cursor(of: reader)
        totals.delivered += batch.messages.count
        if batch.lost > 0 {
            totals.gaps += 1
            totals.lost += batch.lost
            actions.append(.observe(.gap(recipient: reader.inbox.recipient, lost: batch.lost)))
        }
        if reader.mode == .lease { reader.forEachMembership { arm($0.inbox) } }
        return batch
    }

    private func gather(
        _ reader: Reader,
        _ membership: Membership,
        _ room: inout AnswerRoom,
        _ batch: inout Batch,
        now: MonotonicInstant
    ) {
        let inbox = membership.inbox
        switch reader.mode {
        case .take, .lease:
            if inbox.untold.toTakers > 0 {
                batch.lost += inbox.untold.toTakers
                batch.note(inbox.untold.tellTaker(), of: inbox)
            }
            guard inbox.unread > 0 else { return }
            let isLease = reader.mode == .lease
            let lease = isLease ? now + .milliseconds(Int64(reader.leaseMilliseconds)) : nil
            let count = batch.messages.count
            inbox.take(&room, lease: lease, into: &batch.messages)
            if batch.messages.count > count, let taken = batch.messages.last { membership.position = taken.id.sequence }
        case .follow:
            let before = membership.position
            let lost = inbox.follow(
                from: &membership.position,
                &room,
                tellsGapsInPlace: reader.tellsGapsInPlace,
                into: &batch.messages
            )
            guard lost > 0 else { return }
            batch.lost += lost
            // The drops in it are told with it.
            guard !reader.isObserving, !inbox.untold.unseen.isEmpty else { return }
            batch.note(inbox.untold.tellFollower(after: before, through: membership.position), of: inbox)
        }
    }

    /// Several inboxes share an answer: each gets its part of what room is left, so that a full one starves no other.
    private mutating func gatherFairly(
        _ reader: Reader,
        _ room: inout AnswerRoom,
        _ batch: inout Batch,
        now: MonotonicInstant
    ) {
        let memberships: [Membership] = [reader] + reader.further
        // Whose turn is first is drawn by lot, so that a limit below the number of inboxes starves none either.
        let first = Int(randomness.next() % UInt64(memberships.count))
        var hasMore = true
        while hasMore, room.messages > 0 {
            hasMore = false
            let part = max(1, room.messages / memberships.count)
            for offset in memberships.indices {
                let membership = memberships[(first + offset) % memberships.count]
                var share = room.share(part)
                let count = batch.messages.count
                gather(reader, membership, &share, &batch, now: now)
                room.take(back: share, of: part)
                if batch.messages.count > count { hasMore = true }
                // A gap that has a place is told alone.
                if reader.tellsGapsInPlace, reader.mode == .follow, batch.lost > 0 { return }
            }
        }
        batch.sortBySendingTime()
    }

    /// A follower that starts without a position is told once of what was dropped, before anybody saw it, up to where it
    /// starts; what was dropped behind that is in gaps that it will come to.
    private func tellUntold(_ reader: Reader, _ batch: inout Batch) {
        reader.startsUntold = false
        reader.forEachMembership { membership in
            let inbox = membership.inbox
            guard !inbox.untold.unseen.isEmpty else { return }
            var left = inbox.untold
            let told = left.tellNewcomer(at: membership.position)
            batch.lost += told.unseen.count
            // An observer is told of them too, and leaves them to be told.
            guard !reader.isObserving else { return }
            inbox.untold = left
            batch.note(told, of: inbox)
        }
    }
}

extension Reader {
    /// Whether a reader of one inbox need not be looked into any further to see that there is nothing to tell.
    fileprivate var hasPlainlyNothing: Bool {
        guard further.isEmpty, !isReset, !startsUntold else { return false }
        return mode == .follow ? position == inbox.last : inbox.unread == 0 && inbox.untold.toTakers == 0
    }
}

extension Batch {
    /// Notes drops that this batch tells of, so that they can be told again if it is given back.
    fileprivate mutating func note(_ drops: UntoldDrops, of inbox: Inbox) {
        guard drops != UntoldDrops() else { return }
        toldDrops.append(ToldDrops(recipient: inbox.recipient, epoch: inbox.epoch, drops: drops))
    }
}
