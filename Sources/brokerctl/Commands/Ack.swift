/// `ack`: marks messages as read.
struct Ack: Command {
    var client = ClientOptions()
    var recipient = ""
    var upTo: String?
    var ids: [String] = []

    static let page = CommandPage(
        name: "ack",
        summary: "mark messages as read",
        usage: ["[OPTIONS] RECIPIENT ID…", "[OPTIONS] RECIPIENT --up-to ID"],
        discussion: ["Tells how many messages are unread then. Ids of messages that are gone are ignored."],
        examples: [
            ("ack jobs k3Qz9.17 k3Qz9.18", "Marks two, which were leased perhaps."),
            ("ack u42 --up-to k3Qz9.18", "Marks everything up to that one."),
        ],
        exitCodes: [.success, .failure, .usage, .unreachable, .interrupted]
    )

    static var options: [Option<Ack>] {
        ClientOptions.options(\.client, json: "Print the broker's answer, on one line.") + [
            Option("up-to", \.upTo, .text("ID"), "Mark all up to this message; a cursor of the inbox will do, too.")
        ]
    }

    static var arguments: [Argument<Ack>] {
        [
            Argument("RECIPIENT", \.recipient, .text("RECIPIENT"), "Whose inbox it is."),
            Argument(rest: "ID", \.ids, .text("ID"), "Which messages, 1000 at most.", isRequired: false),
        ]
    }

    func validate() throws(UsageError) {
        guard ids.isEmpty != (upTo == nil) else {
            throw UsageError(
                message: ids.isEmpty
                    ? "'ack' needs to know which messages: give ID… or '--up-to ID'"
                    : "give either ID… or '--up-to', not both",
                command: "ack"
            )
        }
    }

    /// The object that asks for it.
    var body: String {
        var body = JSONText()
        body.set("recipient", recipient)
        body.set("upTo", upTo)
        if !ids.isEmpty { body.set("ids", ids) }
        return body.object
    }

    func run(_ console: Console) async throws(Failure) -> ExitCode {
        let answer = try await BrokerClient(url: client.url).object(.post("/v1/ack", body: body))
        if client.json {
            try console.print(json: answer.text)
        } else {
            try console.print("unread \(answer.integer("unread") ?? 0)")
        }
        return .success
    }
}
