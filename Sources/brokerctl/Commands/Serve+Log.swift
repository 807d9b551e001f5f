internal import Broker
internal import Foundation
internal import HTTPFront
internal import Synchronization

/// Writes what an operator may want to know to the standard error output, one line each.
struct ConsoleLog: ServerLog {
    /// The last level that is written.
    let level: LogLevel
    let console: Console

    func record(_ level: LogLevel, _ text: StaticString, _ details: [(String, String)]) {
        guard level <= self.level else { return }
        console.note(ConsoleLog.line(level, text, details, at: Date()))
    }

    /// Writes what happens to messages, for whoever asks for it: at the other levels, the figures of /metrics tell.
    func observe(_ event: BrokerEvent) {
        guard level >= .debug else { return }
        switch event {
        case .evicted(let recipient, let count):
            record(.debug, "messages dropped unread", ["recipient": recipient.name, "count": "\(count)"])
        case .refused(let recipient, let code):
            record(.debug, "send refused", ["recipient": recipient.name, "code": code.rawValue])
        case .gap(let recipient, let lost):
            record(.debug, "reader told of a gap", ["recipient": recipient.name, "lost": "\(lost)"])
        case .expired(let recipient, let count):
            record(.debug, "messages expired unread", ["recipient": recipient.name, "count": "\(count)"])
        }
    }

    private func record(_ level: LogLevel, _ text: StaticString, _ details: KeyValuePairs<String, String>) {
        record(level, text, details.map { ($0.key, $0.value) })
    }

    /// One line: time, level, constant text, then what varies.
    static func line(_ level: LogLevel, _ text: StaticString, _ details: [(String, String)], at date: Date) -> String {
        let time = date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        let values = details.map { " \($0.0)=\(TerminalText.escaped($0.1))" }
        return "\(time) \(level.rawValue) \(text)\(values.joined())"
    }
}

/// Tells the first signal, which asks for a drain, from the others.
final class Shutdown: Sendable {
    private let hasBegun = Atomic<Bool>(false)

    /// Whether this is the first call.
    func isFirstSignal() -> Bool {
        !hasBegun.exchange(true, ordering: .sequentiallyConsistent)
    }
}
