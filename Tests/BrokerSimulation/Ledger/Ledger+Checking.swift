#if os(Linux)
internal import Broker
internal import HTTPFront

// At a moment of rest everything is compared.
extension Ledger {
    func check(isThorough: Bool) throws(Violation) {
        guard let server = world.server else { return }
        let isTouched = isTouched
        try checkPresence(isThorough: isThorough, isTouched: isTouched)
        guard isThorough || isTouched else { return }
        world.report.checks += 1
        for account in accounts where account.isTouched || isThorough { try check(account, server) }
        for claim in claims { try check(claim) }
        if isThorough { try checkInside(server) }
        finishSpan()
    }

    private func check(_ claim: Claim) throws(Violation) {
        var span = Span()
        for number in claim.accounts {
            let account = accounts[number]
            if claim.isOnline {
                // Whether those are still there who cannot be told anything, nobody can say.
                span.least += account.readers.count { isSurelyThere($0) } - account.readersCame
                span.most += account.readers.count + account.readersWent
            } else {
                guard !holdsUntold(account) else { return }
                if !account.isTouched { account.contents(now) }
                let unread = account.latest.unread
                span.least += unread.least - account.came
                span.most += unread.most + account.went
            }
        }
        guard span.contains(claim.number) else {
            let what = claim.isOnline ? "online" : "unread"
            throw Violation("\(claim.text()) was told \(claim.number) \(what), not \(span.least)...\(span.most)")
        }
    }

    /// Whether a reader cannot have left: one that is not heard may have ended, and one that said its last word may be
    /// taken for gone while an answer before this one is still on its way.
    func isSurelyThere(_ exchange: Exchange) -> Bool {
        !exchange.link.isBlocked && !exchange.link.clientHasEnded
    }

    /// Whether a stream may have taken messages that it has yet to say, because its client does not listen.
    func holdsUntold(_ account: Account) -> Bool {
        account.readers.contains { exchange in
            guard exchange.link.isBlocked, case .read(let read) = exchange.ask else { return false }
            guard read.isStream, read.takes else { return false }
            read.mayHold = true
            return true
        }
    }

    /// Whether a stream may have written messages that are not heard, because its client does not listen.
    private func mayDeliverUnheard(_ account: Account) -> Bool {
        account.readers.contains { exchange in
            guard exchange.link.isBlocked, case .read(let read) = exchange.ask else { return false }
            return !read.takes && !read.observes
        }
    }

    // MARK: Inboxes

    private func check(_ account: Account, _ server: Server) throws(Violation) {
        let summary = server.summary(of: world.writer.names[account.recipient])
        try matchLife(account, summary)
        if mayDeliverUnheard(account) { account.deliverUnheard() }
        var contents = account.contents(now)
        let name = "inbox \(account.recipient)"
        if holdsUntold(account) {
            for record in account.records {
                // It may have been taken over from somebody who has gone, also if its time came meanwhile.
                if record.returnedSpan == span, case .gone = record.standing { record.standing = .unread }
                if record.returnedSpan == span || record.possibilities(now).contains(.unread) { record.isSure = false }
            }
            contents = account.contents(now)
        }
        try require(
            contents.unread.contains(summary.unread),
            "\(name) has \(summary.unread) unread messages, not \(contents.unread.least)...\(contents.unread.most)"
        )
        try require(
            contents.out.contains(summary.leased),
            "\(name) has \(summary.leased) messages in somebody's hands, not \(contents.out.least)...\(contents.out.most)"
        )
        try require(
            contents.kept.contains(summary.kept),
            "\(name) keeps \(summary.kept) messages, not \(contents.kept.least)...\(contents.kept.most)"
        )
        try require(summary.kept <= world.setup.messagesMax, "\(name) keeps \(summary.kept) messages")
        if world.setup.memory == 0 {
            let least = holdsUntold(account) ? 0 : contents.unreadBeforeDrops - account.evicted
            try require(
                summary.unread >= least,
                "\(name) has \(summary.unread) unread messages, at least \(least) are due"
            )
        }
        try checkReaders(account, summary, contents)
        account.ghosts.removeAll { _ in true }
    }

