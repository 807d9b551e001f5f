internal import Broker

/// What GET /v1/presence asks for: up to 100 recipients.
enum PresenceQuery {
    static func recipients(_ request: Request) throws(Problem) -> [Recipient] {
        var recipients: [Recipient] = []
        try FieldReader(known: .presence).read(request) { value throws(Problem) in
            recipients.append(try value.recipient())
        }
        try recipients.checkForReading()
        return recipients
    }
}

/// The answer about who is there.
enum PresenceAnswer {
    static func write(_ presences: [Presence], to body: ByteBuffer) {
        body.append("{\"presence\":[")
        for (index, presence) in presences.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body.append(UInt8(ascii: "{"))
            writeFields(presence, to: body)
            body.append(UInt8(ascii: "}"))
        }
        body.append("]}")
    }

    /// The fields of one recipient, as answers and streams have them.
    static func writeFields(_ presence: Presence, to body: ByteBuffer) {
        body.append("\"recipient\":")
        body.append(jsonString: presence.recipient.name)
        body.append(presence.isOnline ? ",\"online\":true" : ",\"online\":false")
    }
}
