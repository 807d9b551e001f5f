/// All commands, in the order of the help.
enum CommandTable {
    static let commands: [any Command.Type] = [
        Serve.self, Send.self, Poll.self, Tail.self, Ack.self, Inbox.self, Inboxes.self, Stats.self, Bench.self,
        Completions.self, Help.self,
    ]

    /// What help and completions tell of them.
    static var descriptions: [CommandDescription] { commands.map { $0.description } }

    /// The command of that name.
    ///
    /// - Throws: An error that names the nearest one.
    static func command(named name: String) throws(UsageError) -> any Command.Type {
        if let command = commands.first(where: { $0.page.name == name }) { return command }
        let hint = Suggestion.best(for: name, among: commands.map { $0.page.name }).map { "; did you mean '\($0)'?" }
        throw UsageError(message: "unknown \(name.hasPrefix("-") ? "option" : "command") '\(name)'\(hint ?? "")")
    }
}
