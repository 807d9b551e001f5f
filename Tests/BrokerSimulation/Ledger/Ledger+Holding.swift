#if os(Linux)
// What becomes of messages in somebody's hands.
extension Ledger {
    /// A message is given to somebody who takes.
    func handOut(
        _ account: Account,
        _ record: Record,
        _ exchange: Exchange,
        attempt: Int,
        through end: ClosedRange<Int>
    )
        throws(Violation)
    {
        guard case .read(let read) = exchange.ask else { return }
        let name = "message \(account.epoch ?? "?").\(record.sequence) of recipient \(account.recipient)"
        let possible = record.possibilities(now)
        if !possible.contains(.unread) {
            switch record.standing {
            case .handed(let link, _) where link.isServerClosed: break
            case .handed(let link, _):
                throw Violation("\(name) was given to a second taker while connection \(link.number) has it")
            case .leased, .delayed: throw Violation("\(name) was given out although its lease has not ended")
            // What happened at the same moment is told in any order.
            case .read where record.ackedSpan == span || read.mayHold: return
            case .read: throw Violation("\(name) was given out although it had been read")
            // Its time came while somebody else had it.
            case .gone where record.returnedSpan == span || read.mayHold: break
            case .gone: throw Violation("\(name) was given out although it had gone")
            case .unread: break
            }
        }
        if read.lease > 0 {
            if record.isSure, !record.mayBeReturned, !record.mayBeRead {
                // The end of a lease that has just run out, or was given back, is counted here at the latest.
                try require(
                    attempt == record.attempt + 1,
                    "\(name) was leased with attempt \(attempt), not \(record.attempt + 1)"
                )
            }
            record.attempt = attempt
            let lease = Int64(read.lease) * 1_000_000_000
            record.standing = .leased((exchange.beganAt + lease)...(now + lease))
        } else {
            try require(attempt == 0, "\(name) was taken, and has attempt \(attempt)")
            record.standing = .handed(exchange.link, through: end)
        }
        record.isSure = true
        record.mayBeDropped = false
        record.givenSpan = span
        account.went += 1
        account.isTouched = true
        world.report.deliveries += 1
        let key = ObjectIdentifier(exchange.link)
        handed[key, default: []].append(
            Handed(account: account, life: account.life, record: record, through: end, attempt: attempt)
        )
    }

    /// The server knows of what has arrived on a connection; if that is closed, all else goes back.
    func settle(_ link: Link, isClosed: Bool) {
        let key = ObjectIdentifier(link)
        guard let waiting = handed[key] else { return }
        var left: [Handed] = []
        for entry in waiting where entry.account.life == entry.life {
            let hasArrived = entry.through.upperBound <= link.confirmedThrough
            let mayHaveArrived = entry.through.lowerBound <= link.confirmedThrough
            if !hasArrived, !isClosed { left.append(entry) }
            guard mayHaveArrived || isClosed else { continue }
            entry.account.isTouched = true
            let record = entry.record
            _ = record.possibilities(now)
            switch record.standing {
            case .handed(let holder, entry.through) where holder === link:
                if hasArrived {
                    record.standing = .read(now...now)
                    record.isSure = true
                } else if isClosed {
                    record.standing = .unread
                    record.isSure = !mayHaveArrived
                    returned(record, entry.account)
                } else {
                    record.isSure = false
                }
            case .leased(let until) where !hasArrived && isClosed && record.attempt == entry.attempt:
                // If its lease ends just now as well, either may have come first.
                if now >= until.lowerBound || mayHaveArrived { record.isSure = false }
                record.standing = .unread
                record.attempt -= 1
                returned(record, entry.account)
            default: break
            }
        }
        handed[key] = left.isEmpty ? nil : left
    }

    /// A message is unread again; if its time has come meanwhile, for a moment only.
    private func returned(_ record: Record, _ account: Account) {
        record.returnedSpan = span
        world.report.returns += 1
        account.came += 1
        if now >= record.expires.lowerBound { account.went += 1 }
    }

    // MARK: What holders say

    func ack(_ ask: HoldAsk, _ exchange: Exchange, isSure: Bool) {
        let account = accounts[ask.recipient]
        account.isTouched = true
        let records: [Record]
        if ask.isUpTo {
            let id = ask.ids[0]
            records = id.epoch == account.epoch ? account.records.filter { $0.sequence <= id.sequence } : []
        } else {
            records = ask.ids.compactMap { account.record($0) }
        }
        for record in records {
            record.mayBeRead = false
            record.ackedSpan = span
            let possible = record.possibilities(now)
            if possible == .gone || possible == .read { continue }
            if possible.contains(.unread) { account.went += 1 }
            guard isSure else {
                record.isSure = false
                continue
            }
            // Handed out in the same moment, it may be given back to nobody.
            if case .read = record.standing { continue }
            record.standing = .read(exchange.beganAt...now)
            record.isSure = true
        }
    }

    func release(_ ask: HoldAsk, _ exchange: Exchange, isSure: Bool) {
        let account = accounts[ask.recipient]
        account.isTouched = true
        for record in ask.ids.compactMap({ account.record($0) }) {
            record.mayBeReturned = false
            // What was given out again meanwhile is somebody else's lease, or was released by this before.
            guard record.isSure, isSure else {
                record.isSure = record.isSure && !record.possibilities(now).contains(.out)
                continue
            }
            guard case .leased(let until) = record.standing else { continue }
            returned(record, account)
            if record.givenSpan == span { continue }
            if now >= until.lowerBound {
                record.isSure = false
            } else if ask.seconds > 0 {
                let delay = Int64(ask.seconds) * 1_000_000_000
                record.standing = .delayed((exchange.beganAt + delay)...(now + delay))
            } else {
                record.standing = .unread
            }
        }
    }

    func extend(_ ask: HoldAsk, _ exchange: Exchange, isSure: Bool) {
        let account = accounts[ask.recipient]
        account.isTouched = true
        let lease = Int64(ask.seconds) * 1_000_000_000
        for record in ask.ids.compactMap({ account.record($0) }) {
            guard case .leased(let until) = record.standing else { continue }
            let later = max(until.upperBound, now + lease)
            let earlier = isSure ? max(until.lowerBound, exchange.beganAt + lease) : until.lowerBound
            record.standing = .leased(earlier...max(earlier, later))
        }
    }
}
#endif