    /// What became of sends that nobody was answered shows in the newest number.
    private func matchLife(_ account: Account, _ summary: InboxSummary) throws(Violation) {
        let newest = summary.last.flatMap { ID($0.description) }
        if let newest, newest.epoch != account.epoch {
            _ = try live(account, newest.epoch)
        } else if newest == nil, account.last > 0 {
            try require(mayHaveEnded(account), "inbox \(account.recipient) has forgotten its \(account.last) messages")
            account.end(now)
        }
        // Of an inbox that holds nothing nobody can say yet which life it is in.
        if account.mayHaveEnded, newest != nil, account.underWay.isEmpty { account.mayHaveEnded = false }
        let last = newest?.sequence ?? 0
        try require(last >= account.last, "inbox \(account.recipient) is at \(last), and was at \(account.last)")
        try require(
            last <= account.last + account.ghosts.count + account.underWay.count,
            "inbox \(account.recipient) is at \(last); \(account.last) messages and \(account.ghosts.count) more were sent"
        )
        if let newest { while account.last < last { _ = try learn(account, newest, -1, nil) } }
    }

    // MARK: Readers

    private func checkReaders(_ account: Account, _ summary: InboxSummary, _ contents: Contents) throws(Violation) {
        var waiting = Span()
        var streaming = Span()
        for exchange in account.readers {
            guard case .read(let read) = exchange.ask else { continue }
            let isSure = isSurelyThere(exchange)
            if read.isStream {
                streaming.count(true, isOnly: isSure)
            } else {
                waiting.count(true, isOnly: isSure)
            }
            if isSure { try checkWaits(account, exchange, read, contents) }
        }
        let name = "inbox \(account.recipient)"
        try require(
            waiting.contains(summary.waiting),
            "\(name) has \(summary.waiting) polls, not \(waiting.least)...\(waiting.most)"
        )
        try require(
            streaming.contains(summary.streaming),
            "\(name) has \(summary.streaming) streams, not \(streaming.least)...\(streaming.most)"
        )
    }

    /// Whether something has happened to a message in this moment.
    func isBusy(_ account: Account, _ sequence: Int) -> Bool {
        guard let record = account.record(sequence) else { return true }
        return record.givenSpan == span || record.ackedSpan == span || record.returnedSpan == span
    }

    /// Nobody waits for what is there.
    private func checkWaits(
        _ account: Account,
        _ exchange: Exchange,
        _ read: ReadAsk,
        _ contents: Contents
    ) throws(Violation) {
        let name = "\(read.isStream ? "stream" : "poll") \(exchange.number) of \(account.recipient)"
        try require(!read.mustEnd, "\(name) goes on although a newer one has its session")
        if !read.isStream {
            let isInTime = now <= exchange.beganAt + read.timeout + Record.slack
            try require(isInTime, "\(name) was not answered in its time")
        }
        guard let place = read.recipients.firstIndex(of: account.recipient) else { return }
        guard let lastAfter = read.lastAfterBeginning[place] else {
            read.lastAfterBeginning[place] = account.last
            if let oldest = read.unreadAtBeginning[place], isBusy(account, oldest) {
                read.unreadAtBeginning[place] = nil
            }
            return
        }
        switch read.starts[place] {
        case .take:
            let isSpoilt = account.isPressed || !account.ghosts.isEmpty
            try require(contents.unread.least == 0 || isSpoilt, "\(name) waits to take, and something is unread")
        case .oldest, .now, .unread, .after:
            if let position = read.positions[place] {
                let isUpToDate = position.epoch == account.epoch && position.sequence == account.last
                let isQuiet = account.epoch == nil && position.sequence == 0
                try require(isUpToDate || isQuiet, "\(name) waits at \(position), and the inbox is at \(account.last)")
            } else if case .now = read.starts[place] {
                let isNew = account.last > lastAfter && read.lifeAtBeginning[place] == account.life
                try require(!isNew, "\(name) waits for what is new, and the inbox is at \(account.last)")
            } else if case .oldest = read.starts[place] {
                try require(contents.kept.least == 0, "\(name) waits, and the inbox holds \(contents.kept.least)")
            } else {
                let isNew = account.last > lastAfter || read.unreadAtBeginning[place] != nil
                let isSame = read.lifeAtBeginning[place] == account.life
                try require(!isNew || !isSame || read.hasSpoken, "\(name) waits, and something was unread")
            }
        }
    }

    // MARK: The server's own structures

    private func checkInside(_ server: Server) throws(Violation) {
        var held = 0
        do {
            held = try server.checkedBytes()
        } catch {
            throw Violation("an invariant is broken: \(error)")
        }
        let counted = server.broker.memoryBytes
        try require(held == counted, "\(counted) bytes are counted, \(held) are held")
        let most = server.broker.limits.memoryBytesMax
        try require(counted <= most, "\(counted) bytes are counted, more than \(most)")
    }
}
#endif
