/// `completions`: writes what a shell needs to complete command lines.
struct Completions: Command {
    /// Which shell.
    var shell = Shell.bash

    static let page = CommandPage(
        name: "completions",
        summary: "write completions for a shell",
        discussion: ["Writes a script that completes commands, options and their values in that shell."],
        examples: [
            ("completions bash > /etc/bash_completion.d/brokerctl", "For all users of bash."),
            ("completions zsh > \"${fpath[1]}/_brokerctl\"", "For zsh."),
            ("completions fish > ~/.config/fish/completions/brokerctl.fish", "For fish."),
        ],
        exitCodes: [.success, .usage]
    )

    static var options: [Option<Completions>] { [] }

    static var arguments: [Argument<Completions>] {
        [Argument("SHELL", \.shell, .choice("SHELL"), "bash, zsh or fish.")]
    }

    func run(_ console: Console) async throws(Failure) -> ExitCode {
        try console.write(CompletionScript(commands: CommandTable.descriptions).text(for: shell))
        return .success
    }
}
