internal import Broker

/// What the connections of a measurement do; confined to the loop of its run.
protocol BenchLoad: AnyObject {
    /// How many connections it needs.
    var connectionCount: Int { get }
    /// What it does at the moment, for the progress bar; empty while it measures.
    var stage: String { get }
    /// Inboxes that it leaves behind: what each connection removes at the end, nil for those with nothing to remove.
    func recipient(of connection: Int) -> String?

    /// All connections stand.
    func begin(_ run: BenchRun)
    /// An answer has come.
    func answered(_ connection: BenchConnection, _ status: Int, _ body: UnsafeBufferPointer<UInt8>, _ run: BenchRun)
    /// The time that a connection asked to be woken at has come.
    func due(_ connection: BenchConnection, _ run: BenchRun)
    /// Is called ten times a second.
    func tick(_ run: BenchRun)
}

/// What is to be measured.
struct BenchPlan: Sendable {
    /// How inboxes of this run begin; nobody else's do.
    var prefix: String
    var url: ServerURL
    var connections: Int
    var seconds: Duration
    var warmUp: Duration
    var payloadBytes: Int
    /// Sends a second, of all connections together; nil for as many as there can be.
    var rate: Double?

    /// The inbox of a connection or a pair.
    func recipient(_ index: Int) -> String { "\(prefix)-\(index)" }

    /// A request on a connection that stays open.
    func bytes(_ request: HTTPRequest) -> [UInt8] {
        Array(request.head(for: url).utf8) + (request.body ?? [])
    }

    /// A message to an inbox.
    func sendRequest(to recipient: String) -> [UInt8] {
        var body = JSONText()
        body.set("recipient", recipient)
        body.set("content", String(repeating: "x", count: payloadBytes))
        return bytes(.post("/v1/send", body: body.object))
    }

    /// A poll that waits as long as polls may.
    func pollRequest(of recipient: String) -> [UInt8] {
        bytes(.get("/v1/poll", [("recipient", recipient), ("timeout", "300")]))
    }
}

/// When the next request of a connection is due, if there is a rate.
struct Pacer {
    private let interval: Duration?
    private var next: MonotonicInstant

    /// Makes the pacer of one of `count` connections, which take turns.
    init(_ plan: BenchPlan, index: Int, count: Int, start: MonotonicInstant) {
        interval = plan.rate.map { .seconds(Double(count) / $0) }
        next = start + (interval ?? .zero) * (Double(index) / Double(count))
    }

    /// What to do when a connection is free.
    enum Turn: Hashable {
        /// Send now; the latency counts from when it was due, for a slow answer before it must not hide itself.
        case send(due: MonotonicInstant?)
        case wait(until: MonotonicInstant)
    }

    /// Asks for the next turn.
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - wasBusy: Whether the connection was waiting for an answer until now.
    /// - Returns: Whether to send.
    mutating func turn(now: MonotonicInstant, wasBusy: Bool) -> Turn {
        guard let interval else { return .send(due: nil) }
        guard next <= now else { return .wait(until: next) }
        let due = next
        next = next + interval
        // A connection that was free is late because of our own timer.
        return .send(due: wasBusy ? due : nil)
    }
}

/// Finds texts in JSON without reading all of it.
enum BenchAnswer {
    /// What stands behind `"name":` up to the quote, comma or bracket; nil if it is not there.
    static func text(behind name: StaticString, in body: UnsafeBufferPointer<UInt8>) -> String? {
        let needle = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        guard body.count > needle.count else { return nil }
        for start in 0..<(body.count - needle.count) where body[start] == needle[0] {
            guard body[start..<(start + needle.count)].elementsEqual(needle) else { continue }
            let rest = body[(start + needle.count)...]
            let end = rest.firstIndex { $0 == 0x22 || $0 == 0x2C || $0 == 0x7D } ?? rest.endIndex
            return String(decoding: rest[..<end], as: UTF8.self)
        }
        return nil
    }
}
