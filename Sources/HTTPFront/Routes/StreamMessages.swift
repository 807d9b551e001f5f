internal import Broker

/// What a stream asks for.
struct StreamQuery: Sendable {
    var request: ReadRequest
    var format: StreamFormat
    /// The function that an iframe's scripts call.
    var callback: String
    /// Whose coming and going it is to tell.
    var presence: [Recipient]

    private static let callbackBytesMax = 128
    /// Messages and bytes of content of one write.
    private static let writeMessagesMax = 64
    private static let writeBytesMax = 64 << 10

    /// Reads the fields of GET /v1/stream.
    init(_ request: Request) throws(Problem) {
        var recipients: [Recipient] = []
        var cursor: Cursor?
        var takes = false
        var observes = false
        var session: String?
        var format: StreamFormat?
        var callback: String?
        var presence: [Recipient] = []
        try FieldReader(known: .stream).read(request) { value throws(Problem) in
            switch value.field {
            case .recipient: recipients.append(try value.recipient())
            case .cursor: cursor = try value.cursor()
            case .take: takes = try value.flag()
            case .observe: observes = try value.flag()
            case .session: session = try value.name(bytesMax: Name.sessionBytesMax)
            case .as: format = try StreamQuery.format(value)
            case .callback: callback = try StreamQuery.callback(value)
            case .presence: presence.append(try value.recipient())
            default: preconditionFailure("a stream does not take \(value.field.name)")
            }
        }
        try recipients.checkForReading()
        guard presence.count <= Limits.readRecipientsMax else {
            throw .invalid("'presence' names \(presence.count) recipients; name at most \(Limits.readRecipientsMax)")
        }
        try presence.checkNoneTwice()
        // A browser that connects again says where it was; the address it connects to still says where it began.
        if let last = try StreamQuery.lastEventID(request) { cursor = last }
        guard !takes || cursor == nil else {
            throw .invalid("'take' together with a cursor; a cursor follows and takes nothing, so leave one out")
        }
        guard !takes || !observes else {
            throw .invalid("'take' and 'observe' together; an observer takes nothing, so leave one out")
        }
        let chosen = format ?? preferredStreamFormat(request.head.accept, in: request.headBytes.span)
        guard let chosen else {
            throw Problem(
                .notAcceptable,
                "a stream is text/event-stream, application/x-ndjson or text/html; accept one of them, or say as=sse"
            )
        }
        guard callback == nil || chosen == .iframe else {
            throw .invalid("'callback' is for as=iframe; leave it out")
        }
        let mode: ReadMode = takes ? .take : cursor.map { .follow($0) } ?? .followUnread
        self.request = ReadRequest(
            recipients: recipients,
            mode: mode,
            limit: StreamQuery.writeMessagesMax,
            bytesMax: StreamQuery.writeBytesMax,
            session: session,
            isObserving: observes
        )
        self.format = chosen
        self.callback = callback ?? "parent.comet"
        self.presence = presence
    }

    private static func lastEventID(_ request: Request) throws(Problem) -> Cursor? {
        guard let range = request.head.lastEventID, !range.isEmpty else { return nil }
        guard let cursor = Cursor(utf8: range.slice(of: request.headBytes)) else {
            throw .invalid(
                "the header Last-Event-ID is no cursor; send the id of the last event as it came, or leave it out"
            )
        }
        return cursor
    }

    private static func format(_ value: FieldValue) throws(Problem) -> StreamFormat {
        switch try value.text() {
        case "sse": return .sse
        case "ndjson": return .ndjson
        case "iframe": return .iframe
        default: throw .invalid("'as' is \(try value.shown()); give sse, ndjson or iframe")
        }
    }

    /// A path of JavaScript identifiers, of ASCII characters: `parent.comet`, `top.app.on_message`.
    private static func callback(_ value: FieldValue) throws(Problem) -> String {
        let text = try value.text()
        let names = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isPath = names.allSatisfy { name in
            guard let first = name.first, isLetter(first) else { return false }
            return name.allSatisfy { isLetter($0) || $0.isDigit }
        }
        guard isPath, text.utf8.count <= callbackBytesMax else {
            throw .invalid("'callback' is \(try value.shown()); give a path of JavaScript names such as parent.comet")
        }
        return text
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$")
    }
}
