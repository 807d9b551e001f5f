/// `inboxes`: lists all inboxes.
struct Inboxes: Command {
    var client = ClientOptions()
    var prefix: String?

    static let page = CommandPage(
        name: "inboxes",
        summary: "list inboxes",
        discussion: ["Lists all of them, sorted by the bytes of their recipients."],
        examples: [
            ("inboxes --prefix visitor-", "Those of visitors."),
            ("inboxes --json | jq -r 'select(.unread > 100).recipient'", "Those that nobody reads."),
        ],
        exitCodes: [.success, .failure, .usage, .unreachable, .interrupted]
    )

    static var options: [Option<Inboxes>] {
        ClientOptions.options(\.client, json: "Print the broker's summaries, one inbox a line.") + [
            Option("prefix", \.prefix, .text("TEXT"), "Only recipients that begin with this.")
        ]
    }

    func run(_ console: Console) async throws(Failure) -> ExitCode {
        let broker = try BrokerClient(url: client.url)
        var table = Inboxes.emptyTable
        var hasTitle = false
        var after: String?
        repeat {
            let page = try await broker.object(request(after: after))
            guard let inboxes = page.objects("inboxes") else {
                throw .unexpected("\(client.url) answered a page without inboxes; is it a broker?")
            }
            after = page.string("next")
            if client.json {
                for inbox in inboxes { try console.print(json: inbox.text) }
                continue
            }
            // The widths of the first page are those of the following ones, as far as they fit.
            for inbox in inboxes { table.append(Inboxes.row(of: inbox)) }
            if !hasTitle, !inboxes.isEmpty { try console.print(table.titleLine) }
            hasTitle = true
            for line in table.takeLines() { try console.print(line) }
        } while after != nil
        return .success
    }

    private func request(after: String?) -> HTTPRequest {
        var query: [(name: String, value: String)] = []
        if let prefix { query.append(("prefix", prefix)) }
        if let after { query.append(("after", after)) }
        return .get("/v1/inboxes", query + [("limit", "1000")])
    }

    /// The table for people.
    static var emptyTable: Table {
        Table([
            ("RECIPIENT", .left), ("UNREAD", .right), ("LEASED", .right), ("KEPT", .right), ("BYTES", .right),
            ("WAITING", .right), ("STREAMING", .right), ("LAG", .right), ("LAST SEEN", .left),
        ])
    }

    /// The row of an inbox.
    static func row(of inbox: JSONObject) -> [String] {
        [TerminalText.escaped(inbox.string("recipient") ?? "?")]
            + ["unread", "leased", "kept", "bytes", "waiting", "streaming"].map { "\(inbox.integer($0) ?? 0)" }
            + [
                inbox.object("lag")?.integer("messages").map { "\($0)" } ?? "-",
                TerminalText.escaped(inbox.string("lastSeen") ?? "not known"),
            ]
    }
}
