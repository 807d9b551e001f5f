internal import Foundation

/// `poll`: asks once for messages, and waits for them.
struct Poll: Command {
    var client = ClientOptions()
    var recipients: [String] = []
    var timeout = Duration.seconds(40)
    var limit = 100
    var lease: Int?
    var cursor: String?
    var session: String?
    var color = ColorChoice.auto

    static let page = CommandPage(
        name: "poll",
        summary: "read messages once",
        discussion: [
            "Takes messages that are unread: each goes to one reader, and counts as read. With --lease-seconds it is "
                + "only lent; 'ack' it in time, or somebody else gets it. With --cursor it only observes: nothing is "
                + "taken, and nothing counts as delivered.",
            "Prints time, id, recipient, sender and content. Waits for the first message, at most --timeout-seconds.",
        ],
        examples: [
            ("poll u42", "Takes what is unread, or waits 40 s for something."),
            ("poll u42 --timeout-seconds 0 || echo nothing there", "Does not wait."),
            ("poll jobs --lease-seconds 60 --limit 1", "Takes one job for a minute."),
            ("poll u42 room:lobby --cursor 0 --json", "Everything that is kept of two inboxes, for a script."),
        ],
        exitCodes: [.success, .failure, .usage, .unreachable, .nothing, .interrupted]
    )

    static var options: [Option<Poll>] {
        ClientOptions.options(\.client, json: "Print the broker's answer, on one line.") + [
            Option("timeout-seconds", \.timeout, .seconds(0...300), "How long to wait for the first message."),
            Option("limit", \.limit, .integer(1...1000), "The most messages to read."),
            Option("lease-seconds", \.lease, .integer(1...3600), "Take messages for this many seconds only."),
            Option(
                "cursor",
                \.cursor,
                .text("CURSOR"),
                "Observe from here: the cursor of an answer, 0 for the oldest message that is kept, or now."
            ),
            Option(
                "session",
                \.session,
                .text("NAME"),
                "A newer reader of the same session and recipient ends this one."
            ),
            ColorChoice.option(\.color),
        ]
    }

    static var arguments: [Argument<Poll>] {
        [Argument(rest: "RECIPIENT", \.recipients, .text("RECIPIENT"), "Whose inbox to read.", isRequired: true)]
    }

    func validate() throws(UsageError) {
        guard cursor == nil || lease == nil else {
            throw UsageError(
                message: "'--lease-seconds' takes and '--cursor' follows; give one of them",
                command: "poll"
            )
        }
    }

    /// The request that asks for it; a body, since 100 recipients do not fit into a URL.
    var request: HTTPRequest {
        var body = JSONText()
        if recipients.count == 1 { body.set("recipient", recipients[0]) } else { body.set("recipient", recipients) }
        body.set("cursor", cursor)
        body.set("timeout", raw: Duration.decimalText(timeout.inSeconds))
        body.set("limit", raw: String(limit))
        if let lease { body.set("lease", raw: String(lease)) }
        body.set("session", session)
        if cursor != nil { body.set("observe", raw: "true") }
        var request = HTTPRequest.post("/v1/poll", body: body.object)
        // The broker speaks first; this is for one that does not.
        request.timeout = timeout + .seconds(15)
        return request
    }

    func run(_ console: Console) async throws(Failure) -> ExitCode {
        let start = ContinuousClock.now
        let answer = try await BrokerClient(url: client.url).object(request)
        let elapsed = start.duration(to: .now)
        let messages = answer.objects("messages") ?? []
        if client.json {
            try console.print(json: answer.text)
        } else {
            tell(answer, after: elapsed, console)
            let style = Style(isOn: console.usesColor(color, onTerminal: console.isOutputTerminal))
            var writer = MessageLine(recipients: recipients, style: style, showsID: true)
            let read = messages.compactMap { ReceivedMessage($0) }
            guard read.count == messages.count else {
                throw .unexpected("\(client.url) sent a message that is none; is it a broker?")
            }
            for message in read { writer.widen(for: message) }
            for message in read { try console.print(writer.line(of: message, now: Date())) }
            if cursor != nil, let next = answer.string("cursor") { console.note("cursor: \(next)") }
        }
        return messages.isEmpty ? .nothing : .success
    }

    private func tell(_ answer: JSONObject, after elapsed: Duration, _ console: Console) {
        if let lost = answer.object("gap")?.integer("lost") {
            console.note(Notice.gap(lost: lost, takes: cursor == nil))
        }
        if answer.isTrue("reset") {
            let places = CursorText.begunAnew(from: cursor ?? "", to: answer.string("cursor") ?? "")
            console.note(Notice.reset(places.compactMap { recipients.indices.contains($0) ? recipients[$0] : nil }))
        }
        if answer.string("success") == "0" { console.note(nothing(after: elapsed)) }
    }

    /// Why nothing came: the time was over, or the broker has ended the poll before.
    func nothing(after elapsed: Duration) -> String {
        // The broker may count a little less than passes here, and never more.
        guard elapsed < timeout - .milliseconds(100) else {
            return "nothing came within \(Duration.decimalText(timeout.inSeconds)) s"
        }
        let seconds = Duration.decimalText((elapsed.inSeconds * 10).rounded() / 10)
        let causes = [
            session == nil ? nil : "another reader of its session came", "an inbox was removed",
            "the broker is shutting down",
        ]
        return "the broker ended the poll after \(seconds) s: "
            + causes.compactMap(\.self).joined(separator: ", or ")
    }
}
