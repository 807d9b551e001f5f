/// Writes help as text for a terminal of 80 columns.
enum HelpPage {
    private static let width = 80

    // MARK: One command

    /// The help of one command.
    static func text(of command: CommandDescription) -> String {
        let page = command.page
        var sections = ["\(capitalised(page.summary))."]
        let usages = page.usage.isEmpty ? [usage(of: command)] : page.usage
        sections.append(section("USAGE", usages.map { "  brokerctl \(page.name) \($0)".trimmingEnd }))
        sections += page.discussion.map { wrapped($0, indent: 0).joined(separator: "\n") }
        if !command.arguments.isEmpty {
            sections.append(section("ARGUMENTS", command.arguments.flatMap(lines(of:))))
        }
        sections.append(section("OPTIONS", command.options.flatMap(lines(of:))))
        if !page.examples.isEmpty {
            let lines = page.examples.flatMap { example in
                ["  brokerctl \(example.line)"] + wrapped(example.meaning, indent: 6)
            }
            sections.append(section("EXAMPLES", lines))
        }
        sections.append(section("EXIT CODES", page.exitCodes.flatMap { line(of: $0, page.exitMeanings[$0]) }))
        return sections.joined(separator: "\n\n") + "\n"
    }

    private static func usage(of command: CommandDescription) -> String {
        (["[OPTIONS]"] + command.arguments.map(\.usage)).joined(separator: " ")
    }

    private static func lines(of argument: ArgumentDescription) -> [String] {
        ["  \(argument.usage)"] + wrapped(argument.help, indent: 6)
    }

    private static func lines(of option: OptionDescription) -> [String] {
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
        return ["  \(letter)--\(option.name)\(placeholder)"] + wrapped(help, indent: 6)
    }

    private static func line(of code: ExitCode, _ meaning: String?) -> [String] {
        let number = String(code.rawValue)
        let lines = wrapped(meaning ?? code.meaning, indent: 7)
        let first = lines.first?.dropFirst(7) ?? ""
        return ["  \(number)\(String(repeating: " ", count: 5 - number.count))\(first)"] + lines.dropFirst()
    }

    // MARK: All commands

    /// The help of brokerctl itself.
    static func text(of commands: [CommandDescription]) -> String {
        let longest = commands.map(\.name.count).max() ?? 0
        let list = commands.map { command in
            "  \(command.name)\(String(repeating: " ", count: longest - command.name.count + 2))\(command.page.summary)"
        }
        let options: [OptionDescription] = [.version, .help]
        let sections = [
            "Runs a broker, and speaks to one.",
            section("USAGE", ["  brokerctl COMMAND [OPTIONS] [ARGUMENTS]"]),
            section("COMMANDS", list),
            section("OPTIONS", options.flatMap(lines(of:))),
            section("EXIT CODES", ExitCode.allCases.flatMap { line(of: $0, nil) }),
            "'brokerctl COMMAND --help' tells more of a command.",
        ]
        return sections.joined(separator: "\n\n") + "\n"
    }

    // MARK: Layout

    private static func section(_ title: String, _ lines: [String]) -> String {
        ([title] + lines).joined(separator: "\n")
    }

    private static func capitalised(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst()
    }

    /// The words of `text` in lines of at most 80 columns, each indented.
    private static func wrapped(_ text: String, indent: Int) -> [String] {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, indent + line.count + 1 + word.count > width {
                lines.append(margin + line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " \(word)"
        }
        if !line.isEmpty { lines.append(margin + line) }
        return lines
    }
}

extension String {
    /// Without spaces at its end.
    fileprivate var trimmingEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
