/// What a command line asks for.
enum ParsedCommand<Root> {
    case run(Root)
    case help
    case version
}

/// Reads the arguments of one command.
///
/// `--name value`, `--name=value`, `-h`; `--` ends the options. Options and arguments may be mixed. Of an option that
/// is given twice and is not repeatable, the last counts, so that an alias can be overridden.
struct ArgumentParser<Root: Command> {
    private let options = Root.options
    private let arguments = Root.arguments
    private let name = Root.page.name
    private let environment: [String: String]
    private var root = Root()
    private var words: [String] = []
    private var given: Set<String> = []

    private init(environment: [String: String]) {
        self.environment = environment
    }

    /// Reads what stands behind the name of the command.
    ///
    /// Help and version win over everything else that is there, mistakes included.
    static func parse(_ words: [String], environment: [String: String]) throws(UsageError) -> ParsedCommand<Root> {
        let named = words.prefix { $0 != "--" }
        if named.contains("--help") || named.contains("-h") { return .help }
        if named.contains("--version") { return .version }
        var parser = ArgumentParser(environment: environment)
        try parser.readWords(words)
        try parser.readVariables()
        try parser.placeArguments()
        try parser.root.validate()
        return .run(parser.root)
    }

    private func error(_ message: String) -> UsageError {
        UsageError(message: message, command: name)
    }

    // MARK: Words

    private mutating func readWords(_ all: [String]) throws(UsageError) {
        var rest = all[...]
        while let word = rest.popFirst() {
            if word == "--" {
                words += rest
                return
            }
            if word.hasPrefix("--") {
                try readOption(word, &rest)
            } else if word.hasPrefix("-"), word.count > 1 {
                throw error("unknown option '\(word)' for '\(name)'\(hint(forShort: word))")
            } else {
                words.append(word)
            }
        }
    }

    private mutating func readOption(_ word: String, _ rest: inout ArraySlice<String>) throws(UsageError) {
        let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let optionName = String(parts[0])
        guard let option = options.first(where: { $0.description.name == optionName }) else {
            let names = options.map(\.description.name) + ["help", "version"]
            let hint = Suggestion.best(for: optionName, among: names).map { "; did you mean '--\($0)'?" }
            throw error("unknown option '--\(optionName)' for '\(name)'\(hint ?? "")")
        }
        var value = parts.count > 1 ? String(parts[1]) : nil
        if value == nil {
            value = try option.description.placeholder == nil ? "true" : nextValue(of: option, &rest)
        }
        given.insert(optionName)
        try store(value ?? "", into: option, from: "option '--\(optionName)'")
    }

    private func nextValue(of option: Option<Root>, _ rest: inout ArraySlice<String>) throws(UsageError) -> String {
        let option = option.description
        let placeholder = option.placeholder ?? ""
        guard let next = rest.first else {
            throw error("option '--\(option.name)' needs a value: --\(option.name) \(placeholder)")
        }
        // More likely a forgotten value than one with dashes in front.
        guard !next.hasPrefix("--") else {
            throw error(
                "option '--\(option.name)' needs a value, but '\(next)' follows; "
                    + "if that is the value, write '--\(option.name)=\(next)'"
            )
        }
        rest.removeFirst()
        return next
    }

    private mutating func store(_ value: String, into option: Option<Root>, from source: String) throws(UsageError) {
        guard option.store(&root, value) else {
            throw error("\(source) is '\(value)'; it must be \(option.expectation)")
        }
    }

    private func hint(forShort word: String) -> String {
        let letters = word.dropFirst()
        let names = options.map(\.description.name)
        // One dash instead of two.
        if let name = names.first(where: { $0 == letters.prefix { $0 != "=" } }) {
            return "; did you mean '--\(name)'?"
        }
        let matches = letters.count == 1 ? names.filter { $0.hasPrefix(letters) } : []
        if matches.count == 1, let match = matches.first { return "; did you mean '--\(match)'?" }
        return arguments.isEmpty ? "" : "; write '--' before arguments that begin with '-'"
    }

    // MARK: Variables

    private mutating func readVariables() throws(UsageError) {
        for option in options {
            guard let variable = option.description.variable, !given.contains(option.description.name),
                let text = environment[variable], !text.isEmpty, !isServiceLink(variable, text)
            else { continue }
            let values = option.description.isRepeatable ? text.split(separator: ",").map(String.init) : [text]
            for value in values {
                try store(value.trimmingSpaces, into: option, from: "variable \(variable)")
            }
        }
    }

    /// Whether a variable was not meant for this program: in a cluster with a service called `broker`, Kubernetes sets
    /// `BROKER_PORT` to `tcp://ADDRESS:PORT` in every pod, which nobody would write who means a port.
    private func isServiceLink(_ variable: String, _ text: String) -> Bool {
        variable.hasSuffix("_PORT") && ["tcp://", "udp://", "sctp://"].contains { text.hasPrefix($0) }
    }

    // MARK: Arguments

    private mutating func placeArguments() throws(UsageError) {
        var rest = words[...]
        for argument in arguments {
            switch argument.description.count {
            case .one, .optional:
                guard let word = rest.popFirst() else {
                    if argument.description.count == .optional { continue }
                    throw missing(argument)
                }
                try store(word, into: argument)
            case .any, .oneOrMore:
                if rest.isEmpty, argument.description.count == .oneOrMore { throw missing(argument) }
                while let word = rest.popFirst() { try store(word, into: argument) }
            }
        }
        guard let extra = rest.first else { return }
        let usages = arguments.map(\.description.usage)
        let allowed = usages.isEmpty ? "it takes none" : "it takes \(usages.joined(separator: " "))"
        throw error("unexpected argument '\(extra)' for '\(name)'; \(allowed)")
    }

    private mutating func store(_ word: String, into argument: Argument<Root>) throws(UsageError) {
        guard argument.store(&root, word) else {
            let near = Suggestion.best(for: word, among: argument.description.choices)
            let hint = near.map { "; did you mean '\($0)'?" } ?? ""
            throw error("\(argument.description.name) is '\(word)'; it must be \(argument.expectation)\(hint)")
        }
    }

    private func missing(_ argument: Argument<Root>) -> UsageError {
        error("'\(name)' needs \(argument.description.usage), which is missing")
    }
}

extension String {
    /// Without spaces at both ends.
    fileprivate var trimmingSpaces: String {
        let start = drop { $0 == " " }
        let end = start.lastIndex { $0 != " " } ?? start.startIndex
        return start.isEmpty ? "" : String(start[...end])
    }
}
