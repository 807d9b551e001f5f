// What takers and holders of leases do.
extension Inbox {
    /// Hands out unread messages, oldest first, until `room` is used up.
    ///
    /// With a `lease` they are its holder's until then; without, for good once the answer is known to have arrived.
    func take(_ room: inout AnswerRoom, lease: MonotonicInstant?, into messages: inout [Message]) {
        guard unread > 0 else { return }
        var index = log.index(notBefore: noUnreadBefore)
        let end = log.indices.upperBound
        while index < end, unread > 0 {
            guard let payload = log[index].payload, log[index].standing == .unread else {
                index += 1
                continue
            }
            guard room.admits(payload.byteCount) else { break }
            handOut(at: index, lease: lease)
            messages.append(message(at: index, attempt: lease == nil ? 0 : Int(log[index].attempt), payload: payload))
            index += 1
        }
        noUnreadBefore = index < end ? log[index].sequence : last + 1
    }

    /// The position before the oldest unread message; the end if there is none.
    func positionBeforeUnread() -> UInt64 {
        guard unread > 0 else { return last }
        for index in log.index(notBefore: noUnreadBefore)..<log.indices.upperBound
        where log[index].payload != nil && log[index].standing == .unread {
            noUnreadBefore = log[index].sequence
            return noUnreadBefore - 1
        }
        preconditionFailure("'\(recipient)' counts \(unread) unread messages, but none is from \(noUnreadBefore) on")
    }

    /// A taken message has arrived: it is read.
    func confirm(_ sequence: UInt64, readUntil: MonotonicInstant) {
        guard let index = log.index(of: sequence), log[index].standing == .handed else { return }
        _ = becomeRead(at: index, until: readUntil)
    }

    /// A taken or leased message has not arrived: it is unread again, at its old place.
    ///
    /// It was leased under `attempt`, which is 0 if it was taken; a later lease of it stays as it is.
    ///
    /// - Returns: Whether it became unread.
    func giveBack(_ sequence: UInt64, attempt: Int) -> Bool {
        guard let index = log.index(of: sequence) else { return false }
        switch log[index].standing {
        case .handed where attempt == 0:
            break
        case .leased where attempt > 0 && Int(log[index].attempt) == attempt:
            log[index].attempt -= 1
        default:
            return false
        }
        becomeUnread(at: index)
        return true
    }

    // MARK: Leases

    /// Whether the message is leased at this moment.
    func isLeased(_ sequence: UInt64) -> Bool {
        guard let index = log.index(of: sequence) else { return false }
        return log[index].standing == .leased
    }

    /// Ends a lease; nothing happens if the message is not leased.
    ///
    /// It is unread again at `instant`, at once if that is nil.
    func release(_ sequence: UInt64, at instant: MonotonicInstant?) {
        guard let index = log.index(of: sequence), log[index].standing == .leased else { return }
        guard let instant else { return becomeUnread(at: index) }
        log[index].standing = .delayed
        log[index].leasedUntil = instant
        nextSweep = min(nextSweep, instant)
    }

    /// Moves the end of a lease later, never earlier; nothing happens if the message is not leased.
    func extend(_ sequence: UInt64, until instant: MonotonicInstant) {
        guard let index = log.index(of: sequence), log[index].standing == .leased else { return }
        log[index].leasedUntil = max(log[index].leasedUntil, instant)
    }

    // MARK: Acknowledging

    /// Done with it: it is read, whoever holds it.
    ///
    /// - Returns: Whether that changed anything.
    func ack(_ sequence: UInt64, readUntil: MonotonicInstant) -> Bool {
        guard let index = log.index(of: sequence) else { return false }
        return becomeRead(at: index, until: readUntil)
    }

    /// Done with everything up to `sequence`.
    ///
    /// - Returns: How many messages that changed.
    func ack(upTo sequence: UInt64, readUntil: MonotonicInstant) -> Int {
        var changed = 0
        for index in log.indices {
            guard log[index].sequence <= sequence else { break }
            guard log[index].payload != nil, becomeRead(at: index, until: readUntil) else { continue }
            changed += 1
        }
        return changed
    }
}
