internal import Broker

/// What a send asks for: one message, to one recipient or several.
struct SendCommand: Sendable {
    /// The message on its way to the first recipient, nearly always the only one.
    let draft: Draft
    let furtherRecipients: [Recipient]
    /// Whether the answer lists a result for each recipient.
    let isList: Bool

    private static let reader = FieldReader(known: .send)
    private static let timeToLiveSecondsMax = Int(Limits.timeToLiveMax.components.seconds)

    /// Reads the fields of POST /v1/send.
    init(_ request: Request, sentAt: WallInstant, scratch: ByteBuffer) throws(Problem) {
        guard !request.body.isEmpty else {
            throw .invalid("the request has no body; send at least 'recipient' and 'content'")
        }
        var fields = SendFields()
        try SendCommand.reader.read(request) { value throws(Problem) in try fields.take(value) }
        if let range = request.head.idempotencyKey {
            let value = range.slice(of: request.headBytes)
            guard value.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw .invalid(
                    "the header Idempotency-Key has bytes that are not ASCII; send such a key as the field 'key'"
                )
            }
            let key = IdempotencyKey.text(value)
            // By their bytes: a Kelvin sign in the field is not the letter K, which Unicode says it is.
            guard fields.key?.utf8.elementsEqual(key.utf8) ?? true else {
                throw .invalid("the header Idempotency-Key and the field 'key' differ; send one of them")
            }
            do throws(BrokerError) {
                try Name.check(key, called: "the header Idempotency-Key", bytesMax: Name.keyBytesMax)
            } catch {
                throw Problem(error)
            }
            fields.key = key
        }
        self = try fields.command(sentAt: sentAt, scratch: scratch)
    }

    /// Reads one line of a batch.
    init(
        line: ByteRange,
        of bytes: UnsafeBufferPointer<UInt8>,
        sentAt: WallInstant,
        scratch: ByteBuffer
    ) throws(Problem) {
        var fields = SendFields()
        try SendCommand.reader.readJSON(line.slice(of: bytes), ByteRange(0, line.count)) { value throws(Problem) in
            try fields.take(value)
        }
        self = try fields.command(sentAt: sentAt, scratch: scratch)
    }

    /// All recipients, in the order of the request.
    var recipients: [Recipient] { [draft.recipient] + furtherRecipients }

    /// The message on its way to one of the recipients.
    func draft(to recipient: Recipient) -> Draft {
        var draft = draft
        draft.recipient = recipient
        return draft
    }

    /// The fields as they come, in any order.
    private struct SendFields {
        var single: Recipient?
        var further: [Recipient] = []
        var list: [Recipient]?
        var sender: String?
        var type: String?
        var content: FieldValue?
        var timeToLive: Duration?
        var key: String?

        mutating func take(_ value: FieldValue) throws(Problem) {
            switch value.field {
            case .recipient:
                let recipient = try value.recipient()
                if single == nil { single = recipient } else { further.append(recipient) }
            case .recipients: list = try value.recipientList(max: Limits.sendRecipientsMax)
            case .sender: sender = try value.name(bytesMax: Name.senderBytesMax)
            case .type: type = try value.name(bytesMax: Name.typeBytesMax)
            case .content: content = value
            case .ttlSeconds: timeToLive = .seconds(try value.integer(in: 1...SendCommand.timeToLiveSecondsMax))
            case .key: key = try value.name(bytesMax: Name.keyBytesMax)
            default: preconditionFailure("a send does not take \(value.field.name)")
            }
        }

        func command(sentAt: WallInstant, scratch: ByteBuffer) throws(Problem) -> SendCommand {
            guard list == nil || single == nil else {
                throw .invalid("'recipient' and 'recipients' together; send one of them")
            }
            guard let recipient = single ?? list?.first else {
                throw .invalid("'recipient' is missing; say whom the message is for")
            }
            var further = further
            if let list { further = Array(list.dropFirst()) }
            if !further.isEmpty {
                guard further.count < Limits.sendRecipientsMax else {
                    throw .invalid("\(further.count + 1) recipients; name 1 to \(Limits.sendRecipientsMax)")
                }
                try ([recipient] + further).checkNoneTwice()
            }
            guard let content else { throw .invalid("'content' is missing; send any JSON value") }
            return SendCommand(
                draft: Draft(
                    recipient: recipient,
                    payload: try payload(content, sentAt: sentAt, scratch: scratch),
                    timeToLive: timeToLive,
                    key: key
                ),
                furtherRecipients: further,
                isList: list != nil || !further.isEmpty
            )
        }

        private func payload(_ content: FieldValue, sentAt: WallInstant, scratch: ByteBuffer) throws(Problem) -> Payload
        {
            let bytes: UnsafeBufferPointer<UInt8>
            switch content.notation {
            case .json(let value) where !value.hasInsignificantSpace:
                bytes = value.range.slice(of: content.bytes)
            case .json(let value):
                scratch.reset()
                appendCompacted(value, from: content.bytes.span, to: scratch)
                bytes = scratch.bytes
            case .text:
                scratch.reset()
                scratch.append(jsonString: try content.text())
                bytes = scratch.bytes
            }
            return Payload.make(sender: sender, type: type, content: bytes, sentAt: sentAt)
        }
    }

    private init(draft: Draft, furtherRecipients: [Recipient], isList: Bool) {
        self.draft = draft
        self.furtherRecipients = furtherRecipients
        self.isList = isList
    }
}

