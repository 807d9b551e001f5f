#if os(Linux)
// Answers to polls.
extension Ledger {
    func polled(
        _ read: ReadAsk,
        _ exchange: Exchange,
        _ json: JSON,
        _ body: [UInt8],
        through end: ClosedRange<Int>
    ) throws(Violation) {
        guard json["success"]?.text == "1" else { return try ended(read, exchange, json, body) }
        guard let items = json["messages"]?.items, let cursor = json["cursor"]?.text, let ends = [ID](cursor: cursor),
            ends.count == read.recipients.count
        else { throw Violation("a poll was answered \(text(body))") }
        try require(items.count <= read.limit, "\(items.count) messages, asked for \(read.limit)")
        let lost = json["gap"]?["lost"]?.integer ?? 0
        let isReset: Bool
        if case .bool(true)? = json["reset"] { isReset = true } else { isReset = false }
        try require(!items.isEmpty || lost > 0 || isReset, "a poll was answered with nothing: \(text(body))")
        if lost > 0 { world.report.gaps += 1 }
        if isReset { world.report.resets += 1 }
        var given: [Int: [Record?]] = [:]
        var previous: [Int: ID] = [:]
        var size = 0
        for item in items {
            let (account, id, record, attempt, bytes) = try message(item)
            guard read.recipients.contains(account.recipient) else {
                throw Violation("message \(id) is of \(account.recipient), who was not asked for")
            }
            if let before = previous[account.recipient] {
                try require(
                    before.epoch == id.epoch && before.sequence < id.sequence,
                    "\(id) stands behind \(before) in an answer"
                )
            }
            previous[account.recipient] = id
            given[account.recipient, default: []].append(record)
            size += bytes
            tell(exchange, account.recipient, id)
            guard let record else { continue }
            if read.takes {
                try handOut(account, record, exchange, attempt: attempt, through: end)
            } else {
                try require(attempt == 0, "\(id) was followed, and has attempt \(attempt)")
                if !read.observes { record.mayBeDelivered = true }
                world.report.deliveries += 1
            }
        }
        if read.takes {
            for recipient in read.recipients {
                try checkOrder(accounts[recipient], given[recipient] ?? [])
            }
            try require(!isReset, "a taker was told of a reset")
            let evicted = read.recipients.reduce(0) { $0 + accounts[$1].evicted }
            try require(
                lost <= evicted || !ghostFree(read),
                "a taker was told of \(lost) lost, \(evicted) were evicted"
            )
        } else {
            // Of several inboxes each is sure of its part only.
            let isFull = items.count >= max(1, read.limit / read.recipients.count) || size > 900_000
            try followed(read, exchange, given, ends, lost, isReset, isFull: isFull)
            let client = exchange.link.client
            exchange.link.tap.tellClient { client?.learned(read.recipients, cursor: cursor) }
        }
        try claimUnread(read.recipients, json, "poll \(exchange.number) of \(read.recipients)")
    }

    private func ghostFree(_ read: ReadAsk) -> Bool {
        read.recipients.allSatisfy { accounts[$0].ghosts.isEmpty && accounts[$0].underWay.isEmpty }
    }

    func tell(_ exchange: Exchange, _ recipient: Int, _ id: ID) {
        let client = exchange.link.client
        exchange.link.tap.tellClient { client?.received(recipient, id) }
    }

    /// Who takes is given the oldest unread messages.
    private func checkOrder(_ account: Account, _ given: [Record?]) throws(Violation) {
        guard let first = given.first, let first, !holdsUntold(account) else { return }
        for record in account.records where record.sequence < first.sequence {
            guard record.isQuietlyUnread(now, span) else { continue }
            throw Violation("\(first.sequence) of \(account.recipient) was taken before \(record.sequence)")
        }
    }

    private func ended(_ read: ReadAsk, _ exchange: Exchange, _ json: JSON, _ body: [UInt8]) throws(Violation) {
        try require(json["success"]?.text == "0" && json["messages"] == nil, "a poll was answered \(text(body))")
        let isTime = now >= exchange.beganAt + read.timeout
        try require(isTime || read.mayEnd || isDraining, "poll \(exchange.number) ended before its time")
        guard case .now = read.starts[0], let cursor = json["cursor"]?.text else {
            return try require(json["cursor"] == nil, "a timeout has a cursor: \(text(body))")
        }
        guard let ends = [ID](cursor: cursor), ends.count == read.recipients.count else {
            throw Violation("a poll was answered \(text(body))")
        }
        for (recipient, end) in zip(read.recipients, ends) { try checkPosition(accounts[recipient], end) }
        let client = exchange.link.client
        exchange.link.tap.tellClient { client?.learned(read.recipients, cursor: cursor) }
    }

