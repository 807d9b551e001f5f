internal import Broker

/// What a poll asks for.
struct PollQuery {
    var request: ReadRequest
    var timeout: Duration
    /// Whether a timeout is answered with the cursor, because the client has none yet.
    var tellsCursor: Bool

    private static let reader = FieldReader(known: .poll)
    private static let timeoutDefault: Duration = .seconds(40)
    private static let timeoutSecondsMax = 300

    /// Reads the fields of GET or POST /v1/poll.
    init(_ request: Request) throws(Problem) {
        var recipients: [Recipient] = []
        var cursor: Cursor?
        var lease: Int?
        var timeout = PollQuery.timeoutDefault
        var limit = 100
        var session: String?
        var observes = false
        try PollQuery.reader.read(request, queryInPost: true) { value throws(Problem) in
            switch value.field {
            case .recipient:
                let named = try value.recipients(max: Limits.readRecipientsMax)
                if recipients.isEmpty { recipients = named } else { recipients += named }
            case .cursor: cursor = try value.cursor()
            case .timeout: timeout = try value.seconds(max: PollQuery.timeoutSecondsMax)
            case .limit: limit = try value.integer(in: 1...Limits.answerMessagesMax)
            case .lease: lease = try value.integer(in: 1...3600)
            case .session: session = try value.name(bytesMax: Name.sessionBytesMax)
            case .observe: observes = try value.flag()
            default: preconditionFailure("a poll does not take \(value.field.name)")
            }
        }
        try recipients.checkForReading()
        var mode = ReadMode.take
        if let cursor {
            guard lease == nil else {
                throw .invalid("'cursor' and 'lease' together; a cursor follows and takes nothing, so leave one out")
            }
            mode = .follow(cursor)
        } else if let lease {
            mode = .lease(.seconds(lease))
        }
        guard !observes || cursor != nil else {
            throw .invalid(
                "'observe' without a cursor; a poll without one takes, so give 'cursor' or leave 'observe' out"
            )
        }
        self.request = ReadRequest(
            recipients: recipients,
            mode: mode,
            limit: limit,
            session: session,
            isObserving: observes
        )
        self.timeout = timeout
        tellsCursor = cursor == .now
    }
}

extension [Recipient] {
    /// Checks that there are 1 to 100, none twice.
    func checkForReading() throws(Problem) {
        guard count != 1 else { return }
        guard !isEmpty else { throw .invalid("'recipient' is missing; say whose inbox to read") }
        guard count <= Limits.readRecipientsMax else {
            throw .invalid("\(count) recipients; name 1 to \(Limits.readRecipientsMax)")
        }
        try checkNoneTwice()
    }

    func checkNoneTwice() throws(Problem) {
        var seen: Set<Recipient> = []
        for recipient in self where !seen.insert(recipient).inserted {
            throw .invalid("recipient '\(recipient)' is named twice; name it once")
        }
    }
}

/// The answers to a poll.
enum PollAnswer {
    /// The 15 bytes of a timeout, and no others.
    static let nothing: StaticString = "{\"success\":\"0\"}"

    /// Writes the body of an answer.
    static func write(
        _ outcome: ReadOutcome,
        tellsCursor: Bool,
        to body: ByteBuffer,
        _ rendered: RenderedMessage
    ) {
        switch outcome {
        case .ended(let reason, let cursor):
            guard tellsCursor, reason == .timedOut else { return body.append(nothing) }
            body.append("{\"success\":\"0\",\"cursor\":\"")
            body.append(cursor: cursor)
            body.append("\"}")
        case .batch(let batch):
            body.append("{\"success\":\"1\",\"messages\":[")
            var isFirst = true
            for message in batch.messages {
                if !isFirst { body.append(UInt8(ascii: ",")) }
                isFirst = false
                rendered.append(message, to: body)
            }
            body.append("],\"cursor\":\"")
            body.append(cursor: batch.cursor)
            body.append("\",\"unread\":")
            body.append(decimal: batch.unread)
            if batch.lost > 0 {
                body.append(",\"gap\":{\"lost\":")
                body.append(decimal: batch.lost)
                body.append(UInt8(ascii: "}"))
            }
            if batch.isReset { body.append(",\"reset\":true") }
            body.append(UInt8(ascii: "}"))
        }
    }
}
