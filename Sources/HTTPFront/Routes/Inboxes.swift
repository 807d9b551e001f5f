internal import Broker

/// What GET and DELETE /v1/inbox ask for.
enum InboxQuery {
    static func recipient(_ request: Request) throws(Problem) -> Recipient {
        var recipient: Recipient?
        try FieldReader(known: .inbox).read(request) { value throws(Problem) in
            recipient = try value.theOnlyRecipient(recipient)
        }
        return try recipient.required()
    }
}

/// What GET /v1/inboxes asks for.
struct InboxesQuery: Sendable {
    let prefix: String
    let after: String?
    let limit: Int

    init(_ request: Request) throws(Problem) {
        var prefix = ""
        var after: String?
        var limit = 100
        try FieldReader(known: .inboxes).read(request) { value throws(Problem) in
            switch value.field {
            case .prefix: prefix = try value.text()
            case .after: after = try value.text()
            case .limit: limit = try value.integer(in: 1...1000)
            default: preconditionFailure("a listing does not take \(value.field.name)")
            }
        }
        guard prefix.utf8.count <= Name.recipientBytesMax, (after?.utf8.count ?? 0) <= Name.recipientBytesMax else {
            throw .invalid("'prefix' or 'after' is longer than a recipient can be, \(Name.recipientBytesMax) bytes")
        }
        self.prefix = prefix
        self.after = after
        self.limit = limit
    }
}

/// The answers about inboxes.
enum InboxAnswer {
    /// Writes one inbox.
    static func write(_ summary: InboxSummary, to body: ByteBuffer) {
        body.append("{\"recipient\":")
        body.append(jsonString: summary.recipient.name)
        for (name, value) in [
            (",\"unread\":" as StaticString, summary.unread), (",\"leased\":", summary.leased),
            (",\"kept\":", summary.kept), (",\"bytes\":", summary.bytes),
        ] {
            body.append(name)
            body.append(decimal: value)
        }
        body.append(",\"first\":")
        write(summary.first, to: body)
        body.append(",\"last\":")
        write(summary.last, to: body)
        body.append(",")
        ReadersAnswer.writeFields(waiting: summary.waiting, streaming: summary.streaming, lag: summary.lag, to: body)
        body.append(",\"lastSeen\":")
        if let lastSeen = summary.lastSeen {
            body.append(UInt8(ascii: "\""))
            body.append(rfc3339Milliseconds: lastSeen.millisecondsSinceEpoch)
            body.append("\"}")
        } else {
            body.append("null}")
        }
    }

    /// Writes a page of inboxes, of which there may be one more than `limit` to show that there are more.
    static func write(_ summaries: [InboxSummary], limit: Int, to body: ByteBuffer) {
        body.append("{\"inboxes\":[")
        for (index, summary) in summaries.prefix(limit).enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            write(summary, to: body)
        }
        body.append(UInt8(ascii: "]"))
        if summaries.count > limit {
            body.append(",\"next\":")
            body.append(jsonString: summaries[limit - 1].recipient.name)
        }
        body.append(UInt8(ascii: "}"))
    }

    private static func write(_ id: MessageID?, to body: ByteBuffer) {
        guard let id else { return body.append("null") }
        body.append(UInt8(ascii: "\""))
        body.append(id: id)
        body.append(UInt8(ascii: "\""))
    }
}
