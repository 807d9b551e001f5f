internal import Broker

// What a field's value means. Each error names the field, what was found, and what is allowed.
extension FieldValue {
    /// The value as text.
    func text() throws(Problem) -> String {
        switch notation {
        case .text(let range, isPlain: true):
            return range.text(in: bytes.span)
        case .text(let range, isPlain: false):
            do throws(FormError) {
                return try decodedFormText(range, in: bytes.span)
            } catch {
                throw .invalid("'\(field.name)' is malformed: \(error.detail)")
            }
        case .json(let value):
            return try text(of: value)
        }
    }

    private func text(of value: JSONValue) throws(Problem) -> String {
        do throws(JSONError) {
            return try value.string(in: bytes.span)
        } catch {
            throw .invalid("'\(field.name)' is wrong \(error.detail)")
        }
    }

    /// The value as a name of 1 to `bytesMax` bytes.
    func name(bytesMax: Int) throws(Problem) -> String {
        let text = try text()
        do throws(BrokerError) {
            try Name.check(text, called: "'\(field.name)'", bytesMax: bytesMax)
        } catch {
            throw Problem(error)
        }
        return text
    }

    /// The value as a recipient.
    func recipient() throws(Problem) -> Recipient {
        try recipient(try text())
    }

    private func recipient(_ text: String) throws(Problem) -> Recipient {
        do throws(BrokerError) {
            return try Recipient(text, called: field == .presence ? "presence" : "recipient")
        } catch {
            throw Problem(error)
        }
    }

    /// The value as recipients where there is a list of them, which only JSON can write.
    func recipientList(max: Int) throws(Problem) -> [Recipient] {
        guard case .json(let value) = notation else {
            throw .invalid("'\(field.name)' is for JSON; in a form, give 'recipient' once for each")
        }
        guard value.kind == .array else {
            throw .invalid("'\(field.name)' is \(value.kind.described); give an array of recipients")
        }
        return try recipients(max: max)
    }

    /// The value as recipients: one, or, in JSON, an array of them.
    func recipients(max: Int) throws(Problem) -> [Recipient] {
        guard case .json(let value) = notation, value.kind == .array else { return [try recipient()] }
        return try texts(of: value, max: max).map { (text) throws(Problem) in try recipient(text) }
    }

    /// The value as ids: one, or, in JSON, an array of them.
    func ids() throws(Problem) -> [MessageID] {
        var texts: [String] = []
        if case .json(let value) = notation {
            guard value.kind == .array else {
                throw .invalid("'\(field.name)' is \(value.kind.described); give an array of ids")
            }
            texts = try self.texts(of: value, max: 1000)
        } else {
            texts = [try text()]
        }
        return try texts.map { (text) throws(Problem) in try id(text) }
    }

    /// The value as one id.
    func id() throws(Problem) -> MessageID {
        try id(try text())
    }

    private func id(_ text: String) throws(Problem) -> MessageID {
        guard let id = MessageID(text) else {
            throw .invalid("'\(field.name)' has '\(text.prefix(80))', which is no id; give ids as they were received")
        }
        return id
    }

    private func texts(of value: JSONValue, max: Int) throws(Problem) -> [String] {
        var scanner = JSONArrayScanner(range: value.range)
        var texts: [String] = []
        while let element = try next(&scanner) {
            guard texts.count < max else {
                throw .invalid("'\(field.name)' has more than \(max) elements; give 1 to \(max)")
            }
            texts.append(try text(of: element))
        }
        guard !texts.isEmpty else { throw .invalid("'\(field.name)' is empty; give 1 to \(max) elements") }
        return texts
    }

    private func next(_ scanner: inout JSONArrayScanner) throws(Problem) -> JSONValue? {
        do throws(JSONError) {
            return try scanner.next(in: bytes.span)
        } catch {
            throw .invalid("'\(field.name)' is wrong \(error.detail)")
        }
    }

    /// The value as an integer within `range`.
    func integer(in range: ClosedRange<Int>) throws(Problem) -> Int {
        let found: Int?
        switch notation {
        case .json(let value):
            // To JSON 30, 30.0 and 3e1 are the same number.
            found = value.kind == .number ? Int(exactly: value.decimal(in: bytes.span)) : nil
        case .text:
            let text = try text()
            found = text.utf8.allSatisfy(\.isDigit) ? Int(text) : nil
        }
        guard let found, range.contains(found) else {
            throw .invalid(
                "'\(field.name)' is \(try shown()); give an integer from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return found
    }

    /// The value as a number of seconds from 0 to `max`, fractions allowed.
    func seconds(max: Int) throws(Problem) -> Duration {
        if let whole = fewDigits {
            guard whole <= max else { throw try notSeconds(max: max) }
            return .seconds(whole)
        }
        let found: Double?
        switch notation {
        case .json(let value):
            found = value.kind == .number ? value.decimal(in: bytes.span) : nil
        case .text:
            let text = try text()
            // Digits and a point only: no signs, exponents, hexadecimal digits or names, which `Double` would take.
            found = text.utf8.allSatisfy { $0.isDigit || $0 == UInt8(ascii: ".") } ? Double(text) : nil
        }
        guard let found, found >= 0, found <= Double(max) else { throw try notSeconds(max: max) }
        return .milliseconds(Int64((found * 1000).rounded(.up)))
    }

    /// The value if it is one to nine digits and nothing else, as nearly every number is.
    private var fewDigits: Int? {
        let range: ByteRange
        switch notation {
        case .text(let text, isPlain: _): range = text
        case .json(let value): range = value.range
        }
        guard (1...9).contains(range.count) else { return nil }
        let span = bytes.span
        var number = 0
        for offset in range.offsets {
            guard span[offset].isDigit else { return nil }
            number = number * 10 + Int(span[offset] - 48)
        }
        return number
    }

    private func notSeconds(max: Int) throws(Problem) -> Problem {
        .invalid("'\(field.name)' is \(try shown()); give a number of seconds from 0 to \(max)")
    }

    /// The value as yes or no.
    func flag() throws(Problem) -> Bool {
        if case .json(let value) = notation {
            switch value.kind {
            case .true: return true
            case .false: return false
            case .string, .number, .object, .array, .null:
                throw .invalid("'\(field.name)' is \(try shown()); give true or false")
            }
        }
        switch try text() {
        case "1", "true": return true
        case "0", "false": return false
        default: throw .invalid("'\(field.name)' is \(try shown()); give 1 or 0")
        }
    }

    /// The value as a cursor.
    func cursor() throws(Problem) -> Cursor {
        if case .text(let range, isPlain: true) = notation, let cursor = Cursor(utf8: range.slice(of: bytes)) {
            return cursor
        }
        let text = try text()
        do throws(BrokerError) {
            return try Cursor(text)
        } catch {
            throw Problem(error)
        }
    }

    /// The value as it came, shortened, for the text of an error.
    func shown() throws(Problem) -> String {
        switch notation {
        case .text: return "'\(try text().prefix(80))'"
        case .json(let value) where value.kind == .object || value.kind == .array: return "\(value.kind.described)"
        case .json(let value): return String(value.range.text(in: bytes.span).prefix(80))
        }
    }
}

extension ByteRange {
    /// The bytes themselves.
    @inline(__always)
    func slice(of bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[offsets])
    }
}
