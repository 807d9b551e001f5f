#if os(Linux)
// What streams say.
extension Ledger {
    func streamBegan(_ exchange: Exchange) throws(Violation) {
        guard case .read(let read) = exchange.ask else { return }
        try require(!exchange.isAnswered, "a stream begins again")
        read.isFresh = true
    }

    func streamed(
        _ exchange: Exchange,
        _ name: String,
        _ json: JSON,
        _ cursor: String?,
        through end: ClosedRange<Int>
    )
        throws(Violation)
    {
        guard case .read(let read) = exchange.ask else { return }
        switch name {
        case "presence": return try streamedPresence(read, exchange, json, cursor)
        case "ping", "open":
            if let cursor { try streamOpened(read, exchange, cursor) }
        case "bye":
            forget(exchange)
            let reason = json["reason"]?.text ?? ""
            try require(["draining", "deleted", "replaced"].contains(reason), "a stream ends with \(reason)")
            try require(read.mayEnd || isDraining, "stream \(exchange.number) ended: \(reason)")
        case "message": try streamedMessage(read, exchange, json, cursor, through: end)
        case "gap":
            guard let lost = json["lost"]?.integer, lost > 0 else { throw Violation("a gap of \(json)") }
            try streamedGap(read, exchange, lost, cursor)
        case "reset":
            try require(!read.takes, "a taking stream was told of a reset")
            try streamedReset(read, exchange, cursor)
        default: throw Violation("a stream says \(name)")
        }
        guard let cursor else { return }
        let client = exchange.link.client
        exchange.link.tap.tellClient { client?.learned(read.recipients, cursor: cursor) }
    }

    /// The first word of a stream says where it begins.
    private func streamOpened(_ read: ReadAsk, _ exchange: Exchange, _ cursor: String) throws(Violation) {
        try require(!read.isOpen && !read.hasSpoken, "stream \(exchange.number) says again where it begins")
        read.isOpen = true
        let ends = try positions(read, cursor)
        for (place, end) in ends.enumerated() {
            let account = accounts[read.recipients[place]]
            switch read.starts[place] {
            case .take: throw Violation("a taking stream has the cursor \(cursor)")
            case .after(let start): try require(start == end, "a stream from \(start) begins at \(end)")
            case .oldest, .now, .unread:
                try checkPosition(account, end)
                guard account.epoch == end.epoch else { break }
                if case .now = read.starts[place] {
                    let isNewest = end.sequence >= lastAtBeginning(read, place)
                    try require(isNewest, "a stream of what is new begins at \(end)")
                } else if case .oldest = read.starts[place] {
                    try checkSkipped(account, from: 0, through: end.sequence, [])
                } else if let oldest = read.unreadAtBeginning[place], !isBusy(account, oldest) {
                    try require(
                        end.sequence < oldest,
                        "a stream of \(account.recipient) begins at \(end), not \(oldest)"
                    )
                }
            }
        }
        read.positions = ends
    }

    private func positions(_ read: ReadAsk, _ cursor: String?) throws(Violation) -> [ID] {
        guard let ends = cursor.flatMap({ [ID](cursor: $0) }), ends.count == read.recipients.count else {
            throw Violation("a stream of \(read.recipients) says the cursor \(cursor ?? "none")")
        }
        return ends
    }

    private func streamedMessage(
        _ read: ReadAsk,
        _ exchange: Exchange,
        _ json: JSON,
        _ cursor: String?,
        through end: ClosedRange<Int>
    ) throws(Violation) {
        let (account, id, record, attempt, _) = try message(json)
        guard let place = read.recipients.firstIndex(of: account.recipient) else {
            throw Violation("message \(id) is of \(account.recipient), who was not asked for")
        }
        tell(exchange, account.recipient, id)
        guard !read.takes else {
            try require(cursor == nil, "a taken message has the cursor \(cursor ?? "")")
            if let record { try handOut(account, record, exchange, attempt: attempt, through: end) }
            return
        }
        world.report.deliveries += 1
        if !read.observes { record?.mayBeDelivered = true }
        let ends = try positions(read, cursor)
        try require(ends[place] == id, "message \(id) has the position \(ends[place])")
        for (other, end) in ends.enumerated() where other != place {
            if let known = read.positions[other], !read.isFresh || isPlain(read, other, end) {
                try require(known == end, "the position of \(read.recipients[other]) went from \(known) to \(end)")
            }
            try checkPosition(accounts[read.recipients[other]], end)
            // Its own shard will say so.
            if let known = read.positions[other], known.epoch != end.epoch { read.wasToldReset = true }
        }
        if let known = read.positions[place], known.epoch == id.epoch {
            try require(
                id.sequence == known.sequence + 1,
                "stream \(exchange.number) goes from \(known) to \(id) without a gap"
            )
        } else if read.positions[place] != nil {
            throw Violation("stream \(exchange.number) is in another life of \(account.recipient) without a reset")
        } else if record != nil {
            try checkFirst(read, place, account, id.sequence)
        }
        read.isFresh = false
        read.positions = ends
    }

