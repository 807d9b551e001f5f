extension CompletionScript {
    /// For fish.
    var fish: String {
        let names = commands.map(\.name).joined(separator: " ")
        var lines = [
            "# Completes brokerctl in fish. To load it: brokerctl completions fish | source",
            "complete -c brokerctl -f",
            "complete -c brokerctl -n 'not __fish_seen_subcommand_from \(names)' -l help -s h -d 'Show help'",
            "complete -c brokerctl -n 'not __fish_seen_subcommand_from \(names)' -l version -d 'Show the version'",
        ]
        for command in commands {
            lines.append(
                "complete -c brokerctl -n 'not __fish_seen_subcommand_from \(names)' -a \(command.name) "
                    + "-d '\(quoted(command.page.summary))'"
            )
            let condition = "complete -c brokerctl -n '__fish_seen_subcommand_from \(command.name)'"
            for option in command.options {
                let letter = option.letter.map { " -s \($0)" } ?? ""
                let value = option.placeholder == nil ? "" : " -x"
                let choices = option.choices.isEmpty ? "" : " -a '\(option.choices.joined(separator: " "))'"
                let text = " -d '\(quoted(phrase(option.help)))'"
                lines.append("\(condition) -l \(option.name)\(letter)\(value)\(choices)\(text)")
            }
            let words = words(of: command)
            if !words.isEmpty { lines.append("\(condition) -a '\(words.joined(separator: " "))'") }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Fit to stand in single quotes.
    private func quoted(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
    }
}
