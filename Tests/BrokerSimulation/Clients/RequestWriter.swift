#if os(Linux)
internal import BrokerTestSupport

/// Writes requests as clients of all kinds write them.
final class RequestWriter {
    /// The names behind the numbers; some are there to be encoded.
    let names: [String]

    init(recipients: Int) {
        let odd = ["u0", "room:lobby", "größe ~&=%", "a\"b\\c</script>", "日本"]
        names = (0..<recipients).map { $0 < odd.count ? odd[$0] : "recipient-\($0)" }
    }

    /// What a message says: its token, so that it is known again, and something that has to be escaped here and there.
    static func content(_ token: Int, _ size: Int) -> String {
        "t\(token) é</script>\n\"\u{2028}" + String(repeating: "x", count: size)
    }

    /// The content as JSON, as the server keeps it.
    static func json(_ token: Int, _ size: Int) -> String {
        "\"t\(token) é</script>\\n\\\"\u{2028}" + String(repeating: "x", count: size) + "\""
    }

    /// Whether a content is what was sent.
    static func isContent(_ text: String, _ token: Int, _ size: Int) -> Bool {
        let head = "t\(token) é</script>\n\"\u{2028}"
        guard text.utf8.count == head.utf8.count + size, text.utf8.starts(with: head.utf8) else { return false }
        return text.utf8.suffix(size).allSatisfy { $0 == UInt8(ascii: "x") }
    }

    /// The token of a content; nil if it is none of ours.
    static func token(of content: String) -> Int? {
        guard content.utf8.first == UInt8(ascii: "t") else { return nil }
        return Int(content.dropFirst().prefix { $0 != " " })
    }