    private func isPlain(_ read: ReadAsk, _ place: Int, _ end: ID) -> Bool {
        guard case .after(let id) = read.starts[place] else { return false }
        return id.epoch == end.epoch
    }

    /// The first message of a stream that began without a position.
    private func checkFirst(_ read: ReadAsk, _ place: Int, _ account: Account, _ sequence: Int) throws(Violation) {
        switch read.starts[place] {
        case .now:
            try require(sequence > lastAtBeginning(read, place), "a stream of what is new begins with \(sequence)")
        case .oldest: try checkSkipped(account, from: 0, through: sequence - 1, [])
        case .unread:
            guard !read.hasSpoken, let oldest = read.unreadAtBeginning[place], !isBusy(account, oldest)
            else { return }
            try require(sequence <= oldest, "a stream of \(account.recipient) begins with \(sequence), not \(oldest)")
        case .after, .take: break
        }
    }

    private func streamedGap(_ read: ReadAsk, _ exchange: Exchange, _ lost: Int, _ cursor: String?) throws(Violation) {
        world.report.gaps += 1
        if read.takes {
            let evicted = read.recipients.reduce(0) { $0 + accounts[$1].evicted }
            let isClear = read.recipients.allSatisfy { accounts[$0].ghosts.isEmpty && accounts[$0].underWay.isEmpty }
            return try require(lost <= evicted || !isClear, "a taker was told of \(lost) lost, \(evicted) were evicted")
        }
        let ends = try positions(read, cursor)
        var missing = 0
        var isKnown = true
        for (place, end) in ends.enumerated() {
            let account = accounts[read.recipients[place]]
            try checkPosition(account, end)
            guard let known = read.positions[place], known.epoch == end.epoch else {
                isKnown = false
                if read.positions[place] != nil { read.wasToldReset = true }
                continue
            }
            try require(end.sequence >= known.sequence, "a gap leads back from \(known) to \(end)")
            missing += end.sequence - known.sequence
            if account.epoch == end.epoch {
                try checkSkipped(account, from: known.sequence, through: end.sequence, [])
            }
        }
        // Who begins without a position is told first of what was dropped before anybody saw it.
        let evicted = read.recipients.reduce(0) { $0 + accounts[$1].evicted + accounts[$1].ghosts.count }
        // With several inboxes in several shards that may come behind the messages of others.
        let mayBeUntold = read.isFresh || (read.recipients.count > 1 && world.setup.loops > 1)
        let isUntold = (missing == 0 || !isKnown) && mayBeUntold && read.beginsAnywhere && lost <= evicted
        try require(
            (missing > 0 && lost == missing) || isUntold,
            "stream \(exchange.number) was told of \(lost) lost messages, \(missing) are missing"
        )
        read.positions = ends
        if !isUntold { read.isFresh = false }
        read.hasSpoken = true
    }

    private func streamedReset(_ read: ReadAsk, _ exchange: Exchange, _ cursor: String?) throws(Violation) {
        world.report.resets += 1
        let ends = try positions(read, cursor)
        var isDue = false
        for (place, end) in ends.enumerated() {
            try checkPosition(accounts[read.recipients[place]], end)
            guard let known = read.positions[place] else { continue }
            if known.epoch != end.epoch { isDue = true }
        }
        // With several inboxes in several shards one reset may be told of each, and one of them may have moved on since.
        try require(isDue || read.wasToldReset, "stream \(exchange.number) was told of a reset without need")
        read.wasToldReset = true
        read.positions = ends
        read.hasSpoken = true
    }
}
#endif
