/// What help and completions tell of an option.
struct OptionDescription: Hashable, Sendable {
    /// Without the dashes: "port".
    var name: String
    /// The letter of its short form, which `-h` alone has so far.
    var letter: Character?
    /// Stands for its value; nil for a flag, which has none.
    var placeholder: String?
    /// What it does, in sentences.
    var help: String
    /// Its value where it is not given, as text; nil if there is none.
    var defaultText: String?
    /// The environment variable that stands in for it.
    var variable: String?
    /// All values that there are, where they are few.
    var choices: [String] = []
    /// Whether it may be given several times, and collects its values then.
    var isRepeatable = false
}

/// An option of a command, declared once: parsing, help, environment variables and completions follow from it.
struct Option<Root> {
    /// What is told of it.
    let description: OptionDescription
    /// What its value must be, as an error says it.
    let expectation: String
    /// Puts a value, given as text, into the command; false if it is none.
    let store: (inout Root, String) -> Bool

    /// An option with a value, whose default is what a new command holds.
    ///
    /// - Parameters:
    ///   - name: The long form without dashes.
    ///   - path: Where its value is kept.
    ///   - syntax: What its value looks like.
    ///   - help: What it does.
    ///   - default: What to tell of the default, where the value itself does not tell it.
    ///   - hasVariable: Whether `BROKER_NAME` stands in for it.
    init<Value>(
        _ name: String,
        _ path: WritableKeyPath<Root, Value>,
        _ syntax: ValueSyntax<Value>,
        _ help: String,
        default: String? = nil,
        hasVariable: Bool = false
    ) where Root: Command {
        self.init(name, syntax, help, default: `default` ?? syntax.write(Root()[keyPath: path]), hasVariable) {
            $0[keyPath: path] = $1
        }
    }

    /// An option with a value that may be absent.
    init<Value>(
        _ name: String,
        _ path: WritableKeyPath<Root, Value?>,
        _ syntax: ValueSyntax<Value>,
        _ help: String,
        default: String? = nil,
        hasVariable: Bool = false
    ) {
        self.init(name, syntax, help, default: `default`, hasVariable) { $0[keyPath: path] = $1 }
    }

    /// An option that may be given several times.
    ///
    /// Its variable holds several values with commas between them; flags replace all of them.
    init<Value>(
        repeatable name: String,
        _ path: WritableKeyPath<Root, [Value]>,
        _ syntax: ValueSyntax<Value>,
        _ help: String,
        hasVariable: Bool = false
    ) {
        self.init(name, syntax, help, default: nil, hasVariable, isRepeatable: true) { $0[keyPath: path].append($1) }
    }

    /// An option without a value, which switches something on.
    ///
    /// `--name=false` and a variable that says `false` leave it off.
    init(flag name: String, _ path: WritableKeyPath<Root, Bool>, _ help: String) {
        description = OptionDescription(name: name, help: help)
        expectation = listed(["true", "false"])
        store = { root, text in
            guard let value = Bool(text) else { return false }
            root[keyPath: path] = value
            return true
        }
    }

    private init<Value>(
        _ name: String,
        _ syntax: ValueSyntax<Value>,
        _ help: String,
        default defaultText: String?,
        _ hasVariable: Bool,
        isRepeatable: Bool = false,
        keep: @escaping (inout Root, Value) -> Void
    ) {
        description = OptionDescription(
            name: name,
            placeholder: syntax.placeholder,
            help: help,
            defaultText: defaultText,
            variable: hasVariable ? Option.variable(for: name) : nil,
            choices: syntax.choices,
            isRepeatable: isRepeatable
        )
        expectation = syntax.expectation
        store = { root, text in
            guard let value = syntax.read(text) else { return false }
            keep(&root, value)
            return true
        }
    }

    /// The environment variable of an option: `BROKER_PORT` for `port`.
    static func variable(for name: String) -> String {
        "BROKER_" + name.uppercased().replacing("-", with: "_")
    }
}

/// What help and completions tell of an argument.
struct ArgumentDescription: Hashable, Sendable {
    /// How many there are.
    enum Count: Hashable, Sendable {
        case one
        case optional
        case any
        case oneOrMore
    }

    /// In capitals: "RECIPIENT".
    var name: String
    /// What it is, in sentences.
    var help: String
    /// How many there are.
    var count: Count
    /// All values that there are, where they are few.
    var choices: [String] = []

    /// As it stands in a usage line.
    var usage: String {
        switch count {
        case .one: name
        case .optional: "[\(name)]"
        case .any: "[\(name)…]"
        case .oneOrMore: "\(name)…"
        }
    }
}

/// What stands on a command line without a name, in its place; only the last of a command's may be several.
struct Argument<Root> {
    /// What is told of it.
    let description: ArgumentDescription
    /// What it must be, as an error says it.
    let expectation: String
    /// Puts a value into the command; false if it is none.
    let store: (inout Root, String) -> Bool

    /// One argument.
    init<Value>(_ name: String, _ path: WritableKeyPath<Root, Value>, _ syntax: ValueSyntax<Value>, _ help: String) {
        self.init(name, .one, syntax, help) { $0[keyPath: path] = $1 }
    }

    /// One argument that may be left out.
    init<Value>(_ name: String, _ path: WritableKeyPath<Root, Value?>, _ syntax: ValueSyntax<Value>, _ help: String) {
        self.init(name, .optional, syntax, help) { $0[keyPath: path] = $1 }
    }

    /// All arguments that are left.
    init<Value>(
        rest name: String,
        _ path: WritableKeyPath<Root, [Value]>,
        _ syntax: ValueSyntax<Value>,
        _ help: String,
        isRequired: Bool
    ) {
        self.init(name, isRequired ? .oneOrMore : .any, syntax, help) { $0[keyPath: path].append($1) }
    }

    private init<Value>(
        _ name: String,
        _ count: ArgumentDescription.Count,
        _ syntax: ValueSyntax<Value>,
        _ help: String,
        keep: @escaping (inout Root, Value) -> Void
    ) {
        description = ArgumentDescription(name: name, help: help, count: count, choices: syntax.choices)
        expectation = syntax.expectation
        store = { root, text in
            guard let value = syntax.read(text) else { return false }
            keep(&root, value)
            return true
        }
    }
}
