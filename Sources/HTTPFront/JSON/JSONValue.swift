/// What a JSON value is.
package enum JSONKind: Sendable {
    case string
    case number
    case object
    case array
    case `true`
    case `false`
    case null

    /// The kind with its article, for the text of an error.
    package var described: StaticString {
        switch self {
        case .string: "a string"
        case .number: "a number"
        case .object: "an object"
        case .array: "an array"
        case .true: "true"
        case .false: "false"
        case .null: "null"
        }
    }
}

/// A JSON value that was checked in all its depth, as a range of the text that it stands in.
package struct JSONValue: Sendable {
    /// What it is.
    package var kind: JSONKind
    /// Its raw text, quotes and brackets included, without white space around it.
    package var range: ByteRange
    /// Whether it is a string that holds a backslash, or holds such a string or name.
    package var hasEscapes: Bool
    /// Whether white space stands between its parts, so that `appendCompacted` makes it shorter.
    package var hasInsignificantSpace: Bool

    /// What stands between the quotes of a string.
    package var contentRange: ByteRange { ByteRange(Int(range.lower) + 1, Int(range.upper) - 1) }
}

/// One field of a JSON object.
package struct JSONField: Sendable {
    /// What stands between the quotes of its name, escapes and all.
    package var key: ByteRange
    /// Whether a backslash stands in the name.
    package var keyHasEscapes: Bool
    /// Its value.
    package var value: JSONValue

    /// Whether its name is `literal`, which needs no escapes, however the name was written.
    @inline(__always)
    package func isNamed(_ literal: StaticString, in bytes: Span<UInt8>) -> Bool {
        keyHasEscapes ? isNamedWithEscapes(literal, in: bytes) : key.equals(literal, in: bytes)
    }

    /// Its name as text.
    ///
    /// - Throws: ``JSONError`` if it holds half of a surrogate pair.
    package func name(in bytes: Span<UInt8>) throws(JSONError) -> String {
        try decodedJSONString(key, hasEscapes: keyHasEscapes, in: bytes)
    }

    @inline(never)
    private func isNamedWithEscapes(_ literal: StaticString, in bytes: Span<UInt8>) -> Bool {
        (try? name(in: bytes))?.utf8.elementsEqual(literal.description.utf8) ?? false
    }
}

/// What is wrong with a JSON text.
package struct JSONError: Error, Hashable, Sendable {
    /// Where it is wrong, counted from the first byte of the range that a scanner was given, or of the value.
    package var offset: Int
    /// What was found there and what was expected.
    package var reason: String
    /// The reason with its place, as one clause.
    package var detail: String { "at byte \(offset): \(reason)" }

    /// Makes an error.
    package init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }
}
