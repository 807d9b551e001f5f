#if os(Linux)
// What ids and contents tell of inboxes.
extension Ledger {
    /// Takes over that there is a message, or was one.
    ///
    /// - Returns: What is known of it; nil if it belongs to a life that has ended.
    func learn(_ account: Account, _ id: ID, _ token: Int, _ expires: ClosedRange<Int64>?) throws(Violation) -> Record?
    {
        guard try live(account, id.epoch) else { return nil }
        while account.last < id.sequence - 1 { try append(account, -1, nil, id) }
        if account.last < id.sequence {
            try append(account, token, expires, id)
        } else if let record = account.record(id.sequence) {
            if record.token == -1 {
                record.token = token
                account.ghosts.removeAll { $0.token == token }
                if let expires { record.expires = expires }
            } else {
                try require(record.token == token, "\(id) is message t\(token), and was t\(record.token) before")
            }
        }
        return account.record(id.sequence)
    }

    /// Puts a message into an inbox, of whose sending something must be known.
    private func append(
        _ account: Account,
        _ token: Int,
        _ expires: ClosedRange<Int64>?,
        _ id: ID
    ) throws(Violation) {
        var token = token
        var expires = expires
        if expires == nil, token >= 0 {
            expires =
                account.underWay.first { $0.token == token }?.expires
                ?? account.ghosts.first { $0.token == token }?.expires
            try require(expires != nil, "\(id) is message t\(token), which nobody sent to \(account.recipient)")
        }
        let isKnown = expires != nil
        if expires == nil {
            // It must be one of those that are not accounted for.
            let candidates = account.ghosts.map(\.expires) + account.underWay.map(\.expires)
            guard let earliest = candidates.map(\.lowerBound).min(), let latest = candidates.map(\.upperBound).max()
            else {
                throw Violation("there is a message before \(id) that nobody sent")
            }
            if account.ghosts.count == 1, account.underWay.isEmpty { token = account.ghosts[0].token }
            expires = earliest...latest
        }
        account.ghosts.removeAll { $0.token == token }
        let record = Record(
            sequence: account.last + 1,
            token: token,
            expires: expires ?? now...now,
            knownSince: span
        )
        record.mayBeDelivered = world.setup.dropsOldest
        if account.isPressed, !isKnown { record.mayBeDropped = true }
        account.append(record)
    }

    /// Whether an epoch is that of the present life; begins a life if none is known, or the present may have ended.
    func live(_ account: Account, _ epoch: String) throws(Violation) -> Bool {
        if account.epoch == epoch { return true }
        if account.former[epoch] != nil { return false }
        if let present = account.epoch {
            try require(mayHaveEnded(account), "inbox \(account.recipient) is in epoch \(epoch), and was in \(present)")
            account.end(now)
        }
        account.begin(epoch)
        return true
    }

    /// Whether the inbox may have begun another life without our having been told.
    func mayHaveEnded(_ account: Account) -> Bool {
        account.mayHaveEnded || world.setup.memory > 0 || now - account.lastUse > 86_400_000_000_000
    }

    /// Reads a message of an answer.
    func message(_ json: JSON) throws(Violation) -> (account: Account, id: ID, record: Record?, attempt: Int, size: Int)
    {
        guard let id = json["id"]?.text.flatMap({ ID($0) }), let name = json["recipient"]?.text,
            let content = json["content"]?.text, let token = RequestWriter.token(of: content), json["sentAt"] != nil
        else { throw Violation("a message is \(json)") }
        let account = try account(named: name)
        guard token < sends.count, let line = sends[token], line.recipients.contains(account.recipient) else {
            throw Violation("message \(id) of \(account.recipient) says \(content.prefix(40)), which nobody sent there")
        }
        try require(
            RequestWriter.isContent(content, token, line.size),
            "message \(id) says something else than was sent as t\(token)"
        )
        let record = try learn(account, id, token, nil)
        return (account, id, record, json["attempt"]?.integer ?? 0, content.utf8.count)
    }
}
#endif
