/// Reads JSON values one after the other and checks them, by RFC 8259 and in place.
///
/// It keeps offsets only; the bytes come with each call. It never recurses: open brackets are bits of one integer.
struct JSONReader {
    /// The first byte that has not been read.
    var position: Int
    /// Behind the last byte of the text.
    let end: Int
    /// The first byte of the text, for the offsets of errors.
    let base: Int

    /// The deepest nesting that the bits have room for.
    static let depthMax = 128

    /// Skips white space; returns whether there was any.
    @inline(__always)
    @discardableResult
    mutating func skipSpace(_ bytes: Span<UInt8>) -> Bool {
        guard position < end, bytes[position] <= 0x20 else { return false }
        let start = position
        while position < end {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return position > start
            }
        }
        return true
    }

    /// The byte at the current position; nil at the end.
    @inline(__always)
    func peek(_ bytes: Span<UInt8>) -> UInt8? {
        position < end ? bytes[position] : nil
    }

    /// Reads `name` and the colon behind it, up to where the value begins.
    @inline(__always)
    mutating func readKey(
        _ bytes: Span<UInt8>,
        _ expectation: StaticString = "a name in '\"'"
    ) throws(JSONError) -> (key: ByteRange, hasEscapes: Bool, hasSpace: Bool) {
        guard peek(bytes) == 0x22 else { throw expected(expectation, bytes) }
        let start = position + 1
        let hasEscapes = try readString(bytes)
        let key = ByteRange(start, position - 1)
        var hasSpace = skipSpace(bytes)
        guard peek(bytes) == 0x3A else { throw expected("':'", bytes) }
        position += 1
        if skipSpace(bytes) { hasSpace = true }
        return (key, hasEscapes, hasSpace)
    }

    /// Reads one value of up to `depthMax` levels of brackets, at most 128; white space around it is left alone.
    @inline(__always)
    mutating func readValue(_ bytes: Span<UInt8>, depthMax: Int) throws(JSONError) -> JSONValue {
        let start = position
        var hasEscapes = false
        var hasSpace = false
        let kind: JSONKind
        switch peek(bytes) {
        case 0x22:
            kind = .string
            hasEscapes = try readString(bytes)
        case 0x7B:
            kind = .object
            (hasEscapes, hasSpace) = try readContainer(bytes, depthMax: depthMax)
        case 0x5B:
            kind = .array
            (hasEscapes, hasSpace) = try readContainer(bytes, depthMax: depthMax)
        default:
            kind = try readPlain(bytes)
        }
        return JSONValue(
            kind: kind,
            range: ByteRange(start, position),
            hasEscapes: hasEscapes,
            hasInsignificantSpace: hasSpace
        )
    }

    /// Reads an object or array, from its opening to its closing bracket.
    private mutating func readContainer(
        _ bytes: Span<UInt8>,
        depthMax: Int
    ) throws(JSONError) -> (hasEscapes: Bool, hasSpace: Bool) {
        let depthMax = min(depthMax, Self.depthMax)
        var hasEscapes = false
        var hasSpace = false
        // The lowest bit tells what the innermost open bracket is: 1 for an object.
        var open: UInt128 = 0
        var depth = 0
        reading: while true {
            // A value begins here.
            var isClosing = false
            switch peek(bytes) {
            case 0x22:
                if try readString(bytes) { hasEscapes = true }
            case .some(let bracket) where bracket == 0x7B || bracket == 0x5B:
                guard depth < depthMax else { throw error("more than \(depthMax) levels of nesting; make it flatter") }
                let isObject = bracket == 0x7B
                position += 1
                depth += 1
                open = open &<< 1 | (isObject ? 1 : 0)
                if skipSpace(bytes) { hasSpace = true }
                isClosing = peek(bytes) == bracket + 2
                if !isClosing {
                    guard isObject else { continue reading }
                    let (_, keyHasEscapes, keyHasSpace) = try readKey(bytes, "a name in '\"' or '}'")
                    if keyHasEscapes { hasEscapes = true }
                    if keyHasSpace { hasSpace = true }
                    continue reading
                }
            default:
                _ = try readPlain(bytes)
            }
            // A value ended here, or the bracket that has just been opened is closed.
            while true {
                if isClosing {
                    position += 1
                    depth -= 1
                    open &>>= 1
                    guard depth > 0 else { return (hasEscapes, hasSpace) }
                }
                if skipSpace(bytes) { hasSpace = true }
                let isObject = open & 1 == 1
                guard peek(bytes) == 0x2C else {
                    isClosing = peek(bytes) == (isObject ? 0x7D : 0x5D)
                    guard isClosing else { throw expected(isObject ? "',' or '}'" : "',' or ']'", bytes) }
                    continue
                }
                position += 1
                if skipSpace(bytes) { hasSpace = true }
                if isObject {
                    let (_, keyHasEscapes, keyHasSpace) = try readKey(bytes)
                    if keyHasEscapes { hasEscapes = true }
                    if keyHasSpace { hasSpace = true }
                }
                continue reading
            }
        }
    }

    /// Reads a number, `true`, `false` or `null`.
    private mutating func readPlain(_ bytes: Span<UInt8>) throws(JSONError) -> JSONKind {
        switch peek(bytes) {
        case 0x74:
            try readLiteral("true", bytes)
            return .true
        case 0x66:
            try readLiteral("false", bytes)
            return .false
        case 0x6E:
            try readLiteral("null", bytes)
            return .null
        case .some(let byte) where byte == 0x2D || byte.isDigit:
            try readNumber(bytes)
            return .number
        default:
            throw expected("a value", bytes)
        }
    }

    private mutating func readLiteral(_ literal: StaticString, _ bytes: Span<UInt8>) throws(JSONError) {
        let length = literal.utf8CodeUnitCount
        guard end - position >= length,
            ByteRange(position, position + length).equals(literal, in: bytes)
        else { throw error("expected \(literal)") }
        position += length
    }

    private mutating func readNumber(_ bytes: Span<UInt8>) throws(JSONError) {
        if peek(bytes) == 0x2D { position += 1 }
        if peek(bytes) == 0x30 {
            position += 1
            if let byte = peek(bytes), byte.isDigit { throw error("a number does not begin with a superfluous 0") }
        } else {
            try readDigits(bytes)
        }
        if peek(bytes) == 0x2E {
            position += 1
            try readDigits(bytes)
        }
        guard let byte = peek(bytes), byte | 0x20 == 0x65 else { return }
        position += 1
        if let sign = peek(bytes), sign == 0x2B || sign == 0x2D { position += 1 }
        try readDigits(bytes)
    }

    @inline(__always)
    private mutating func readDigits(_ bytes: Span<UInt8>) throws(JSONError) {
        let start = position
        while position < end, bytes[position].isDigit {
            position += 1
        }
        guard position > start else { throw expected("a digit", bytes) }
    }

    @inline(never)
    func expected(_ expectation: StaticString, _ bytes: Span<UInt8>) -> JSONError {
        guard let byte = peek(bytes) else { return error("expected \(expectation) but the text ended") }
        if byte == 0xEF, position == base {
            return error("the text begins with a byte order mark; leave it out")
        }
        return error("expected \(expectation) but found \(byte.described)")
    }

    /// An error at the current position.
    @inline(never)
    func error(_ reason: String) -> JSONError {
        JSONError(offset: position - base, reason: reason)
    }
}
