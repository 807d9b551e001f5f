/// What is to be measured.
struct BenchPlan: Sendable {
    /// How inboxes of this run begin; nobody else's do.
    var prefix: String
    /// Where the broker is.
    var url: ServerURL
    /// What is measured.
    var mode: BenchMode
    /// Connections that send.
    var connections: Int
    /// Readers that messages are sent to.
    var readers: Int
    /// Polls that are held meanwhile, and that nobody sends to.
    var parked: Int
    /// How the readers read.
    var over: BenchReading
    /// How long is measured; in park, for how long the readers are held.
    var seconds: Duration
    /// How long the load runs before.
    var warmUp: Duration
    /// Letters in the content of each message.
    var payloadBytes: Int
    /// Sends a second, of all connections together, on a schedule that is fixed in advance; nil for a closed loop.
    var rate: Double?

    /// Inboxes that messages are sent to; those of the parked polls come behind them.
    var recipients: Int {
        switch mode {
        case .send: connections
        case .poll, .latency, .park: readers
        case .fanout: 1
        }
    }

    /// Whether a reader leaves the messages where they are, for others to read, too.
    var readersFollow: Bool { mode == .fanout }

    /// Connections that have a reader.
    var waiting: Int { readers + parked }

    /// The name of an inbox; all are of one length.
    func recipient(_ index: Int) -> String { "\(prefix)-\(BenchPlan.digits(UInt64(index), count: 6))" }

    /// A request on a connection that stays open.
    func bytes(_ request: HTTPRequest) -> [UInt8] {
        Array(request.head(for: url).utf8) + (request.body ?? [])
    }

    /// A poll that waits as long as polls may, and takes unless it is given a cursor to follow from.
    func pollRequest(of recipient: Int, cursor: String?) -> [UInt8] {
        var query = [("recipient", self.recipient(recipient)), ("timeout", "300")]
        if let cursor { query.append(("cursor", cursor)) }
        return bytes(.get("/v1/poll", query))
    }

    /// A stream of an inbox, which takes unless readers follow; then it begins with what is sent from now on.
    func streamRequest(of recipient: Int) -> [UInt8] {
        let start = readersFollow ? ("cursor", "now") : ("take", "1")
        return bytes(.get("/v1/stream", [("recipient", self.recipient(recipient)), ("as", over.rawValue), start]))
    }

    /// A number in decimal digits, with zeros in front.
    static func digits(_ number: UInt64, count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
}

/// The bytes of a send, of which only the inbox and the number of the message change from one to the next.
struct SendTemplate: Sendable {
    /// The request, as it was filled last.
    private(set) var bytes: [UInt8]
    private let recipientEnd: Int
    private let stampStart: Int
    private let stampCount: Int

    /// How many digits a message's number has, at the beginning of its content.
    static let stampBytes = 16
    private static let between = "\",\"content\":\""

    /// Makes the request of a plan; contents shorter than a number go without it.
    init(_ plan: BenchPlan) {
        let content = String(repeating: "x", count: plan.payloadBytes)
        let body = "{\"recipient\":\"\(plan.recipient(0))\(SendTemplate.between)\(content)\"}"
        bytes = plan.bytes(.post("/v1/send", body: body))
        stampStart = bytes.count - 2 - plan.payloadBytes
        recipientEnd = stampStart - SendTemplate.between.utf8.count
        stampCount = plan.payloadBytes < SendTemplate.stampBytes ? 0 : SendTemplate.stampBytes
    }

    /// Addresses and numbers the message.
    mutating func fill(recipient: Int, stamp: UInt64) {
        SendTemplate.write(UInt64(recipient), into: &bytes, end: recipientEnd, count: 6)
        SendTemplate.write(stamp, into: &bytes, end: stampStart + stampCount, count: stampCount)
    }

    private static func write(_ number: UInt64, into bytes: inout [UInt8], end: Int, count: Int) {
        var rest = number
        for index in 0..<count {
            bytes[end - 1 - index] = 0x30 + UInt8(rest % 10)
            rest /= 10
        }
    }
}
