internal import Broker
internal import Synchronization

/// Tells the log of the server's life, and of what it runs out of.
///
/// Clients can make it run out of things as often as they like. So each kind of ``Shortage`` is told at once, and then
/// at most once in ten seconds, with how often it has come since; exact numbers are in the metrics.
final class Journal: BrokerObserver {
    /// What a server may run out of.
    enum Shortage: Int, CaseIterable, Sendable {
        /// A connection could not be accepted: the process has too many files open.
        case descriptors
        /// As many connections are open as may be.
        case connections
        /// The buffers of all connections are in use.
        case buffers
        /// The memory of all inboxes is spent.
        case memory

        fileprivate var text: StaticString {
            switch self {
            case .descriptors: "out of file descriptors, connections are closed unanswered"
            case .connections: "connection limit reached, connections are answered 503"
            case .buffers: "buffer limit reached, requests are answered 503 or their connections closed"
            case .memory: "memory limit reached, sends and new readers are answered 507"
            }
        }

        fileprivate var remedy: String {
            switch self {
            case .descriptors: "ulimit -n"
            case .connections: "--connections-max"
            case .buffers: "--buffers-bytes-max"
            case .memory: "--memory-bytes-max"
            }
        }
    }

    private struct Silence {
        var until: MonotonicInstant?
        var count = 0
    }

    /// How long a shortage that was told is not told again.
    static let silence = Duration.seconds(10)

    private let log: any ServerLog
    private let time: any TimeSource
    private let silences = Mutex(Array(repeating: Silence(), count: Shortage.allCases.count))

    init(log: any ServerLog, time: any TimeSource) {
        self.log = log
        self.time = time
    }

    /// Tells what an operator has done to the server, or is waiting for.
    func tell(_ text: StaticString, _ details: KeyValuePairs<String, String>, level: LogLevel = .info) {
        log.record(level, text, details.map { ($0.key, $0.value) })
    }

    /// The server has run out of something; on any thread.
    func note(_ shortage: Shortage) {
        let now = time.now
        let count = silences.withLock { silences -> Int? in
            silences[shortage.rawValue].count += 1
            if let until = silences[shortage.rawValue].until, now < until { return nil }
            defer { silences[shortage.rawValue] = Silence(until: now + Journal.silence) }
            return silences[shortage.rawValue].count
        }
        guard let count else { return }
        tell(shortage.text, ["times": "\(count)", "raise": shortage.remedy], level: .warning)
    }

    /// What happens in the inboxes goes to the log as it is; that their memory is spent is a shortage as well.
    func observe(_ event: BrokerEvent) {
        if case .refused(_, .brokerFull) = event { note(.memory) }
        log.observe(event)
    }
}
