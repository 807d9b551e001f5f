internal import HTTPFront

/// A JSON object as it came: its fields are found by name, and their text stays as it is.
///
/// Foundation's decoder is not used, because it refuses texts that hold half of a surrogate pair, which a message's
/// content may, and forgets how numbers were written.
struct JSONObject: Sendable {
    private let bytes: [UInt8]
    private let range: ByteRange
    private var fields: [String: JSONValue] = [:]

    /// Reads a text that is one object.
    init?(_ bytes: [UInt8]) {
        self.init(bytes, ByteRange(0, bytes.count))
    }

    private init?(_ bytes: [UInt8], _ range: ByteRange) {
        self.bytes = bytes
        self.range = range
        let span = bytes.span
        var scanner = JSONObjectScanner(range: range)
        do throws(JSONError) {
            while let field = try scanner.next(in: span) { fields[try field.name(in: span)] = field.value }
        } catch {
            return nil
        }
    }

    /// Its own text.
    var text: String { range.text(in: bytes.span) }

    /// Whether there is such a field, null included.
    func has(_ name: String) -> Bool { fields[name] != nil }

    /// The text of a string; nil if it is absent, something else, or holds half of a surrogate pair.
    func string(_ name: String) -> String? {
        guard let value = fields[name] else { return nil }
        return try? value.string(in: bytes.span)
    }

    /// An integer; nil if it is absent or something else.
    func integer(_ name: String) -> Int? {
        guard let value = fields[name] else { return nil }
        return try? value.integer(in: bytes.span)
    }

    /// A number; nil if it is absent or something else.
    func decimal(_ name: String) -> Double? {
        guard let value = fields[name], case .number = value.kind else { return nil }
        return value.decimal(in: bytes.span)
    }

    /// Whether a field is `true`.
    func isTrue(_ name: String) -> Bool {
        guard let value = fields[name], case .true = value.kind else { return false }
        return true
    }

    /// The JSON text of a field, whatever it is.
    func raw(_ name: String) -> String? {
        fields[name].map { $0.range.text(in: bytes.span) }
    }

    /// An object; nil if it is absent or something else.
    func object(_ name: String) -> JSONObject? {
        fields[name].flatMap { JSONObject(bytes, $0.range) }
    }

    /// The objects of an array; nil if it is absent or holds something else.
    func objects(_ name: String) -> [JSONObject]? {
        guard let value = fields[name], case .array = value.kind else { return nil }
        let span = bytes.span
        var scanner = JSONArrayScanner(range: value.range)
        var objects: [JSONObject] = []
        do throws(JSONError) {
            while let element = try scanner.next(in: span) {
                guard let object = JSONObject(bytes, element.range) else { return nil }
                objects.append(object)
            }
        } catch {
            return nil
        }
        return objects
    }
}

/// Writes JSON objects field by field.
struct JSONText: Sendable {
    /// The text so far, without the closing brace.
    private var text = "{"

    /// Appends a field whose value is JSON already.
    mutating func set(_ name: String, raw value: String) {
        if text.utf8.count > 1 { text += "," }
        text += JSONText.quoted(name) + ":" + value
    }

    /// Appends a string, if there is one.
    mutating func set(_ name: String, _ value: String?) {
        if let value { set(name, raw: JSONText.quoted(value)) }
    }

    /// Appends an array of strings.
    mutating func set(_ name: String, _ values: [String]) {
        set(name, raw: "[" + values.map(JSONText.quoted).joined(separator: ",") + "]")
    }

    /// The object.
    var object: String { text + "}" }

    /// A text as a JSON string.
    static func quoted(_ text: String) -> String {
        let buffer = ByteBuffer(capacity: text.utf8.count + 16)
        buffer.append(jsonString: text)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    /// What is wrong with a text that is to be one JSON value; nil if nothing is.
    static func mistake(in text: String) -> String? {
        // A value alone is an array's only element.
        let bytes = Array("[\(text)]".utf8)
        var scanner = JSONArrayScanner(range: ByteRange(0, bytes.count))
        var count = 0
        do throws(JSONError) {
            while try scanner.next(in: bytes.span) != nil { count += 1 }
        } catch {
            return "at byte \(max(0, error.offset - 1)): \(error.reason)"
        }
        return count == 1 ? nil : "expected one value but found \(count)"
    }
}
