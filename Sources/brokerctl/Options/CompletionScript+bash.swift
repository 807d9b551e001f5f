extension CompletionScript {
    /// For bash 3.2 and later, without the bash-completion package.
    var bash: String {
        let names = commands.map(\.name)
        var lines = [
            "# Completes brokerctl in bash. To load it: source <(brokerctl completions bash)",
            "_brokerctl() {",
            "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= words= index",
            "    COMPREPLY=()",
            "    # --name=value is three words to bash.",
            "    if [[ $current == = ]]; then current=; elif [[ $previous == = ]]; then",
            "        previous=${COMP_WORDS[COMP_CWORD-2]}",
            "    fi",
            "    for ((index = 1; index < COMP_CWORD; index++)); do",
            "        case ${COMP_WORDS[index]} in",
            "            \(names.joined(separator: "|"))) command=${COMP_WORDS[index]}; break ;;",
            "        esac",
            "    done",
            "    case $command:$previous in",
        ]
        for command in commands {
            for option in command.options where !option.choices.isEmpty {
                lines.append("        \(command.name):--\(option.name)) words='\(joined(option.choices))' ;;")
            }
            let valued = command.options.filter { $0.placeholder != nil && $0.choices.isEmpty }
            guard !valued.isEmpty else { continue }
            let patterns = valued.map { "\(command.name):--\($0.name)" }
            lines.append("        \(patterns.joined(separator: "|"))) return ;;")
        }
        lines += [
            "    esac",
            "    if [[ -z $words ]]; then",
            "        case $command in",
            "            '') words='\(joined(names)) --help --version' ;;",
        ]
        for command in commands {
            let all = words(of: command) + command.options.map { "--\($0.name)" }
            lines.append("            \(command.name)) words='\(joined(all))' ;;")
        }
        lines += [
            "        esac",
            "    fi",
            "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))",
            "}",
            "complete -F _brokerctl brokerctl",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private func joined(_ words: [String]) -> String {
        words.joined(separator: " ")
    }
}