/// The answers to a send.
enum SendAnswer {
    /// Writes the object of a message that went in.
    static func write(_ receipt: SendReceipt, to body: ByteBuffer) {
        body.append("{\"success\":\"1\",")
        writeFields(receipt, to: body)
        body.append(UInt8(ascii: "}"))
    }

    /// What became of a message at each of its recipients.
    typealias Results = [(Recipient, Result<SendReceipt, BrokerError>)]

    /// Why a message for several recipients went to none of them; nil if it went to some.
    ///
    /// The code is the one that all share, else that of the first.
    static func refusal(_ results: Results) -> Problem? {
        var first: (recipient: Recipient, error: BrokerError)?
        for (recipient, result) in results {
            guard case .failure(let error) = result else { return nil }
            if first == nil { first = (recipient, error) }
        }
        guard let first else { return nil }
        guard results.count > 1 else { return Problem(first.error) }
        return Problem(
            ProblemCode(first.error.code),
            "none of the \(results.count) recipients got the message; 'results' says why, "
                + "for the first, '\(first.recipient)': \(first.error)"
        )
    }

    /// The answer to a message that went to none of its recipients.
    static func response(_ refusal: Problem, _ results: Results) -> Response {
        refusal.response { body in
            body.append(UInt8(ascii: ","))
            write(results: results, to: body)
        }
    }

    /// Writes the object of a send to several recipients, of which some got it.
    static func write(_ results: Results, to body: ByteBuffer) {
        body.append("{\"success\":\"1\",")
        write(results: results, to: body)
        body.append(UInt8(ascii: "}"))
    }

    private static func write(results: Results, to body: ByteBuffer) {
        body.append("\"results\":[")
        for (index, (recipient, result)) in results.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body.append("{\"recipient\":")
            body.append(jsonString: recipient.name)
            body.append(UInt8(ascii: ","))
            switch result {
            case .success(let receipt): writeFields(receipt, to: body)
            case .failure(let error): writeError(Problem(error), to: body)
            }
            body.append(UInt8(ascii: "}"))
        }
        body.append(UInt8(ascii: "]"))
    }

    /// Writes the object of a line that was refused; by each of its recipients if it has `results`.
    static func write(_ problem: Problem, _ results: Results = [], to body: ByteBuffer) {
        body.append(UInt8(ascii: "{"))
        writeError(problem, to: body)
        if !results.isEmpty {
            body.append(UInt8(ascii: ","))
            write(results: results, to: body)
        }
        body.append(UInt8(ascii: "}"))
    }

    private static func writeFields(_ receipt: SendReceipt, to body: ByteBuffer) {
        body.append("\"id\":\"")
        body.append(id: receipt.id)
        body.append("\",\"online\":")
        body.append(decimal: receipt.online)
        body.append(",\"unread\":")
        body.append(decimal: receipt.unread)
        if receipt.evicted > 0 {
            body.append(",\"evicted\":")
            body.append(decimal: receipt.evicted)
        }
        if receipt.isDuplicate { body.append(",\"duplicate\":true") }
    }

    private static func writeError(_ problem: Problem, to body: ByteBuffer) {
        body.append("\"error\":{\"code\":\"")
        body.append(text: problem.code.rawValue)
        body.append("\",\"status\":")
        body.append(decimal: problem.status)
        body.append(",\"detail\":")
        body.append(jsonString: problem.detail)
        body.append(UInt8(ascii: "}"))
    }
}
