/// `send`: puts a message into one inbox or several, or many messages from the standard input.
struct Send: Command {
    var client = ClientOptions()
    /// Recipients given by name; if there are any, all arguments are content.
    var to: [String] = []
    var sender: String?
    var type: String?
    var timeToLive: Int?
    var key: String?
    var isContentJSON = false
    var isBatch = false
    /// The first argument, which is the recipient unless `to` names some.
    var first: String?
    var words: [String] = []

    static let page = CommandPage(
        name: "send",
        summary: "send a message",
        usage: [
            "[OPTIONS] RECIPIENT [CONTENT…|-]",
            "[OPTIONS] --to RECIPIENT [--to RECIPIENT]… [CONTENT…|-]",
            "[OPTIONS] --ndjson < FILE",
        ],
        discussion: [
            "Several words of content are joined with spaces. Without content, or with '-', it is read from the "
                + "standard input, without the line end at its end; an empty text has to be given as ''.",
            "It is done when the message is in the inbox, and then tells the message's id, how many readers are online, "
                + "and how many messages are unread.",
        ],
        examples: [
            ("send u42 hello there", "Sends a text."),
            ("send u42 --json-content '{\"order\": 4711}' --type order.shipped", "Sends JSON."),
            ("send --to u42 --to u43 --sender admin 'closing at six'", "Sends to two."),
            ("send backup --key nightly-2026-11-21 done", "Sends once, even if it is tried again within 5 minutes."),
            ("send log < report.txt", "Sends what a file holds."),
            (
                "send --ndjson < messages.ndjson",
                "Sends many: each line is an object with recipient, content and what else POST /v1/send takes."
            ),
        ],
        exitCodes: [.success, .failure, .usage, .unreachable, .interrupted]
    )

    static var options: [Option<Send>] {
        ClientOptions.options(\.client, json: "Print the broker's answer, one object a line.") + [
            Option(repeatable: "to", \.to, .text("RECIPIENT"), "A recipient; all arguments are content then."),
            Option("sender", \.sender, .text("NAME"), "Who sends it."),
            Option("type", \.type, .text("NAME"), "What kind of message it is, for whoever reads it."),
            Option(
                "ttl-seconds",
                \.timeToLive,
                .integer(1...604_800),
                "For how many seconds it is kept unread; without it, as the broker is set up."
            ),
            Option("key", \.key, .text("KEY"), "Sends it only once, however often it is tried within 5 minutes."),
            Option(flag: "json-content", \.isContentJSON, "The content is JSON, not text."),
            Option(
                flag: "ndjson",
                \.isBatch,
                "Send the objects on the lines of the standard input; each refusal is told with its line number."
            ),
        ]
    }

    static var arguments: [Argument<Send>] {
        [
            Argument("RECIPIENT", \.first, .anyText, "Whose inbox it is for."),
            Argument(rest: "CONTENT", \.words, .anyText, "The message; '-' for the standard input.", isRequired: false),
        ]
    }

    func validate() throws(UsageError) {
        if isBatch {
            let hasMore = !to.isEmpty || first != nil || sender != nil || type != nil || timeToLive != nil || key != nil
            guard !hasMore, !isContentJSON else {
                throw UsageError(
                    message: "'--ndjson' takes everything from the lines of the standard input; leave out recipients, "
                        + "content and the options that describe them",
                    command: "send"
                )
            }
        } else if to.isEmpty, (first ?? "").isEmpty {
            throw UsageError(message: "'send' needs RECIPIENT, which is missing", command: "send")
        }
    }

    func run(_ console: Console) async throws(Failure) -> ExitCode {
        let broker = try BrokerClient(url: client.url)
        if isBatch {
            var batch = SendBatch(broker: broker, console: console, json: client.json)
            return try await batch.run()
        }
        let content = try contentJSON(console)
        let answer = try await broker.answer(to: .post("/v1/send", body: body(content: content)))
        let lines = SendReport.lines(of: answer.body)
        if client.json {
            try console.print(json: String(decoding: answer.body, as: UTF8.self))
        } else {
            for line in lines.done { try console.print(line) }
        }
        for line in lines.refused { console.note("error: \(line)") }
        return lines.refused.isEmpty ? .success : .failure
    }

    /// The object that asks for it.
    func body(content: String) -> String {
        let recipients = to.isEmpty ? [first ?? ""] : to
        var body = JSONText()
        if recipients.count == 1 { body.set("recipient", recipients[0]) } else { body.set("recipients", recipients) }
        body.set("sender", sender)
        body.set("type", type)
        body.set("content", raw: content)
        if let timeToLive { body.set("ttlSeconds", raw: String(timeToLive)) }
        body.set("key", key)
        return body.object
    }

    private func contentJSON(_ console: Console) throws(Failure) -> String {
        let given = (to.isEmpty ? [] : first.map { [$0] } ?? []) + words
        var text = given.joined(separator: " ")
        if given.isEmpty || given == ["-"] {
            if console.isInputTerminal { console.note("type the message; Ctrl-D on a line of its own ends it") }
            let bytes = try StandardInput.readAll()
            guard !bytes.isEmpty else { throw .usage(Send.emptyInput(recipient: to.isEmpty ? first ?? "" : nil)) }
            guard let read = String(validating: bytes, as: UTF8.self) else {
                throw .usage(UsageError(message: "the standard input is not UTF-8; convert it first", command: "send"))
            }
            text = Send.withoutLineEnd(read)
        }
        guard isContentJSON else { return JSONText.quoted(text) }
        if let mistake = JSONText.mistake(in: text) {
            throw .usage(UsageError(message: "the content is not JSON: \(mistake)", command: "send"))
        }
        return text
    }

    /// Nothing was piped in, as where cron runs it: hardly what somebody wanted to send.
    static func emptyInput(recipient: String?) -> UsageError {
        let command = recipient.map { "brokerctl send \($0) ''" } ?? "brokerctl send --to RECIPIENT ''"
        return UsageError(
            message: "the standard input is empty; to send an empty text, give it as an argument: \(command)",
            command: "send"
        )
    }

    /// A text without the one line end that tools put at the end of what they write.
    static func withoutLineEnd(_ text: String) -> String {
        // CR LF is one character.
        text.last == "\n" || text.last == "\r\n" ? String(text.dropLast()) : text
    }
}

extension ValueSyntax where Value == String {
    /// Any text, also an empty one.
    static var anyText: ValueSyntax {
        ValueSyntax(placeholder: "TEXT", expectation: "a text", read: { $0 }, write: { $0 })
    }
}
