#if os(Linux)
// Answers to requests.
extension Ledger {
    /// The server has answered a request; what it said ends `offset` bytes into the connection.
    func answered(_ exchange: Exchange, _ status: Int, _ body: [UInt8], through end: ClosedRange<Int>) throws(Violation)
    {
        let json = body.isEmpty || status == 204 ? nil : JSON.parse(body)
        if status >= 400, status != 422, status != 429, status != 507 {
            return try refused(exchange, status, body)
        }
        switch exchange.ask {
        case .send(let ask): try sent(ask, exchange, status, json, body)
        case .read(let read):
            forget(exchange)
            if read.isStream || status != 200 { return try refusedForMemory(exchange, status, body) }
            guard let json else { throw Violation("a poll was answered \(text(body))") }
            try polled(read, exchange, json, body, through: end)
            foundAtOnce(read, json)
        case .ack(let ask):
            try expect(status, 200, body)
            ack(ask, exchange, isSure: true)
            try claimUnread([ask.recipient], json, "an ack of \(ask.ids) of \(ask.recipient)")
        case .release(let ask):
            try expect(status, 200, body)
            release(ask, exchange, isSure: true)
            try claimUnread([ask.recipient], json, "a release of \(ask.ids) of \(ask.recipient)")
        case .extend(let ask):
            try expect(status, 200, body)
            for id in ask.ids {
                let record = accounts[ask.recipient].record(id)
                let mayBeOut = record.map { $0.possibilities(now).contains(.out) || $0.givenSpan == span } ?? false
                // It may have been acknowledged, or run out, at the same moment.
                try require(mayBeOut || record?.ackedSpan == span, "the lease of \(id), which has none, was extended")
            }
            extend(ask, exchange, isSure: true)
            try claimUnread([ask.recipient], json, "an extension of \(ask.ids) of \(ask.recipient)")
        case .look(let recipient):
            try expect(status, 200, body)
            try claimUnread([recipient], json, "a look at \(recipient)")
        case .list, .statistics:
            try expect(status, 200, body)
            try require(json != nil, "\(text(body)) is no JSON")
        case .presence(let recipients):
            try expect(status, 200, body)
            try presenceAnswered(recipients, json, body)
        case .delete(let recipient):
            try expect(status, 204, body)
            deleted(recipient, exchange)
        }
    }

    private func expect(_ status: Int, _ wanted: Int, _ body: [UInt8]) throws(Violation) {
        try require(status == wanted, "an answer has status \(status), not \(wanted): \(text(body))")
    }

    func claimUnread(_ accounts: [Int], _ json: JSON?, _ text: String) throws(Violation) {
        guard let unread = json?["unread"]?.integer else { throw Violation("\(text) was not told what is unread") }
        claims.append(Claim(accounts: accounts, number: unread, isOnline: false) { text })
    }

    // MARK: Refusals

    private func refused(_ exchange: Exchange, _ status: Int, _ body: [UInt8]) throws(Violation) {
        forget(exchange)
        switch (exchange.ask, status) {
        case (.extend(let ask), 404):
            let allAreLeased = ask.ids.allSatisfy { id in
                guard let record = accounts[ask.recipient].record(id), case .leased = record.standing else {
                    return false
                }
                return record.possibilities(now) == .out && record.givenSpan != span
            }
            try require(!allAreLeased, "leases of \(ask.ids) were not extended: \(text(body))")
        case (.send(let ask), 503) where isDraining: withdraw(ask)
        case (_, 503) where isDraining: break
        case (_, 408) where exchange.link.isSpoilt || exchange.link.isSilenced: withdraw(exchange)
        default: throw Violation("request \(exchange.number) was answered \(status): \(text(body))")
        }
    }

    private func refusedForMemory(_ exchange: Exchange, _ status: Int, _ body: [UInt8]) throws(Violation) {
        guard status == 507, world.setup.memory > 0 else {
            throw Violation("request \(exchange.number) was answered \(status): \(text(body))")
        }
    }

    private func withdraw(_ exchange: Exchange) {
        if case .send(let ask) = exchange.ask { withdraw(ask) }
    }

    private func withdraw(_ ask: SendAsk) {
        for line in ask.lines {
            for recipient in line.recipients { accounts[recipient].arrives(line.token) }
        }
    }

    // MARK: Sends

    private func sent(
        _ ask: SendAsk,
        _ exchange: Exchange,
        _ status: Int,
        _ json: JSON?,
        _ body: [UInt8]
    ) throws(Violation) {
        if ask.style == .batch {
            try expect(status, 200, body)
            let answers = body.split(separator: 10).map { JSON.parse($0) }
            try require(answers.count == ask.lines.count, "a batch of \(ask.lines.count) was answered \(text(body))")
            for (line, answer) in zip(ask.lines, answers) {
                try accepted(line, exchange, answer, body)
                if line.isList { _ = try listStatus(answer, body) }
            }
            return
        }
        let line = ask.lines[0]
        guard line.isList || status == 201 else {
            let code = json?["code"]?.text ?? ""
            return try refused(line, line.recipients[0], code, body)
        }
        try accepted(line, exchange, json, body)
        try expect(status, try listStatus(json, body), body)
    }

