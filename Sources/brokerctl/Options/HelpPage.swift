/// Writes help as text for a terminal of some width; words are never broken.
struct HelpPage {
    private let width: Int

    /// The help of one command, in lines of `width` columns.
    static func text(of command: CommandDescription, width: Int = 80) -> String {
        HelpPage(width: width).text(of: command)
    }

    /// The help of brokerctl itself, in lines of `width` columns.
    static func text(of commands: [CommandDescription], width: Int = 80) -> String {
        HelpPage(width: width).text(of: commands)
    }

    // MARK: One command

    private func text(of command: CommandDescription) -> String {
        let page = command.page
        var sections = hanging("\(capitalised(page.summary)).", 0, 0)
        let usages = page.usage.isEmpty ? [usage(of: command)] : page.usage
        sections.append(section("USAGE", usages.flatMap { hanging("brokerctl \(page.name) \($0)", 2, 6) }))
        sections += page.discussion.map { hanging($0, 0, 0).joined(separator: "\n") }
        if !command.arguments.isEmpty {
            sections.append(section("ARGUMENTS", command.arguments.flatMap(lines(of:))))
        }
        sections.append(section("OPTIONS", command.options.flatMap(lines(of:))))
        if !page.examples.isEmpty {
            let lines = page.examples.flatMap { example in
                commandLine("brokerctl \(example.line)") + hanging(example.meaning, 6, 6)
            }
            sections.append(section("EXAMPLES", lines))
        }
        sections.append(section("EXIT CODES", page.exitCodes.flatMap { line(of: $0, page.exitMeanings[$0]) }))
        return sections.joined(separator: "\n\n") + "\n"
    }

    private func usage(of command: CommandDescription) -> String {
        (["[OPTIONS]"] + command.arguments.map(\.usage)).joined(separator: " ")
    }

    private func lines(of argument: ArgumentDescription) -> [String] {
        ["  \(argument.usage)"] + hanging(argument.help, 6, 6)
    }

    private func lines(of option: OptionDescription) -> [String] {
        let letter = option.letter.map { "-\($0), " } ?? ""
        let placeholder = option.placeholder.map { " \($0)" } ?? ""
        var facts: [String] = []
        if !option.choices.isEmpty { facts.append("One of: \(option.choices.joined(separator: ", ")).") }
        if option.isRepeatable { facts.append("May be repeated.") }
        if let text = option.defaultText { facts.append("Default: \(text).") }
        if let variable = option.variable {
            facts.append("Variable: \(variable)\(option.isRepeatable ? ", with commas between the values" : "").")
        }
        let help = ([option.help] + facts).joined(separator: " ")
        return ["  \(letter)--\(option.name)\(placeholder)"] + hanging(help, 6, 6)
    }

    private func line(of code: ExitCode, _ meaning: String?) -> [String] {
        entry(String(code.rawValue), 3, meaning ?? code.meaning)
    }

    // MARK: All commands

    private func text(of commands: [CommandDescription]) -> String {
        let longest = commands.map(\.name.count).max() ?? 0
        let list = commands.flatMap { entry($0.name, longest, $0.page.summary) }
        let options: [OptionDescription] = [.version, .help]
        let sections = [
            "Runs a broker, and speaks to one.",
            section("USAGE", hanging("brokerctl COMMAND [OPTIONS] [ARGUMENTS]", 2, 6)),
            section("COMMANDS", list),
            section("OPTIONS", options.flatMap(lines(of:))),
            section("EXIT CODES", ExitCode.allCases.flatMap { line(of: $0, nil) }),
            hanging("'brokerctl COMMAND --help' tells more of a command.", 0, 0).joined(separator: "\n"),
        ]
        return sections.joined(separator: "\n\n") + "\n"
    }

    // MARK: Layout

    private func section(_ title: String, _ lines: [String]) -> String {
        ([title] + lines).joined(separator: "\n")
    }

    private func capitalised(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst()
    }

    /// A name in a column of its own, and what it means in another.
    private func entry(_ name: String, _ nameWidth: Int, _ meaning: String) -> [String] {
        let indent = nameWidth + 4
        let lines = hanging(meaning, indent, indent)
        guard let first = lines.first else { return ["  \(name)"] }
        let start = "  \(TerminalText.padded(name, to: nameWidth))  "
        return [start + first.dropFirst(indent)] + lines.dropFirst()
    }

    /// The words of `text` in lines, the first with one indentation, all others with another.
    private func hanging(_ text: String, _ first: Int, _ others: Int) -> [String] {
        lines(of: text.split(separator: " "), first, others, continuedBy: "")
    }

    /// A command line, in several where it is too long, as a shell reads it: blanks in quotes are left alone.
    private func commandLine(_ text: String) -> [String] {
        var words: [Substring] = []
        var start = text.startIndex
        var quote: Character?
        for index in text.indices {
            let character = text[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if character == " " {
                words.append(text[start..<index])
                start = text.index(after: index)
            }
        }
        words.append(text[start...])
        return lines(of: words, 2, 6, continuedBy: " \\")
    }

    private func lines(of words: [Substring], _ first: Int, _ others: Int, continuedBy end: String) -> [String] {
        var lines: [String] = []
        var line = String(repeating: " ", count: first)
        var isEmpty = true
        for word in words {
            if !isEmpty, line.count + 1 + word.count + end.count > width {
                lines.append(line + end)
                line = String(repeating: " ", count: others)
                isEmpty = true
            }
            line += isEmpty ? word : " \(word)"
            isEmpty = false
        }
        if !isEmpty { lines.append(line) }
        return lines
    }
}
