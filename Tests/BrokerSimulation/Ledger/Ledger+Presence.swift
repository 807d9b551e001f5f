#if os(Linux)
/// Since when somebody may be gone, as the earliest and the latest that is possible.
struct PresenceBounds {
    /// How long whoever has left counts as there.
    static let hold: Int64 = 15_000_000_000

    /// When somebody was there for the last time: certainly, and perhaps.
    ///
    /// Nil for never in this server's life.
    var certainlyAt: Int64?
    var perhapsAt: Int64?
    /// Whether somebody was certainly there in this moment; it counts from the next one on, because what is told in this
    /// one may be from before.
    var isCertainNow = false
    /// When everybody must be believed gone; nil if that was looked at, or nobody was there.
    var goneAt: Int64?

    mutating func wasThere(_ now: Int64, isCertain: Bool) {
        if isCertain { certainlyAt = max(certainlyAt ?? 0, now) }
        perhapsAt = now
        goneAt = now + PresenceBounds.hold + Record.slack
    }
}

// Who is there: polls that wait, open streams, and whoever was there less than 15 s ago.
//
// What is said is judged where it is heard. That everybody is told everything is judged at moments of rest.
extension Ledger {
    // MARK: Coming and going

    func comes(_ exchange: Exchange, _ read: ReadAsk) {
        if read.counts {
            for recipient in read.recipients { accounts[recipient].presence.wasThere(now, isCertain: false) }
        }
        for recipient in read.watches {
            accounts[recipient].watchers.append(exchange)
            accounts[recipient].isTouched = true
        }
    }

    func goes(_ exchange: Exchange, _ read: ReadAsk) {
        if read.counts {
            for recipient in read.recipients where accounts[recipient].readers.contains(where: { $0 === exchange }) {
                accounts[recipient].presence.wasThere(now, isCertain: exchange.isSettled)
            }
        }
        exchange.isSettled = false
        for recipient in read.watches { accounts[recipient].watchers.removeAll { $0 === exchange } }
    }

    /// From now on the server may say something on a connection of which we do not hear at once, or nothing more.
    func losesSight(of exchanges: [Exchange]) {
        for exchange in exchanges where !exchange.isOver {
            guard case .read(let read) = exchange.ask else { continue }
            for place in read.watches.indices { read.mayHaveMissed[place] = true }
            guard exchange.isSettled, read.counts else { continue }
            exchange.isSettled = false
            for recipient in read.recipients { accounts[recipient].presence.wasThere(now, isCertain: true) }
        }
    }

    /// A poll that finds something at once counts as well, if it would have waited.
    func foundAtOnce(_ read: ReadAsk, _ json: JSON) {
        guard read.counts, json["success"]?.text == "1" else { return }
        guard read.recipients.count == 1 || world.setup.loops == 1 else { return }
        for recipient in read.recipients {
            accounts[recipient].presence.isCertainNow = true
            accounts[recipient].isTouched = true
        }
    }

    // MARK: What may be said

    /// Whether somebody may be believed there at this moment.
    private func mayBeOnline(_ account: Account) -> Bool {
        if account.readers.contains(where: isCounted) { return true }
        guard let perhapsAt = account.presence.perhapsAt else { return false }
        return now <= perhapsAt + PresenceBounds.hold + Record.slack
    }

    /// Whether nobody may be believed gone, in all of this moment.
    private func mustBeOnline(_ account: Account) -> Bool {
        if account.readers.contains(where: { $0.isSettled && isCounted($0) }) { return true }
        guard let certainlyAt = account.presence.certainlyAt else { return false }
        return now < certainlyAt + PresenceBounds.hold
    }

    private func isCounted(_ exchange: Exchange) -> Bool {
        if case .read(let read) = exchange.ask { read.counts } else { false }
    }

    private func judge(_ account: Account, isOnline: Bool, _ who: @autoclosure () -> String) throws(Violation) {
        if isOnline {
            try require(mayBeOnline(account), "\(who()) was told that \(account.recipient) is there, and nobody is")
        } else {
            try require(!mustBeOnline(account), "\(who()) was told that \(account.recipient) is gone before its time")
        }
    }

