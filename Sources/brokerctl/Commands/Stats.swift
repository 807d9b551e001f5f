/// `stats`: the figures of a broker, once or again and again.
struct Stats: Command {
    var client = ClientOptions()
    var watch: Duration?

    static let page = CommandPage(
        name: "stats",
        summary: "show the figures of the broker",
        discussion: ["Counts what is there now, and what was done since the broker was started."],
        examples: [
            ("stats", "Once."),
            ("stats --watch 2", "Every 2 s, with what was done each second, until Ctrl-C."),
            ("stats --json | jq .messages.unread", "One figure, for a script."),
        ],
        exitCodes: [.success, .failure, .usage, .unreachable, .interrupted]
    )

    static var options: [Option<Stats>] {
        ClientOptions.options(\.client, json: "Print the broker's answer, on one line.") + [
            Option("watch", \.watch, .seconds(0.1...86_400), "Show them again and again, this many seconds apart.")
        ]
    }

    func run(_ console: Console) async throws(Failure) -> ExitCode {
        let broker = try BrokerClient(url: client.url)
        var last: (stats: JSONObject, at: ContinuousClock.Instant)?
        while true {
            let stats = try await broker.object(.get("/v1/stats"))
            let now = ContinuousClock.now
            if client.json {
                try console.print(json: stats.text)
            } else {
                let rates = last.map { Rates(since: $0.stats, elapsed: now - $0.at) }
                try show(Stats.lines(of: stats, rates: rates), isFirst: last == nil, console)
            }
            guard let watch else { return .success }
            last = (stats, now)
            // Counted from the answer: a slow broker is not asked faster than it answers.
            try? await Task.sleep(for: watch)
        }
    }

    private func show(_ lines: [String], isFirst: Bool, _ console: Console) throws(Failure) {
        let text = lines.joined(separator: "\n") + "\n"
        guard watch != nil else { return try console.write(text) }
        if console.isOutputTerminal {
            // Home, and clear what is below, so that nothing flickers.
            try console.write("\(isFirst ? "\u{1b}[2J" : "")\u{1b}[H\u{1b}[J\(text)")
        } else {
            try console.write((isFirst ? "" : "\n") + text)
        }
    }

    /// Totals of an earlier answer, to tell what was done each second.
    struct Rates {
        let since: JSONObject
        let elapsed: Duration

        func text(_ name: String, now: Int) -> String {
            guard let before = since.object("totals")?.integer(name), elapsed > .zero else { return "" }
            // A restarted broker begins to count anew.
            let rate = Double(max(0, now - before)) / elapsed.inSeconds
            return "\(Int(rate.rounded()))/s"
        }
    }

    /// The figures for people.
    static func lines(of stats: JSONObject, rates: Rates?) -> [String] {
        let messages = stats.object("messages")
        let readers = stats.object("readers")
        let memory = stats.object("memory")
        let connections = stats.object("connections")
        let totals = stats.object("totals")
        let figure = { (object: JSONObject?, name: String) in object?.integer(name) ?? 0 }
        var table = Table([("", .left), ("", .right), ("", .right)])
        let seconds = Int(min(max(stats.decimal("uptimeSeconds") ?? 0, 0), 1e12))
        let state = stats.isTrue("draining") ? ", draining" : ""
        let head =
            "broker \(TerminalText.escaped(stats.string("version") ?? "?")), up \(Stats.uptime(seconds)), "
            + "loops \(stats.integer("loops") ?? 0)\(state)"
        table.append(["inboxes", "\(stats.integer("inboxes") ?? 0)", ""])
        for name in ["kept", "unread", "leased"] {
            table.append(["messages \(name)", "\(figure(messages, name))", ""])
        }
        for name in ["waiting", "streaming"] { table.append(["readers \(name)", "\(figure(readers, name))", ""]) }
        let lag = readers?.object("lag")
        let behind = figure(lag, "messages")
        let age = behind > 0 ? "\(Inbox.age(lag?.decimal("seconds") ?? 0)) old" : ""
        table.append(["slowest reader's lag", "\(behind)", age])
        let (bytes, bytesMax) = (figure(memory, "bytes"), figure(memory, "bytesMax"))
        table.append(["memory", ByteSize.rounded(bytes), "of \(ByteSize.rounded(bytesMax))"])
        table.append(["connections open", "\(figure(connections, "open"))", "of \(figure(connections, "max"))"])
        for name in ["accepted", "refused"] {
            table.append(["connections \(name)", "\(figure(connections, name))", ""])
        }
        for name in totalNames {
            let total = figure(totals, name)
            table.append(["total \(name)", "\(total)", rates?.text(name, now: total) ?? ""])
        }
        return [head] + table.takeLines()
    }

    private static let totalNames = [
        "requests", "sent", "duplicates", "delivered", "acked", "expired", "evicted", "gaps", "lost", "refused",
        "timeouts",
    ]

    /// Seconds as days, hours, minutes and seconds, from the first that is not 0.
    static func uptime(_ seconds: Int) -> String {
        let parts = [
            (seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s"),
        ]
        let shown = parts.drop { $0.0 == 0 }
        return shown.isEmpty ? "0 s" : shown.map { "\($0.0) \($0.1)" }.joined(separator: " ")
    }
}
