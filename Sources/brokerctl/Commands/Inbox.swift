/// `inbox`: tells what is in an inbox and who reads it.
struct Inbox: Command {
    var client = ClientOptions()
    var recipient = ""

    static let page = CommandPage(
        name: "inbox",
        summary: "show an inbox",
        discussion: ["Reads nothing and changes nothing. An inbox that nobody has used is empty."],
        examples: [("inbox u42", "Unread messages, readers, how far they lag, when one was last there.")],
        exitCodes: [.success, .failure, .usage, .unreachable, .interrupted]
    )

    static var options: [Option<Inbox>] {
        ClientOptions.options(\.client, json: "Print the broker's answer, on one line.")
    }

    static var arguments: [Argument<Inbox>] {
        [Argument("RECIPIENT", \.recipient, .text("RECIPIENT"), "Whose inbox it is.")]
    }

    func run(_ console: Console) async throws(Failure) -> ExitCode {
        let request = HTTPRequest.get("/v1/inbox", [("recipient", recipient)])
        let answer = try await BrokerClient(url: client.url).object(request)
        if client.json {
            try console.print(json: answer.text)
        } else {
            for line in Inbox.lines(of: answer) { try console.print(line) }
        }
        return .success
    }

    /// The summary for people.
    static func lines(of inbox: JSONObject) -> [String] {
        var table = Table([("", .left), ("", .left)])
        let bytes = inbox.integer("bytes") ?? 0
        table.append(["recipient", TerminalText.escaped(inbox.string("recipient") ?? "?")])
        for name in ["unread", "leased", "kept"] { table.append([name, "\(inbox.integer(name) ?? 0)"]) }
        table.append(["bytes", bytes < 1024 ? "\(bytes)" : "\(bytes) (\(ByteSize.rounded(bytes)))"])
        for name in ["first", "last"] { table.append([name, TerminalText.escaped(inbox.string(name) ?? "-")]) }
        for name in ["waiting", "streaming"] { table.append([name, "\(inbox.integer(name) ?? 0)"]) }
        table.append(["lag", Inbox.lag(of: inbox) ?? "no reader"])
        table.append(["last seen", TerminalText.escaped(inbox.string("lastSeen") ?? "not known")])
        return table.takeLines()
    }

    /// How far the slowest reader is behind; nil if there is none.
    static func lag(of inbox: JSONObject) -> String? {
        guard let lag = inbox.object("lag"), let messages = lag.integer("messages") else { return nil }
        guard messages > 0 else { return "0" }
        return "\(messages), oldest \(age(lag.decimal("seconds") ?? 0))"
    }

    /// A time in whole units of a size that suits it.
    static func age(_ seconds: Double) -> String {
        // Whatever the other end says, an integer has room for it.
        let seconds = min(max(seconds, 0), 1e12)
        return switch seconds {
        case ..<10: "\(Int((seconds * 1000).rounded())) ms"
        case ..<120: "\(Int(seconds)) s"
        case ..<7200: "\(Int(seconds / 60)) min"
        default: "\(Int(seconds / 3600)) h"
        }
    }
}