    func request(_ ask: Ask, _ random: inout SeededGenerator) -> [UInt8] {
        switch ask {
        case .send(let send): return self.send(send, &random)
        case .read(let read) where read.isStream: return stream(read, &random)
        case .read(let read): return poll(read, &random)
        case .ack(let ack):
            let what =
                ack.isUpTo
                ? "\"upTo\":\"\(ack.ids[0])\"" : "\"ids\":[\(ack.ids.map { "\"\($0)\"" }.joined(separator: ","))]"
            return post("/v1/ack", "{\"recipient\":\(quoted(ack.recipient)),\(what)}")
        case .release(let hold):
            let ids = hold.ids.map { "&ids=\($0)" }.joined()
            let body = "recipient=\(encoded(hold.recipient))\(ids)&delaySeconds=\(hold.seconds)"
            return post("/v1/release", body, type: "application/x-www-form-urlencoded")
        case .extend(let hold):
            let ids = hold.ids.map { "\"\($0)\"" }.joined(separator: ", ")
            return post(
                "/v1/extend",
                "{ \"recipient\" : \(quoted(hold.recipient)), \"ids\": [\(ids)], \"lease\":\(hold.seconds)}"
            )
        case .look(let recipient): return get("/v1/inbox?recipient=\(encoded(recipient))")
        case .list: return get("/v1/inboxes?limit=1000")
        case .statistics: return get("/v1/stats")
        case .presence(let recipients):
            return get("/v1/presence?" + recipients.map { "recipient=\(encoded($0))" }.joined(separator: "&"))
        case .delete(let recipient):
            return Array("DELETE /v1/inbox?recipient=\(encoded(recipient)) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
        }
    }

    // MARK: Sending

    private func send(_ ask: SendAsk, _ random: inout SeededGenerator) -> [UInt8] {
        let line = ask.lines[0]
        switch ask.style {
        case .json, .list: return post("/v1/send", object(line))
        case .batch:
            return post(
                "/v1/send",
                ask.lines.map { object($0) + "\n" }.joined(),
                type: "application/x-ndjson"
            )
        case .form:
            var form = line.recipients.map { "recipient=\(encoded($0))" }.joined(separator: "&")
            form += "&content=\(encoded(RequestWriter.content(line.token, line.size)))"
            if line.key > 0 { form += "&key=k\(line.key)" }
            if line.timeToLive > 0 { form += "&ttlSeconds=\(line.timeToLive)" }
            return post("/v1/send", form, type: "application/x-www-form-urlencoded")
        case .chunked:
            let body = Array(object(line).utf8)
            var request = Array(
                "POST /v1/send HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                    .utf8
            )
            var start = 0
            while start < body.count {
                let count = min(body.count - start, random.number(1...64))
                request += Array("\(String(count, radix: 16))\r\n".utf8) + body[start..<start + count] + [13, 10]
                start += count
            }
            return request + Array("0\r\n\r\n".utf8)
        }
    }

    private func object(_ line: SendAsk.Line) -> String {
        let names = line.recipients.map(quoted).joined(separator: ",")
        var object = line.isList ? "{\"recipients\":[\(names)]" : "{\"recipient\":\(names)"
        if line.key > 0 { object += ",\"key\":\"k\(line.key)\"" }
        if line.timeToLive > 0 { object += ",\"ttlSeconds\":\(line.timeToLive)" }
        return object + ",\"content\":\(RequestWriter.json(line.token, line.size))}"
    }

    // MARK: Reading

    private func query(_ ask: ReadAsk) -> String {
        var query = ask.recipients.map { "recipient=\(encoded($0))" }.joined(separator: "&")
        if ask.session > 0 { query += "&session=s\(ask.session)" }
        if ask.observes { query += "&observe=1" }
        return query
    }

    private func cursor(_ ask: ReadAsk) -> String? {
        switch ask.starts[0] {
        case .oldest: "0"
        case .now: "now"
        case .unread, .take: nil
        case .after:
            ask.starts.compactMap { start -> ID? in if case .after(let id) = start { id } else { nil } }.cursor
        }
    }

    private func poll(_ ask: ReadAsk, _ random: inout SeededGenerator) -> [UInt8] {
        var query = query(ask)
        if let cursor = cursor(ask) { query += "&cursor=\(cursor)" }
        query += "&timeout=\(ask.timeout / 1_000_000_000)"
        if ask.limit != 100 { query += "&limit=\(ask.limit)" }
        if ask.lease > 0 { query += "&lease=\(ask.lease)" }
        guard random.chance(30) else { return get("/v1/poll?\(query)") }
        return post("/v1/poll", query, type: "application/x-www-form-urlencoded")
    }

    private func stream(_ ask: ReadAsk, _ random: inout SeededGenerator) -> [UInt8] {
        var query = query(ask)
        var fields = ""
        if ask.takes { query += "&take=1" }
        for watched in ask.watches { query += "&presence=\(encoded(watched))" }
        if let cursor = cursor(ask) {
            // Without a position there is nothing that a browser would send back.
            if case .after = ask.starts[0], random.chance(50) {
                fields = "Last-Event-ID: \(cursor)\r\n"
            } else {
                query += "&cursor=\(cursor)"
            }
        }
        if ask.format == .sse, random.chance(50) {
            fields += "Accept: text/event-stream\r\n"
        } else {
            query += "&as=\(ask.format)"
        }
        return get("/v1/stream?\(query)", fields)
    }

    // MARK: HTTP

    private func get(_ target: String, _ fields: String = "") -> [UInt8] {
        Array("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n".utf8)
    }

    private func post(_ path: String, _ body: String, type: String = "application/json") -> [UInt8] {
        let head =
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        return Array((head + body).utf8)
    }

    private func encoded(_ recipient: Int) -> String { encoded(names[recipient]) }

    private func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let character = Character(UnicodeScalar(byte))
            if byte < 0x80, character.isLetter || character.isNumber {
                encoded.append(character)
            } else {
                encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }

    private func quoted(_ recipient: Int) -> String {
        var quoted = "\""
        for scalar in names[recipient].unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}
#endif