    /// The status that the results for several recipients ask for.
    private func listStatus(_ json: JSON?, _ body: [UInt8]) throws(Violation) -> Int {
        let codes = (json?["results"]?.items ?? []).map { $0["error"]?["code"]?.text }
        guard let first = codes.first, let code = first, !codes.contains(nil) else {
            try require(json?["success"]?.text == "1" && json?["code"] == nil, "a send was answered \(text(body))")
            return codes.contains { $0 != nil } ? 207 : 201
        }
        // Nobody got it: a problem, whose code is that of the first.
        let told = (json?["error"] ?? json)?["code"]?.text
        try require(told == code && json?["success"] == nil, "a send that nobody got was answered \(text(body))")
        switch code {
        case "inbox_full": return 429
        case "key_reused": return 422
        case "draining": return 503
        case "broker_full": return 507
        default: throw Violation("a send that nobody got was answered \(text(body))")
        }
    }

    private func accepted(
        _ line: SendAsk.Line,
        _ exchange: Exchange,
        _ json: JSON?,
        _ body: [UInt8]
    ) throws(Violation) {
        guard line.isList else {
            guard let json else { throw Violation("a send was answered \(text(body))") }
            return try accepted(line, line.recipients[0], exchange, json, body)
        }
        guard let results = json?["results"]?.items, results.count == line.recipients.count else {
            throw Violation("a send to \(line.recipients.count) was answered \(text(body))")
        }
        for (recipient, result) in zip(line.recipients, results) {
            let name = result["recipient"]?.text ?? ""
            try require(try account(named: name).recipient == recipient, "a result is of '\(name)'")
            try accepted(line, recipient, exchange, result, body)
        }
    }

    private func accepted(
        _ line: SendAsk.Line,
        _ recipient: Int,
        _ exchange: Exchange,
        _ json: JSON,
        _ body: [UInt8]
    ) throws(Violation) {
        if let code = json["error"]?["code"]?.text { return try refused(line, recipient, code, body) }
        guard let id = json["id"]?.text.flatMap({ ID($0) }), let unread = json["unread"]?.integer,
            let online = json["online"]?.integer
        else { throw Violation("a send was answered \(text(body))") }
        let account = accounts[recipient]
        let expires = account.arrives(line.token) ?? expiry(line)
        let isDuplicate: Bool
        if case .bool(true)? = json["duplicate"] { isDuplicate = true } else { isDuplicate = false }
        try remember(line, account, id, isDuplicate)
        guard !isDuplicate else {
            world.report.duplicates += 1
            return
        }
        if let evicted = json["evicted"]?.integer {
            try require(evicted > 0, "a send is told of \(evicted) evicted messages")
            try require(mayBeFull(account), "\(evicted) messages were evicted although there was room: \(text(body))")
            account.evicted += evicted
        }
        if mayBeFull(account) { account.press() }
        guard try learn(account, id, line.token, expires) != nil else { return }
        claims.append(Claim(accounts: [recipient], number: unread, isOnline: false) { "the send of \(id)" })
        claims.append(Claim(accounts: [recipient], number: online, isOnline: true) { "the send of \(id)" })
    }

    private func refused(_ line: SendAsk.Line, _ recipient: Int, _ code: String, _ body: [UInt8]) throws(Violation) {
        let account = accounts[recipient]
        account.arrives(line.token)
        account.isTouched = true
        world.report.refusals += 1
        switch code {
        case "inbox_full" where mayBeFull(account): account.press()
        case "broker_full" where world.setup.memory > 0: account.press()
        case "draining" where isDraining: break
        case "key_reused":
            let use = keys[Key(recipient: recipient, key: line.key)]
            // A send whose answer nobody heard may have used it too.
            let isOther = use.map { $0.token != line.token } ?? false
            try require(isOther || !account.ghosts.isEmpty || !account.underWay.isEmpty, "a key is new: \(text(body))")
        default: throw Violation("a send to \(recipient) was refused: \(text(body))")
        }
    }

    /// Whether the server may have had to make room for one message more.
    private func mayBeFull(_ account: Account) -> Bool {
        if world.setup.memory > 0 { return true }
        let most = account.records.count + account.underWay.count + account.went
        if most < min(world.setup.messagesMax, 250) { return false }
        let kept = account.contents(now).kept.most + account.underWay.count + account.went
        return kept + 1 > world.setup.messagesMax || kept > 250
    }

    // MARK: Keys

    private func remember(_ line: SendAsk.Line, _ account: Account, _ id: ID, _ isDuplicate: Bool) throws(Violation) {
        guard line.key > 0 else { return try require(!isDuplicate, "a send without a key is a duplicate") }
        let key = Key(recipient: account.recipient, key: line.key)
        let use = keys[key].flatMap { $0.life == account.life && now - $0.at < 300_000_000_000 ? $0 : nil }
        if isDuplicate {
            if let use, use.token == line.token {
                try require(use.id == id, "a repeated send is \(id), and was \(use.id) before")
            } else {
                let isGhost =
                    account.ghosts.contains { $0.token == line.token } || account.record(id)?.token == line.token
                try require(isGhost || !account.underWay.isEmpty, "\(id) is said to be a duplicate, of nothing")
            }
            return
        }
        if let use, now - use.at < 300_000_000_000 - Record.slack, !account.mayHaveEnded {
            throw Violation("the key of \(use.id) was used again for \(id), which is no duplicate")
        }
        keys[key] = KeyUse(token: line.token, id: id, life: account.life, at: now)
    }
}
#endif
