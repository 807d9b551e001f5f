internal import Broker

/// What the connections of a measurement do, once all readers wait; confined to the loop of its run.
protocol BenchLoad: AnyObject {
    /// Whether the time ends it; else it calls `finish` itself.
    var isTimed: Bool { get }
    /// What it does at the moment, for the progress line; nil for the usual figures.
    var stage: String? { get }
    /// How many messages are on their way.
    var inFlight: Int { get }

    /// All connections stand and all readers wait.
    func begin(_ run: BenchRun)
    /// A sender may send the next message, which was due at that time.
    func send(from sender: BenchSender, due: MonotonicInstant, at now: MonotonicInstant, _ run: BenchRun)
    /// The answer to what a sender sent has come.
    func answered(
        _ sender: BenchSender,
        _ status: Int,
        _ body: UnsafeBufferPointer<UInt8>,
        at now: MonotonicInstant,
        _ run: BenchRun
    )
    /// A reader has received the message of that number.
    func delivered(_ stamp: UInt64, at now: MonotonicInstant, _ run: BenchRun)
    /// Is called ten times a second.
    func tick(_ run: BenchRun)
    /// What is on its way is not waited for any longer: counts it, and its time so far.
    func giveUp(at now: MonotonicInstant, _ run: BenchRun)
}

extension BenchLoad {
    var isTimed: Bool { true }
    var stage: String? { nil }
    func delivered(_ stamp: UInt64, at now: MonotonicInstant, _ run: BenchRun) {}
    func tick(_ run: BenchRun) {}

    func begin(_ run: BenchRun) {
        run.startClock()
        for sender in run.senders { run.isFree(sender) }
    }
}

/// A message on its way.
struct Flight {
    /// When it should have been sent.
    let due: MonotonicInstant
    /// When it was sent.
    let written: MonotonicInstant
    /// Who sent it.
    let sender: Int
    /// Whether the answer to the send has come.
    var isAnswered = false
    /// How many readers have it.
    var deliveries = 0
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
