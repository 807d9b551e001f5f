internal import HTTPFront

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// The command line tool: finds the command, reads its arguments, runs it, and says how that ended.
@main
struct Brokerctl {
    /// The version of the broker and of the tool, which are one program.
    static let version = ServerConfiguration().version

    static func main() async {
        // A reader of the output that goes away shows as an error of the write.
        signal(SIGPIPE, SIG_IGN)
        let code = await run(Array(CommandLine.arguments.dropFirst()), Console.process())
        exit(code.rawValue)
    }

    /// Does what the arguments ask for; tells failures on the standard error output.
    static func run(_ words: [String], _ console: Console) async -> ExitCode {
        do throws(Failure) {
            guard let name = words.first else {
                let width = console.helpWidth(onTerminal: console.isErrorTerminal)
                console.writeError(HelpPage.text(of: CommandTable.descriptions, width: width))
                return .usage
            }
            switch name {
            case "--help", "-h":
                try Help().write(console)
                return .success
            case "--version":
                try printVersion(console)
                return .success
            default:
                return try await run(command(named: name), Array(words.dropFirst()), console)
            }
        } catch {
            tell(error, console)
            return error.exitCode
        }
    }

    private static func command(named name: String) throws(Failure) -> any Command.Type {
        do throws(UsageError) {
            return try CommandTable.command(named: name)
        } catch {
            throw .usage(error)
        }
    }

    private static func run<Root: Command>(
        _ type: Root.Type,
        _ words: [String],
        _ console: Console
    ) async throws(Failure) -> ExitCode {
        let parsed: ParsedCommand<Root>
        do throws(UsageError) {
            parsed = try ArgumentParser<Root>.parse(words, environment: console.environment)
        } catch {
            throw .usage(error)
        }
        switch parsed {
        case .help:
            var help = Help()
            help.command = Root.page.name
            try help.write(console)
            return .success
        case .version:
            try printVersion(console)
            return .success
        case .run(let command):
            // Kept until the command has ended.
            let interruption = Root.endsOnInterruption ? Interruption() : nil
            defer { withExtendedLifetime(interruption) {} }
            return try await command.run(console)
        }
    }

    private static func printVersion(_ console: Console) throws(Failure) {
        try console.print("brokerctl \(version)")
    }

    private static func tell(_ failure: Failure, _ console: Console) {
        for message in failure.messages { console.note("error: \(message)") }
        guard case .usage(let error) = failure else { return }
        console.note("try 'brokerctl \(error.command.map { "\($0) " } ?? "")--help'")
    }
}
