internal import Foundation

/// Keeps a stream going: connects, shows what comes, connects again.
struct TailSession {
    /// How a stream ended.
    private enum End {
        /// As many messages came as were asked for.
        case enough
        /// It is to be tried again, not before that time.
        case lost(reason: String, notBefore: Duration)
    }

    private let broker: BrokerClient
    private let recipients: [String]
    private let countMax: Int
    private var follower: Follower
    private var printer: TailPrinter
    private var retry = RetryPolicy()
    /// Whether a stream has told its position: without one, whoever began now would miss what is sent meanwhile.
    ///
    /// Before that, a failure is the caller's.
    private var hasConnected = false

    /// The longest silence that is not taken for a lost connection; the broker says something every 15 s.
    private static let silenceMax = Duration.seconds(40)

    init(broker: BrokerClient, recipients: [String], follower: Follower, printer: TailPrinter, countMax: Int) {
        self.broker = broker
        self.recipients = recipients
        self.follower = follower
        self.printer = printer
        self.countMax = countMax
    }

    /// Follows until there is enough.
    ///
    /// - Throws: What cannot be mended by trying again; before the first connection, everything.
    mutating func run() async throws(Failure) {
        while true {
            switch try await attempt() {
            case .enough:
                return
            case .lost(let reason, let notBefore):
                let delay = retry.nextDelay(chance: .random(in: 0...1), least: notBefore)
                let tenths = (delay.inSeconds * 10).rounded() / 10
                printer.tell("\(reason); connecting again in \(Duration.decimalText(tenths)) s")
                try? await Task.sleep(for: delay)
            }
        }
    }

    private mutating func attempt() async throws(Failure) -> End {
        do {
            return try await follow()
        } catch {
            guard hasConnected else { throw error }
            switch error {
            case .unreachable(_, let reason):
                return .lost(reason: "cannot reach \(broker.url): \(reason)", notBefore: .zero)
            case .refused(let refusal) where refusal.isPassing:
                return .lost(reason: "\(refusal)", notBefore: .seconds(refusal.retryAfterSeconds ?? 0))
            case .usage, .refused, .unexpected, .system, .outputClosed:
                throw error
            }
        }
    }

    /// One stream, from its beginning to its end.
    private mutating func follow() async throws(Failure) -> End {
        var request = follower.request(for: recipients)
        request.timeout = TailSession.silenceMax
        var decoder = EventStreamDecoder()
        var refused: HTTPAnswer?
        do {
            for try await event in broker.open(request) {
                switch event {
                case .head(let head) where head.status != 200 || head.mediaType != "text/event-stream":
                    refused = HTTPAnswer(head: head, body: [])
                case .head:
                    if hasConnected, retry.attempts > 0 { printer.tell("connected again") }
                case .bytes(let bytes) where refused != nil:
                    refused?.body += bytes
                case .bytes(let bytes):
                    let events = decoder.decode(bytes)
                    hasConnected = hasConnected || !decoder.lastEventID.isEmpty
                    if let milliseconds = decoder.retryMilliseconds {
                        retry.base = .milliseconds(min(max(milliseconds, 100), 30_000))
                    }
                    for event in events {
                        if let end = try take(event) { return end }
                    }
                    guard !decoder.isOverflowing else {
                        throw Failure.unexpected("\(broker.url) sends an event without end; is it a broker?")
                    }
                }
            }
        } catch {
            throw broker.failure(error)
        }
        if let refused { throw broker.failure(refused) }
        guard hasConnected else {
            throw .unreachable(url: broker.url.description, reason: "the connection was lost before it began")
        }
        return .lost(reason: "the connection was lost", notBefore: .zero)
    }

    private mutating func take(_ event: ServerSentEvent) throws(Failure) -> End? {
        let outcome = follower.take(event)
        // A stream that says nothing but goodbye is no success.
        if case .bye = outcome {} else { retry.succeeded() }
        switch outcome {
        case .message(let json):
            try printer.message(json)
            return follower.messageCount >= countMax ? .enough : nil
        case .gap(let lost):
            let fields = [(name: "event", value: "\"gap\""), (name: "lost", value: String(lost))]
            try printer.loss(Notice.gap(lost: lost), json: fields, cursor: follower.cursor)
        case .reset(let places):
            let notice = Notice.reset(places.compactMap { recipients.indices.contains($0) ? recipients[$0] : nil })
            try printer.loss(notice, json: [(name: "event", value: "\"reset\"")], cursor: follower.cursor)
        case .bye(let reason):
            return .lost(reason: Notice.bye(reason), notBefore: .zero)
        case .nothing:
            break
        }
        return nil
    }
}
