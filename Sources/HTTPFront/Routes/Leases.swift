internal import Broker

/// What POST /v1/ack asks for.
struct AckQuery: Sendable {
    let recipient: Recipient
    let upTo: MessageID?
    let ids: [MessageID]

    init(_ request: Request) throws(Problem) {
        var recipient: Recipient?
        var upTo: MessageID?
        var ids: [MessageID] = []
        try FieldReader(known: .ack).read(request) { value throws(Problem) in
            switch value.field {
            case .recipient: recipient = try value.theOnlyRecipient(recipient)
            case .upTo: upTo = try value.id()
            case .ids: ids += try value.ids()
            default: preconditionFailure("an ack does not take \(value.field.name)")
            }
        }
        self.recipient = try recipient.required()
        guard (upTo == nil) != ids.isEmpty else {
            throw .invalid("give either 'upTo' (everything up to an id) or 'ids' (these messages)")
        }
        try ids.checkCount()
        self.upTo = upTo
        self.ids = ids
    }
}

/// What POST /v1/release asks for.
struct ReleaseQuery: Sendable {
    let recipient: Recipient
    let ids: [MessageID]
    let delay: Duration

    init(_ request: Request) throws(Problem) {
        var recipient: Recipient?
        var ids: [MessageID] = []
        var delay = 0
        try FieldReader(known: .release).read(request) { value throws(Problem) in
            switch value.field {
            case .recipient: recipient = try value.theOnlyRecipient(recipient)
            case .ids: ids += try value.ids()
            case .delaySeconds: delay = try value.integer(in: 0...3600)
            default: preconditionFailure("a release does not take \(value.field.name)")
            }
        }
        self.recipient = try recipient.required()
        guard !ids.isEmpty else { throw .invalid("'ids' is missing; name the leased messages") }
        try ids.checkCount()
        self.ids = ids
        self.delay = .seconds(delay)
    }
}

/// What POST /v1/extend asks for.
struct ExtendQuery: Sendable {
    let recipient: Recipient
    let ids: [MessageID]
    let lease: Duration

    init(_ request: Request) throws(Problem) {
        var recipient: Recipient?
        var ids: [MessageID] = []
        var lease: Int?
        try FieldReader(known: .extend).read(request) { value throws(Problem) in
            switch value.field {
            case .recipient: recipient = try value.theOnlyRecipient(recipient)
            case .ids: ids += try value.ids()
            case .lease: lease = try value.integer(in: 1...3600)
            default: preconditionFailure("an extend does not take \(value.field.name)")
            }
        }
        self.recipient = try recipient.required()
        guard let lease else { throw .invalid("'lease' is missing; give the seconds from now, 1 to 3600") }
        guard !ids.isEmpty else { throw .invalid("'ids' is missing; name the leased messages") }
        try ids.checkCount()
        self.ids = ids
        self.lease = .seconds(lease)
    }
}

extension FieldValue {
    /// The value as a recipient where there may be but one.
    func theOnlyRecipient(_ before: Recipient?) throws(Problem) -> Recipient {
        guard before == nil else { throw .invalid("'recipient' is given twice; give it once") }
        return try recipient()
    }
}

extension Recipient? {
    func required() throws(Problem) -> Recipient {
        guard let recipient = self else { throw .invalid("'recipient' is missing; say whose inbox it is about") }
        return recipient
    }
}

extension [MessageID] {
    fileprivate func checkCount() throws(Problem) {
        guard count <= 1000 else { throw .invalid("\(count) ids; name 1 to 1000") }
    }
}

/// The answer to ack, release and extend.
enum AckAnswer {
    /// Writes how many messages are left unread.
    static func write(_ unread: Int, to body: ByteBuffer) {
        body.append("{\"success\":\"1\",\"unread\":")
        body.append(decimal: unread)
        body.append(UInt8(ascii: "}"))
    }
}
