extension CompletionScript {
    /// For zsh with its completion system loaded.
    var zsh: String {
        var lines = [
            "#compdef brokerctl",
            "# Completes brokerctl in zsh. To load it: source <(brokerctl completions zsh)",
            "_brokerctl() {",
            "    local -a commands",
            "    commands=(",
        ]
        lines += commands.map { "        '\($0.name):\(quoted($0.page.summary))'" }
        lines += [
            "    )",
            "    if (( CURRENT == 2 )); then",
            "        _describe -t commands command commands",
            "        _arguments '--help[show help]' '--version[show the version]'",
            "        return",
            "    fi",
            "    local command=$words[2]",
            "    shift words",
            "    (( CURRENT-- ))",
            "    case $command in",
        ]
        for command in commands {
            lines.append("        \(command.name))")
            let specifications = command.options.map(specification(of:)) + command.arguments.map(specification(of:))
            lines.append("            _arguments \(specifications.joined(separator: " \\\n                ")) ;;")
        }
        lines += [
            "    esac",
            "}",
            "if [[ ${funcstack[1]} == _brokerctl ]]; then _brokerctl \"$@\"; else compdef _brokerctl brokerctl; fi",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private func specification(of option: OptionDescription) -> String {
        let star = option.isRepeatable ? "*" : ""
        let text = "[\(quoted(phrase(option.help)))]"
        guard let placeholder = option.placeholder else { return "'\(star)--\(option.name)\(text)'" }
        return "'\(star)--\(option.name)=\(text):\(placeholder):\(values(option.choices))'"
    }

    private func specification(of argument: ArgumentDescription) -> String {
        let place =
            switch argument.count {
            case .one: ""
            case .optional: ":"
            case .any, .oneOrMore: "*"
            }
        return "'\(place):\(argument.name):\(values(argument.choices))'"
    }

    private func values(_ choices: [String]) -> String {
        choices.isEmpty ? " " : "(\(choices.joined(separator: " ")))"
    }

    /// Fit to stand in single quotes and in brackets.
    private func quoted(_ text: String) -> String {
        text.replacing("'", with: "'\\''").replacing("[", with: "\\[").replacing("]", with: "\\]")
    }
}
