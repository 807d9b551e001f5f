/// How a value is written on a command line: what it looks like, what it may be, how it is read and written.
struct ValueSyntax<Value> {
    /// Stands for the value in a usage line, for example `N` or `BYTES`.
    let placeholder: String
    /// What the value must be, as the text of an error has it: "an integer from 0 to 65535".
    let expectation: String
    /// All values that there are, where they are few; help and completions list them.
    var choices: [String] = []
    /// The value, or nil if the text is none.
    let read: (String) -> Value?
    /// A text that is read as this value.
    let write: (Value) -> String
}

extension ValueSyntax where Value == String {
    /// Any text that is not empty.
    static func text(_ placeholder: String) -> ValueSyntax {
        ValueSyntax(
            placeholder: placeholder,
            expectation: "a text that is not empty",
            read: { $0.isEmpty ? nil : $0 },
            write: { $0 }
        )
    }

    /// One of a few texts.
    static func oneOf(_ choices: [String], _ placeholder: String) -> ValueSyntax {
        ValueSyntax(
            placeholder: placeholder,
            expectation: listed(choices),
            choices: choices,
            read: { choices.contains($0) ? $0 : nil },
            write: { $0 }
        )
    }
}

extension ValueSyntax where Value == Int {
    /// An integer in decimal digits.
    static func integer(_ range: ClosedRange<Int>) -> ValueSyntax {
        ValueSyntax(
            placeholder: "N",
            expectation: "an integer from \(range.lowerBound) to \(range.upperBound)",
            read: { text in Int(text).flatMap { range.contains($0) ? $0 : nil } },
            write: { String($0) }
        )
    }

    /// A number of bytes, plain or with KiB, MiB or GiB.
    static func bytes(_ range: ClosedRange<Int>) -> ValueSyntax {
        let bounds = (ByteSize.text(range.lowerBound), ByteSize.text(range.upperBound))
        return ValueSyntax(
            placeholder: "BYTES",
            expectation: "a number of bytes from \(bounds.0) to \(bounds.1), plain or with KiB, MiB or GiB",
            read: { text in ByteSize.read(text).flatMap { range.contains($0) ? $0 : nil } },
            write: { ByteSize.text($0) }
        )
    }
}

extension ValueSyntax where Value == Duration {
    /// A number of seconds, decimals allowed, kept to the millisecond.
    static func seconds(_ range: ClosedRange<Double>) -> ValueSyntax {
        ValueSyntax(
            placeholder: "SECONDS",
            expectation:
                "a number of seconds from \(Duration.decimalText(range.lowerBound)) "
                + "to \(Duration.decimalText(range.upperBound))",
            read: { text in
                guard let seconds = Double(text), range.contains(seconds) else { return nil }
                return .milliseconds(Int64((seconds * 1000).rounded()))
            },
            write: { Duration.decimalText($0.inSeconds) }
        )
    }
}

extension ValueSyntax where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of the cases of an enumeration.
    static func choice(_ placeholder: String) -> ValueSyntax {
        let choices = Value.allCases.map(\.rawValue)
        return ValueSyntax(
            placeholder: placeholder,
            expectation: listed(choices),
            choices: choices,
            read: { Value(rawValue: $0) },
            write: { $0.rawValue }
        )
    }
}

/// The texts in quotes, with "or" before the last: "'a', 'b' or 'c'".
func listed(_ texts: [String]) -> String {
    let quoted = texts.map { "'\($0)'" }
    guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "" }
    return quoted.dropLast().joined(separator: ", ") + " or " + last
}

extension Duration {
    /// Seconds with their fraction.
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    /// A number as a person would write it: without ".0".
    static func decimalText(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
    }
}