    /// The newest message of an inbox when somebody began to read it; 0 if it has begun another life since.
    func lastAtBeginning(_ read: ReadAsk, _ place: Int) -> Int {
        let isSameLife = read.lifeAtBeginning[place] == accounts[read.recipients[place]].life
        return isSameLife ? read.lastAtBeginning[place] : 0
    }

    /// A position that is told must not be ahead of its inbox.
    func checkPosition(_ account: Account, _ position: ID) throws(Violation) {
        guard try live(account, position.epoch) else { return }
        let most = account.last + account.ghosts.count + account.underWay.count
        try require(position.sequence <= most, "position \(position) is ahead of inbox \(account.recipient)")
    }

    // MARK: Following

    private func followed(
        _ read: ReadAsk,
        _ exchange: Exchange,
        _ given: [Int: [Record?]],
        _ ends: [ID],
        _ lost: Int,
        _ isReset: Bool,
        isFull: Bool
    ) throws(Violation) {
        var missing = 0
        var mustReset = false
        var mayHaveMore = 0
        for (index, recipient) in read.recipients.enumerated() {
            let account = accounts[recipient]
            let end = ends[index]
            try checkPosition(account, end)
            // An answer from a life that has just ended.
            guard account.epoch == end.epoch else { return }
            let records = given[recipient, default: []].compactMap(\.self)
            var start: Int?
            switch read.starts[index] {
            case .after(let id) where id.epoch == end.epoch: start = id.sequence
            case .after: mustReset = true
            case .now: start = nil
            case .oldest, .unread, .take: mayHaveMore += account.evicted
            }
            if !account.ghosts.isEmpty || !account.underWay.isEmpty { mayHaveMore += account.evicted + 1000 }
            if case .now = read.starts[index] {
                guard let first = records.first else { continue }
                try require(first.sequence > lastAtBeginning(read, index), "\(first.sequence) is not new")
                start = first.sequence - 1
                // A reader that begins now may find that what came first is gone already.
                if account.isPressed { mayHaveMore += end.sequence }
            }
            let from = start ?? records.first.map { $0.sequence - 1 } ?? end.sequence
            let wanted = end.sequence - from
            try require(wanted >= records.count, "a cursor goes from \(from) to \(end), with \(records.count) messages")
            try require(
                records.last.map { $0.sequence <= end.sequence } ?? true,
                "the cursor \(end) is behind a message"
            )
            if let first = records.first, let start {
                try require(first.sequence > start, "\(first.sequence) of \(recipient) was given again, after \(start)")
            }
            missing += wanted - records.count
            try checkSkipped(account, from: start ?? 0, through: end.sequence, records)
            if !isFull { try checkComplete(account, end) }
        }
        // Short of memory, a position may be forgotten between looking into several shards and waiting there.
        let mayReset = mustReset || (world.setup.memory > 0 && world.setup.loops > 1 && read.recipients.count > 1)
        try require(
            isReset == mustReset || (isReset && mayReset),
            "poll \(exchange.number) was told of a reset: \(isReset)"
        )
        let isTold = lost >= missing && lost <= missing + mayHaveMore
        try require(isTold, "poll \(exchange.number) was told of \(lost) lost messages, \(missing) are missing")
    }

    /// What a follower is not given between two positions must be gone.
    func checkSkipped(_ account: Account, from: Int, through: Int, _ given: [Record]) throws(Violation) {
        guard through > from else { return }
        let sequences = Set(given.map(\.sequence))
        for record in account.records where record.sequence > from && record.sequence <= through {
            guard !sequences.contains(record.sequence) else { continue }
            let mayBeGone = record.possibilities(now).contains(.gone) || record.ackedSpan == span
            try require(mayBeGone, "a follower of \(account.recipient) was not given \(record.sequence), which is kept")
        }
    }

    private func checkComplete(_ account: Account, _ end: ID) throws(Violation) {
        for record in account.records where record.sequence > end.sequence && record.knownSince < span {
            guard !record.possibilities(now).contains(.gone) else { continue }
            throw Violation(
                "a follower of \(account.recipient) was not given \(record.sequence) although there was room"
            )
        }
    }
}
#endif
