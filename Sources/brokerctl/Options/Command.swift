/// One subcommand: its fields hold what was asked for, its options and arguments say how it is written.
protocol Command: Sendable {
    /// What the command does where nothing is said.
    init()

    /// What is told of it, except for options and arguments.
    static var page: CommandPage { get }
    /// Its options, in the order of the help.
    static var options: [Option<Self>] { get }
    /// Its arguments, in their places.
    static var arguments: [Argument<Self>] { get }

    /// Whether Ctrl-C ends the process at once; false for a command that sees to it itself.
    static var endsOnInterruption: Bool { get }

    /// Checks what no single option can: which go together.
    func validate() throws(UsageError)

    /// Does it.
    ///
    /// - Returns: How the process is to end.
    func run(_ console: Console) async throws(Failure) -> ExitCode
}

extension Command {
    static var arguments: [Argument<Self>] { [] }

    static var endsOnInterruption: Bool { true }

    func validate() throws(UsageError) {}
}

/// What the help of a command holds beside its options and arguments.
struct CommandPage: Sendable {
    /// The word on the command line.
    var name: String
    /// What it does, in one phrase without a full stop.
    var summary: String
    /// What stands behind the name in usage lines, where it is not simply the options and arguments.
    var usage: [String] = []
    /// What is to be known of it, in paragraphs.
    var discussion: [String]
    /// Command lines, without "brokerctl", and what they do.
    var examples: [(line: String, meaning: String)]
    /// How it can end.
    var exitCodes: [ExitCode]
    /// What that means, where it is more than what the code means everywhere.
    var exitMeanings: [ExitCode: String] = [:]
}

/// Everything that help and completions tell of a command.
struct CommandDescription: Sendable {
    var page: CommandPage
    var options: [OptionDescription]
    var arguments: [ArgumentDescription]

    var name: String { page.name }
}

extension Command {
    /// Its help as data.
    static var description: CommandDescription {
        CommandDescription(
            page: page,
            options: options.map(\.description) + [.help],
            arguments: arguments.map(\.description)
        )
    }
}

extension OptionDescription {
    /// The option that every command has.
    static let help = OptionDescription(name: "help", letter: "h", help: "Show this help.")
    /// The option that brokerctl has beside its commands'.
    static let version = OptionDescription(name: "version", help: "Show the version.")
}

/// How the process ends: the numbers that scripts may rely on.
enum ExitCode: Int32, CaseIterable, Sendable {
    case success = 0
    case failure = 1
    case usage = 2
    case unreachable = 3
    case nothing = 4
    case interrupted = 130
    case terminated = 143

    /// What it stands for.
    var meaning: String {
        switch self {
        case .success: "Done."
        case .failure: "The broker refused, or something failed; the standard error output says what."
        case .usage: "The command line is wrong; nothing was done."
        case .unreachable: "The broker cannot be reached."
        case .nothing: "Nothing came before the timeout."
        case .interrupted: "Interrupted (Ctrl-C)."
        case .terminated: "Ended at once by a second SIGTERM (serve)."
        }
    }
}

/// What is wrong with a command line, and what to do about it.
struct UsageError: Error, Hashable, Sendable {
    /// What was asked, what was found and what is allowed.
    var message: String
    /// The command whose help tells more; nil for that of brokerctl.
    var command: String?
}
