internal import Broker
internal import Dispatch
internal import Foundation
internal import HTTPFront
internal import Synchronization

/// Writes what an operator may want to know to the standard error output, one line each.
///
/// Nobody waits for that: a queue of its own writes, and when it lags too far behind, lines are left out and counted.
final class ConsoleLog: ServerLog {
    private struct Backlog {
        var lines = 0
        var leftOut = 0
    }

    let level: LogLevel
    private let console: Console
    private let queue = DispatchQueue(label: "broker.log")
    private let backlog = Mutex(Backlog())

    /// How many lines may wait to be written.
    private static let linesMax = 1000

    /// Makes a log.
    ///
    /// - Parameters:
    ///   - level: The last level that is written.
    ///   - console: Where to.
    init(level: LogLevel, console: Console) {
        self.level = level
        self.console = console
    }

    func record(_ level: LogLevel, _ text: StaticString, _ details: [(String, String)]) {
        guard level <= self.level else { return }
        let hasRoom = backlog.withLock { backlog in
            guard backlog.lines < ConsoleLog.linesMax else {
                backlog.leftOut += 1
                return false
            }
            backlog.lines += 1
            return true
        }
        guard hasRoom else { return }
        let now = Date()
        queue.async { [self] in
            console.note(ConsoleLog.line(level, text, details, at: now))
            let leftOut = backlog.withLock { backlog in
                backlog.lines -= 1
                defer { backlog.leftOut = 0 }
                return backlog.leftOut
            }
            guard leftOut > 0 else { return }
            console.note(ConsoleLog.line(.warning, "log lines left out", [("count", "\(leftOut)")], at: Date()))
        }
    }

    /// Waits until everything is written, a second at most: nobody may be reading it.
    func flush() {
        let isDone = DispatchSemaphore(value: 0)
        queue.async { isDone.signal() }
        _ = isDone.wait(timeout: .now() + 1)
    }

    /// Writes what happens to messages, for whoever asks for it: at the other levels, the figures of /metrics tell.
    func observe(_ event: BrokerEvent) {
        guard level >= .debug else { return }
        switch event {
        case .evicted(let recipient, let count):
            record(.debug, "messages dropped unread", ["broker.recipient": recipient.name, "count": "\(count)"])
        case .refused(let recipient, let code):
            record(.debug, "refused", ["broker.recipient": recipient.name, "code": code.rawValue])
        case .gap(let recipient, let lost):
            record(.debug, "reader told of a gap", ["broker.recipient": recipient.name, "lost": "\(lost)"])
        case .expired(let recipient, let count):
            record(.debug, "messages expired unread", ["broker.recipient": recipient.name, "count": "\(count)"])
        }
    }

    private func record(_ level: LogLevel, _ text: StaticString, _ details: KeyValuePairs<String, String>) {
        record(level, text, details.map { ($0.key, $0.value) })
    }

    /// One line: time, level, constant text, then what varies, in quotes where its end could not be seen otherwise.
    static func line(_ level: LogLevel, _ text: StaticString, _ details: [(String, String)], at date: Date) -> String {
        let time = date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        let values = details.map { " \($0.0)=\(quoted($0.1))" }
        return "\(time) \(level.rawValue) \(text)\(values.joined())"
    }

    private static func quoted(_ value: String) -> String {
        let escaped = TerminalText.escaped(value)
        let isPlain = !escaped.isEmpty && !escaped.contains { $0.isWhitespace || $0 == "=" || $0 == "\"" }
        guard !isPlain else { return escaped }
        let inner = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(TerminalText.escaped(inner))\""
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
