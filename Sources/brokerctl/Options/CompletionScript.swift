/// The shells that completions are written for.
enum Shell: String, CaseIterable, Sendable {
    case bash
    case zsh
    case fish
}

/// Writes scripts that complete command lines in a shell.
struct CompletionScript {
    let commands: [CommandDescription]

    /// The script for a shell.
    func text(for shell: Shell) -> String {
        switch shell {
        case .bash: bash
        case .zsh: zsh
        case .fish: fish
        }
    }

    /// The first phrase of a help text, which has no full stop in it.
    func phrase(_ help: String) -> String {
        String(help.prefix { $0 != "." && $0 != ":" && $0 != ";" })
    }

    /// What may stand for the arguments of a command.
    func words(of command: CommandDescription) -> [String] {
        command.arguments.flatMap(\.choices)
    }
}
