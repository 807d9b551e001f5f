internal import Broker

/// The names that queries, forms and JSON bodies use; each operation takes some of them.
enum Field: UInt8, CaseIterable {
    case recipient, recipients, sender, type, content, ttlSeconds, key
    case cursor, timeout, limit, lease, session, take, observe, `as`, callback, presence
    case upTo, ids, delaySeconds
    case prefix, after

    var name: StaticString {
        switch self {
        case .recipient: "recipient"
        case .recipients: "recipients"
        case .sender: "sender"
        case .type: "type"
        case .content: "content"
        case .ttlSeconds: "ttlSeconds"
        case .key: "key"
        case .cursor: "cursor"
        case .timeout: "timeout"
        case .limit: "limit"
        case .lease: "lease"
        case .session: "session"
        case .take: "take"
        case .observe: "observe"
        case .as: "as"
        case .callback: "callback"
        case .presence: "presence"
        case .upTo: "upTo"
        case .ids: "ids"
        case .delaySeconds: "delaySeconds"
        case .prefix: "prefix"
        case .after: "after"
        }
    }
}

/// Some of the names.
struct FieldSet: OptionSet {
    let rawValue: UInt32

    static let send: FieldSet = [.recipient, .recipients, .sender, .type, .content, .ttlSeconds, .key]
    static let poll: FieldSet = [.recipient, .cursor, .timeout, .limit, .lease, .session, .observe]
    static let stream: FieldSet = [.recipient, .cursor, .session, .take, .observe, .as, .callback, .watched]
    static let ack: FieldSet = [.recipient, .upTo, .ids]
    static let release: FieldSet = [.recipient, .ids, .delaySeconds]
    static let extend: FieldSet = [.recipient, .ids, .lease]
    static let inbox: FieldSet = [.recipient]
    static let presence: FieldSet = [.recipient]
    static let inboxes: FieldSet = [.prefix, .after, .limit]

    private static let recipient = FieldSet(.recipient)
    private static let recipients = FieldSet(.recipients)
    private static let sender = FieldSet(.sender)
    private static let type = FieldSet(.type)
    private static let content = FieldSet(.content)
    private static let ttlSeconds = FieldSet(.ttlSeconds)
    private static let key = FieldSet(.key)
    private static let cursor = FieldSet(.cursor)
    private static let timeout = FieldSet(.timeout)
    private static let limit = FieldSet(.limit)
    private static let lease = FieldSet(.lease)
    private static let session = FieldSet(.session)
    private static let take = FieldSet(.take)
    private static let observe = FieldSet(.observe)
    private static let `as` = FieldSet(.as)
    private static let callback = FieldSet(.callback)
    private static let watched = FieldSet(.presence)
    private static let upTo = FieldSet(.upTo)
    private static let ids = FieldSet(.ids)
    private static let delaySeconds = FieldSet(.delaySeconds)
    private static let prefix = FieldSet(.prefix)
    private static let after = FieldSet(.after)

    init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    init(_ field: Field) {
        rawValue = 1 << UInt32(field.rawValue)
    }

    /// The names, for the text of an error.
    var names: String {
        Field.allCases.filter { contains(FieldSet($0)) }.map { "'\($0.name)'" }.joined(separator: ", ")
    }

    /// Which of them may stand several times in a query or a form.
    static let repeatable: FieldSet = [.recipient, .ids, .watched]
}

/// The value of one field, in whichever notation it came.
struct FieldValue {
    enum Notation {
        /// From a query or a form: escapes and all.
        case text(ByteRange, isPlain: Bool)
        case json(JSONValue)
    }

    let field: Field
    let notation: Notation
    let bytes: UnsafeBufferPointer<UInt8>
}

/// Reads the fields of a request, wherever they are: the query, a form, or a JSON object.
struct FieldReader {
    /// What the operation takes.
    let known: FieldSet

