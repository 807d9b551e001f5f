internal import Foundation

/// `tail`: shows messages as they come, for as long as it is let.
struct Tail: Command {
    var client = ClientOptions()
    var recipients: [String] = []
    var since = "now"
    var count: Int?
    var color = ColorChoice.auto

    static let page = CommandPage(
        name: "tail",
        summary: "follow messages as they come",
        discussion: [
            "Observes inboxes and changes nothing in them: everybody else gets the messages as well, and what only a "
                + "tail was shown does not count as delivered, so a full inbox does not drop it for that. Prints time, "
                + "recipient, sender and content.",
            "When the connection is lost, or nothing is heard of the broker for 40 s (it says something every 15 s), it "
                + "connects again, later each time, up to 30 s, and goes on where it was: nothing is lost or shown "
                + "twice. What was dropped or has expired meanwhile is told on the standard error output, with the "
                + "number. Only the first connection must succeed.",
        ],
        examples: [
            ("tail u42", "From now on, until Ctrl-C."),
            ("tail support room:lobby --since oldest", "Two inboxes, beginning with what is kept."),
            ("tail u42 --count 1 --json | jq .content", "The next message, for a script."),
        ],
        exitCodes: [.success, .failure, .usage, .unreachable, .interrupted],
        exitMeanings: [
            .success: "As many messages as --count says were shown.",
            .unreachable: "The broker cannot be reached at the start.",
            .interrupted: "Ended by Ctrl-C.",
        ]
    )

    static var options: [Option<Tail>] {
        let json =
            "Print the broker's JSON, one message a line; a gap is a line {\"event\":\"gap\",\"lost\":N,\"cursor\":…}, "
            + "a reset {\"event\":\"reset\",\"cursor\":…}."
        return ClientOptions.options(\.client, json: json) + [
            Option(
                "since",
                \.since,
                .text("WHEN"),
                "Where to begin: now, oldest (everything that is kept), or a cursor."
            ),
            Option("count", \.count, .integer(1...1_000_000_000), "End after this many messages."),
            ColorChoice.option(\.color),
        ]
    }

    static var arguments: [Argument<Tail>] {
        [Argument(rest: "RECIPIENT", \.recipients, .text("RECIPIENT"), "Whose inbox to follow.", isRequired: true)]
    }

    func run(_ console: Console) async throws(Failure) -> ExitCode {
        let broker = try BrokerClient(url: client.url)
        var session = TailSession(
            broker: broker,
            recipients: recipients,
            follower: Follower(cursor: since == "oldest" ? "0" : since),
            printer: TailPrinter(self, console),
            countMax: count ?? .max
        )
        try await session.run()
        return .success
    }
}

/// Shows what a tail gets.
struct TailPrinter {
    private let console: Console
    private let json: Bool
    private let url: ServerURL
    private let noticeStyle: Style
    private var writer: MessageLine

    init(_ tail: Tail, _ console: Console) {
        self.console = console
        json = tail.client.json
        url = tail.client.url
        noticeStyle = Style(isOn: console.usesColor(tail.color, onTerminal: console.isErrorTerminal))
        let style = Style(isOn: console.usesColor(tail.color, onTerminal: console.isOutputTerminal))
        writer = MessageLine(recipients: tail.recipients, style: style)
    }

    /// Shows a message, which is this JSON.
    mutating func message(_ text: String) throws(Failure) {
        if json { return try console.print(json: text) }
        guard let object = JSONObject(Array(text.utf8)), let message = ReceivedMessage(object) else {
            throw .unexpected("\(url) sent a message that is none; is it a broker?")
        }
        try console.print(writer.line(of: message, now: Date()))
    }

    /// Tells of a gap or a reset: the same to people and, on a line of its own, to scripts.
    func loss(_ notice: String, json fields: [(name: String, value: String)], cursor: String) throws(Failure) {
        tell(notice)
        guard json else { return }
        var line = JSONText()
        for field in fields { line.set(field.name, raw: field.value) }
        line.set("cursor", cursor)
        try console.print(json: line.object)
    }

    /// Tells people something.
    func tell(_ notice: String) {
        console.note(noticeStyle.paint("-- \(notice)", .yellow))
    }
}
