import Broker
import Synchronization

@testable import HTTPFront

/// A log that keeps its lines.
final class CollectedLog: ServerLog {
    let level: LogLevel
    private let kept = Mutex<[String]>([])
    private let seen = Mutex<[BrokerEvent]>([])

    init(_ level: LogLevel = .info) {
        self.level = level
    }

    /// What was told, a line each: level, text, details.
    var lines: [String] { kept.withLock { $0 } }
    /// What happened in the inboxes.
    var events: [BrokerEvent] { seen.withLock { $0 } }

    func record(_ level: LogLevel, _ text: StaticString, _ details: [(String, String)]) {
        let line = "\(level) \(text)" + details.map { " \($0.0)=\($0.1)" }.joined()
        kept.withLock { $0.append(line) }
    }

    func observe(_ event: BrokerEvent) {
        seen.withLock { $0.append(event) }
    }
}