    /// Reads the fields of a query or of a body, whichever the request has.
    ///
    /// - Throws: ``Problem`` for a body in another notation, one that is malformed, and a field that is unknown or
    ///   twice there.
    func read(
        _ request: Request,
        queryInPost: Bool = false,
        _ visit: (FieldValue) throws(Problem) -> Void
    ) throws(Problem) {
        let query = request.head.query ?? ByteRange(0, 0)
        guard request.head.method == .post else {
            guard request.body.isEmpty else {
                throw .invalid("a \(request.head.method.name) request with a body; send the fields in the query")
            }
            return try readForm(request.headBytes, query, what: "query", visit)
        }
        guard request.body.isEmpty else {
            guard query.isEmpty else {
                throw .invalid("fields in the query and in the body; send all of them in one place")
            }
            return try readBody(request, visit)
        }
        guard query.isEmpty || queryInPost else {
            throw .invalid("fields in the query of a POST request; send them in its body")
        }
        try readForm(request.headBytes, query, what: "query", visit)
    }

    private func readBody(_ request: Request, _ visit: (FieldValue) throws(Problem) -> Void) throws(Problem) {
        let whole = ByteRange(0, request.body.count)
        switch try request.bodyNotation() {
        case .json: try readJSON(request.body, whole, visit)
        case .form:
            try FieldReader.checkIsNoJSON(request.body)
            try readForm(request.body, whole, what: "form", isBody: true, visit)
        case .ndjson:
            throw Problem(
                .unsupportedMediaType,
                "only /v1/send takes application/x-ndjson; send application/json or application/x-www-form-urlencoded"
            )
        }
    }

    /// What curl sends as a form unless it is told otherwise is often JSON, and no field begins like that.
    private static func checkIsNoJSON(_ body: UnsafeBufferPointer<UInt8>) throws(Problem) {
        let first = body.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return }
        throw .invalid(
            "the body looks like JSON, but is said to be application/x-www-form-urlencoded; "
                + "send Content-Type: application/json"
        )
    }

    /// Reads one JSON object.
    func readJSON(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ range: ByteRange,
        _ visit: (FieldValue) throws(Problem) -> Void
    ) throws(Problem) {
        var scanner = JSONObjectScanner(range: range)
        var seen: FieldSet = []
        while let field = try next(&scanner, bytes) {
            guard let name = FieldReader.field(field, in: bytes.span) else {
                throw unknown((try? field.name(in: bytes.span)) ?? "?")
            }
            try admit(name, &seen, repeatable: [])
            try visit(FieldValue(field: name, notation: .json(field.value), bytes: bytes))
        }
    }

    private func next(
        _ scanner: inout JSONObjectScanner,
        _ bytes: UnsafeBufferPointer<UInt8>
    ) throws(Problem) -> JSONField? {
        do throws(JSONError) {
            return try scanner.next(in: bytes.span)
        } catch {
            throw .invalid("the body is not a JSON object: \(error.detail)")
        }
    }

    private func readForm(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ range: ByteRange,
        what: StaticString,
        isBody: Bool = false,
        _ visit: (FieldValue) throws(Problem) -> Void
    ) throws(Problem) {
        var scanner = FormScanner(range: range)
        var seen: FieldSet = []
        while let field = try next(&scanner, bytes, what) {
            let name = try decodedName(field, bytes, isBody: isBody)
            try admit(name, &seen, repeatable: .repeatable)
            let isPlain = !field.isEncoded && field.isASCII
            try visit(FieldValue(field: name, notation: .text(field.value, isPlain: isPlain), bytes: bytes))
        }
    }

    private func next(
        _ scanner: inout FormScanner,
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ what: StaticString
    ) throws(Problem) -> FormField? {
        do throws(FormError) {
            return try scanner.next(in: bytes.span)
        } catch {
            throw .invalid("the \(what) is malformed: \(error.detail)")
        }
    }

    private func decodedName(
        _ field: FormField,
        _ bytes: UnsafeBufferPointer<UInt8>,
        isBody: Bool
    ) throws(Problem) -> Field {
        if let name = FieldReader.field(field.name, in: bytes.span) { return name }
        let end = Int(field.name.upper)
        guard !isBody || (end < bytes.count && bytes[end] == UInt8(ascii: "=")) else {
            throw .invalid("a part of the form has no '='; write each as name=value, with '&' between them")
        }
        guard field.isEncoded, let text = try? decodedFormText(field.name, in: bytes.span) else {
            throw unknown(field.name.text(in: bytes.span))
        }
        guard let name = Field.allCases.first(where: { $0.name.description.utf8.elementsEqual(text.utf8) }) else {
            throw unknown(text)
        }
        return name
    }

    // MARK: Names

    private func admit(_ field: Field, _ seen: inout FieldSet, repeatable: FieldSet) throws(Problem) {
        let one = FieldSet(field)
        guard known.contains(one) else { throw unknown(field.name.description) }
        guard !seen.contains(one) || repeatable.contains(one) else {
            throw .invalid("'\(field.name)' is given twice; give it once")
        }
        seen.insert(one)
    }

    /// A name that nobody knows is shown, as far as it looks like one: it may be somebody's content.
    private func unknown(_ name: String) -> Problem {
        let isName = name.allSatisfy { $0.isLetter || $0.isNumber || " _-.:$@".contains($0) }
        let shown =
            if !isName {
                ", whose name has \(name.utf8.count) bytes"
            } else if name.count > FieldReader.shownNameMax {
                " '\(name.prefix(FieldReader.shownNameMax))…'"
            } else {
                " '\(name)'"
            }
        return .invalid("unknown field\(shown); this request takes \(known.isEmpty ? "none" : known.names)")
    }

    private static let shownNameMax = 40

    private static func field(_ field: JSONField, in bytes: Span<UInt8>) -> Field? {
        guard field.keyHasEscapes else { return self.field(field.key, in: bytes) }
        return Field.allCases.first { field.isNamed($0.name, in: bytes) }
    }

    private static func field(_ range: ByteRange, in bytes: Span<UInt8>) -> Field? {
        // By length, so that a name is compared with few others.
        switch range.count {
        case 2 where range.equals("as", in: bytes): .as
        case 3 where range.equals("key", in: bytes): .key
        case 3 where range.equals("ids", in: bytes): .ids
        case 4 where range.equals("type", in: bytes): .type
        case 4 where range.equals("take", in: bytes): .take
        case 4 where range.equals("upTo", in: bytes): .upTo
        case 5 where range.equals("limit", in: bytes): .limit
        case 5 where range.equals("lease", in: bytes): .lease
        case 5 where range.equals("after", in: bytes): .after
        case 6 where range.equals("sender", in: bytes): .sender
        case 6 where range.equals("cursor", in: bytes): .cursor
        case 6 where range.equals("prefix", in: bytes): .prefix
        case 7 where range.equals("content", in: bytes): .content
        case 7 where range.equals("timeout", in: bytes): .timeout
        case 7 where range.equals("session", in: bytes): .session
        case 7 where range.equals("observe", in: bytes): .observe
        case 8 where range.equals("callback", in: bytes): .callback
        case 8 where range.equals("presence", in: bytes): .presence
        case 9 where range.equals("recipient", in: bytes): .recipient
        case 10 where range.equals("recipients", in: bytes): .recipients
        case 10 where range.equals("ttlSeconds", in: bytes): .ttlSeconds
        case 12 where range.equals("delaySeconds", in: bytes): .delaySeconds
        default: nil
        }
    }
}

