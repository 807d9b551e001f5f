/// `help`: the same as `--help`.
struct Help: Command {
    /// Whose help is asked for; nil for that of brokerctl.
    var command: String?

    static let page = CommandPage(
        name: "help",
        summary: "show the help of a command",
        discussion: [],
        examples: [("help send", "The same as 'brokerctl send --help'.")],
        exitCodes: [.success, .usage]
    )

    static var options: [Option<Help>] { [] }

    static var arguments: [Argument<Help>] {
        let names = CommandTable.commands.map { $0.page.name }
        return [Argument("COMMAND", \.command, .oneOf(names, "COMMAND"), "The command; without it, all are listed.")]
    }

    func run(_ console: Console) async throws(Failure) -> ExitCode {
        try write(console)
        return .success
    }

    /// Writes the help, as wide as whoever reads it sees.
    func write(_ console: Console) throws(Failure) {
        let descriptions = CommandTable.descriptions
        let width = console.helpWidth(onTerminal: console.isOutputTerminal)
        if let description = descriptions.first(where: { $0.name == command }) {
            try console.write(HelpPage.text(of: description, width: width))
        } else {
            try console.write(HelpPage.text(of: descriptions, width: width))
        }
    }
}