    /// Reads one object.
    private func presence(_ json: JSON) throws(Violation) -> (account: Account, isOnline: Bool) {
        guard let name = json["recipient"]?.text, case .bool(let isOnline)? = json["online"] else {
            throw Violation("no presence: \(json)")
        }
        return (try account(named: name), isOnline)
    }

    func presenceAnswered(_ recipients: [Int], _ json: JSON?, _ body: [UInt8]) throws(Violation) {
        guard let items = json?["presence"]?.items, items.count == recipients.count else {
            throw Violation("who asked for \(recipients.count) was answered \(text(body))")
        }
        for (recipient, item) in zip(recipients, items) {
            let (account, isOnline) = try presence(item)
            try require(account.recipient == recipient, "asked for \(recipient), answered \(text(body))")
            try judge(account, isOnline: isOnline, "whoever asked")
        }
    }

    func streamedPresence(_ read: ReadAsk, _ exchange: Exchange, _ json: JSON, _ cursor: String?) throws(Violation) {
        let (account, isOnline) = try presence(json)
        let name = "stream \(exchange.number)"
        guard let place = read.watches.firstIndex(of: account.recipient) else {
            throw Violation("\(name) was told of \(account.recipient), whom it does not watch")
        }
        try require(cursor == nil, "\(name) was told of \(account.recipient) with the cursor \(cursor ?? "")")
        try judge(account, isOnline: isOnline, name)
        // A change and its contrary may have come while the client did not listen; then it is told the last.
        if let before = read.told[place], !read.mayHaveMissed[place], before == isOnline {
            // Somebody may have gone and come in this very moment.
            let mayHaveChanged = isOnline && !mustBeOnline(account)
            try require(
                mayHaveChanged,
                "\(name) was told twice that \(account.recipient) is \(isOnline ? "there" : "gone")"
            )
        }
        read.told[place] = isOnline
        read.mayHaveMissed[place] = exchange.link.isBlocked
        world.report.presences += 1
    }

    // MARK: At rest

    func checkPresence(isThorough: Bool, isTouched: Bool) throws(Violation) {
        guard isThorough || isTouched || now > somebodyIsGoneAt else { return }
        somebodyIsGoneAt = .max
        for account in accounts {
            let isGone = account.presence.goneAt.map { now > $0 } ?? false
            if account.isTouched || isGone || isThorough {
                settlePresence(of: account)
                for watcher in account.watchers { try checkTold(watcher, account) }
                if isGone { account.presence.goneAt = nil }
            }
            if let goneAt = account.presence.goneAt { somebodyIsGoneAt = min(somebodyIsGoneAt, goneAt) }
        }
    }

    /// Whoever is there at rest was there, and will have been there when they leave.
    private func settlePresence(of account: Account) {
        for reader in account.readers where isSurelyThere(reader) {
            reader.isSettled = true
            if isCounted(reader) { account.presence.wasThere(now, isCertain: true) }
        }
        guard account.presence.isCertainNow else { return }
        account.presence.isCertainNow = false
        account.presence.wasThere(now, isCertain: true)
    }

    /// Everybody who can be told has been told what is so.
    private func checkTold(_ watcher: Exchange, _ account: Account) throws(Violation) {
        guard case .read(let read) = watcher.ask, isSurelyThere(watcher), watcher.isStreaming, !isDraining else {
            return
        }
        guard let place = read.watches.firstIndex(of: account.recipient) else { return }
        let name = "stream \(watcher.number)"
        guard let told = read.told[place] else {
            throw Violation("\(name) was not told how it is with \(account.recipient)")
        }
        if told {
            try require(mayBeOnline(account), "\(name) was not told that \(account.recipient) has gone")
        } else {
            try require(!mustBeOnline(account), "\(name) was not told that \(account.recipient) has come")
        }
    }
}
#endif