/// How the fields of a body are written.
enum BodyNotation {
    case json
    case form
    case ndjson
}

extension Request {
    /// The notation that the body is said to have.
    ///
    /// - Throws: ``Problem`` with `unsupportedMediaType` if it is none of those that are known.
    func bodyNotation() throws(Problem) -> BodyNotation {
        let bytes = headBytes.span
        if let encoding = head.contentEncoding, !encoding.equalsIgnoringCase("identity", in: bytes) {
            throw Problem(.unsupportedMediaType, "the body has a Content-Encoding; send it as it is, uncompressed")
        }
        // What almost everybody says.
        if let range = head.contentType, range.equals("application/json", in: bytes) { return .json }
        guard let range = head.contentType else {
            throw Problem(
                .unsupportedMediaType,
                "the body has no Content-Type; send application/json or application/x-www-form-urlencoded"
            )
        }
        guard let type = MediaType(range, in: bytes) else {
            throw Problem(.unsupportedMediaType, "the Content-Type is malformed; send application/json")
        }
        guard type.isUTF8(in: bytes) else {
            throw Problem(
                .unsupportedMediaType,
                "the charset is \(type.charsetText(in: bytes) ?? "unknown"); send UTF-8"
            )
        }
        if type.isType("application/json", in: bytes) { return .json }
        if type.isType("application/x-www-form-urlencoded", in: bytes) { return .form }
        if type.isType("application/x-ndjson", in: bytes) { return .ndjson }
        throw Problem(
            .unsupportedMediaType,
            "the Content-Type is \(type.essenceText(in: bytes)); send application/json or application/x-www-form-urlencoded"
        )
    }
}
