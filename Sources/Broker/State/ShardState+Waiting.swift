// Readers that have found nothing, and how they come to their end.
extension ShardState {
    /// Registers a reader that found nothing, in the turn in which it found nothing: no message can come between.
    mutating func wait(_ reader: Reader, until deadline: MonotonicInstant?) {
        precondition(reader.standing == .attached, "a reader that is \(reader.standing) cannot begin to wait")
        reader.standing = .waiting
        reader.hasBeenThere = true
        reader.forEachMembership { membership in
            link(membership, reader)
            presence.arrived(membership.inbox)
        }
        if let deadline { wheel.schedule(reader, at: deadline) }
    }

    /// A stream has begun a write: it is given nothing more until ``resume(_:now:)``.
    ///
    /// Most writes go out at once, before anything else has come. So a follower that has everything stays in its line,
    /// behind all others, and is set aside only when its turn comes and it is still writing.
    mutating func pause(_ reader: Reader) {
        guard reader.standing == .waiting || reader.standing == .busy else { return }
        reader.standing = .busy
        reader.forEachMembership { membership in
            if reader.mode == .follow, membership.position == membership.inbox.last {
                // At the end of its line it stays where it is.
                if membership.line != .followers || membership.successor != nil { relink(membership, reader) }
            } else {
                setAside(membership)
            }
        }
    }

    /// A stream's write has gone out: it gets what has come meanwhile, or waits.
    mutating func resume(_ reader: Reader, now: MonotonicInstant) {
        guard reader.standing == .busy else { return }
        if reader.line == .busy { reader.withheld = Withheld() }
        if let batch = collect(reader, now: now) {
            pause(reader)
            actions.append(.deliver(reader, batch))
            return
        }
        reader.standing = .waiting
        reader.forEachMembership { membership in
            if membership.line == .busy { relink(membership, reader) }
        }
    }

    /// A stream's write does not go out; who asks for lag finds it among the busy.
    mutating func withhold(_ messages: [Message], from reader: Reader) {
        guard reader.standing == .busy else { return }
        reader.withheld = Withheld(messages)
        reader.forEachMembership { setAside($0) }
    }

    /// Puts a stream that is still writing where it stands in nobody's way.
    func setAside(_ membership: Membership) {
        guard membership.line != .busy else { return }
        unlink(membership)
        membership.inbox.busy.append(membership, as: .busy)
    }

    /// Lets a reader go.
    ///
    /// Nothing happens if it has gone already.
    ///
    /// - Returns: Whether it was still there.
    @discardableResult
    mutating func leave(_ reader: Reader) -> Bool {
        let standing = reader.standing
        guard standing != .gone else { return false }
        reader.standing = .gone
        guard standing != .outside else { return true }
        wheel.cancel(reader)
        if let session = reader.session { disclaim(session, reader) }
        reader.forEachMembership { membership in
            unlink(membership)
            membership.inbox.count(reader, -1)
            if reader.hasBeenThere, membership.inbox.online == 0 { presence.left(membership.inbox) }
            reap(membership.inbox)
        }
        // An inbox may go before its readers' objects do.
        reader.inbox = Inbox.nowhere
        reader.further = []
        return true
    }

    /// Lets a reader go and has it told why.
    mutating func end(_ reader: Reader, _ reason: EndReason) {
        let cursor = cursor(of: reader)
        guard leave(reader) else { return }
        if reason == .timedOut, reader.countsTimeout { totals.timeouts += 1 }
        actions.append(.end(reader, reason, cursor))
    }

    /// Lets go everybody who waits or streams at `inbox`, and has them told why, some in each turn.
    mutating func endReaders(of inbox: Inbox, _ reason: EndReason) {
        while let membership = inbox.takers.first ?? inbox.followers.first ?? inbox.busy.first {
            let reader = membership.reader
            let cursor = cursor(of: reader)
            leave(reader)
            endings.append(.end(reader, reason, cursor))
        }
    }

    // MARK: Lines

    private func link(_ membership: Membership, _ reader: Reader) {
        if reader.mode == .follow {
            membership.inbox.followers.append(membership, as: .followers)
        } else {
            membership.inbox.takers.append(membership, as: .takers)
        }
    }

    private func unlink(_ membership: Membership) {
        switch membership.line {
        case .none: break
        case .takers: membership.inbox.takers.remove(membership)
        case .followers: membership.inbox.followers.remove(membership)
        case .busy: membership.inbox.busy.remove(membership)
        }
    }

    /// Puts a place at the end of the line that its reader waits in.
    func relink(_ membership: Membership, _ reader: Reader) {
        unlink(membership)
        link(membership, reader)
    }

    // MARK: Sessions

    /// Ends whoever reads under the same session and recipient, and remembers the newer reader instead.
    ///
    /// - Returns: Whether it is the newer one. If it has come late to one of the recipients, so that one which began after
    ///   it is there already, nobody is ended and nothing remembered.
    mutating func claim(_ session: String, _ reader: Reader, _ fencingToken: UInt64) -> Bool {
        let ids = recipients(of: reader).map { SessionID(recipient: $0, session: session) }
        let isLate = ids.contains { id in sessions[id].map { $0.fencingToken > fencingToken } ?? false }
        guard !isLate else { return false }
        for id in ids {
            if let older = sessions[id]?.reader {
                // The newer one is counted already, and may go in this very turn without having been there.
                if older.hasBeenThere { older.forEachMembership { presence.left($0.inbox) } }
                end(older, .replaced)
            }
            sessions[id] = Session(reader: reader, fencingToken: fencingToken)
        }
        reader.session = session
        return true
    }

    private mutating func disclaim(_ session: String, _ reader: Reader) {
        for recipient in recipients(of: reader) {
            sessions[SessionID(recipient: recipient, session: session)] = nil
        }
    }

    private func recipients(of reader: Reader) -> [Recipient] {
        [reader.inbox.recipient] + reader.further.map(\.inbox.recipient)
    }
}

extension Inbox {
    /// Counts a reader that comes (1) or goes (-1).
    func count(_ reader: Reader, _ change: Int32) {
        if reader.isStream { streaming += change } else { waiting += change }
    }
}
