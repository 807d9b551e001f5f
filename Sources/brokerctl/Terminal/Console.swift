internal import Foundation

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// The process's standard streams and environment.
struct Console: Sendable {
    /// The environment variables.
    let environment: [String: String]
    /// Whether a person sees the standard output.
    let isOutputTerminal: Bool
    /// Whether a person sees the standard error output.
    let isErrorTerminal: Bool
    /// Whether a person types the standard input.
    let isInputTerminal: Bool
    /// The columns of the terminal that a person sees, if that is known.
    var columns: Int?

    /// The real one.
    static func process() -> Console {
        Console(
            environment: ProcessInfo.processInfo.environment,
            isOutputTerminal: isatty(STDOUT_FILENO) == 1,
            isErrorTerminal: isatty(STDERR_FILENO) == 1,
            isInputTerminal: isatty(STDIN_FILENO) == 1,
            columns: SystemCalls.columns(of: STDOUT_FILENO) ?? SystemCalls.columns(of: STDERR_FILENO)
        )
    }

    /// Whether escape sequences may go to a stream: the terminal understands them and nobody forbids colours.
    func usesColor(_ choice: ColorChoice, onTerminal isTerminal: Bool) -> Bool {
        switch choice {
        case .always: true
        case .never: false
        // https://no-color.org: present and not empty.
        case .auto: isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        }
    }

    /// How wide help is written: as wide as the terminal, within reason.
    func helpWidth(onTerminal isTerminal: Bool) -> Int {
        guard isTerminal, let columns else { return 80 }
        return min(max(columns, 40), 100)
    }

    // MARK: Output

    /// Writes a line to the standard output, at once.
    func print(_ line: String) throws(Failure) {
        try write(line + "\n")
    }

    /// Writes text as it is to the standard output, at once.
    func write(_ text: String) throws(Failure) {
        var text = text
        let code = text.withUTF8 { Console.writeAll($0, to: STDOUT_FILENO) }
        guard code != 0 else { return }
        if code == EPIPE { throw .outputClosed }
        throw .system("cannot write to the standard output: \(SystemCalls.text(of: code))")
    }

    /// Writes JSON of the broker's on a line of its own.
    ///
    /// On a terminal, what could control it is written as an escape, which is the same JSON.
    func print(json: String) throws(Failure) {
        try print(isOutputTerminal ? TerminalText.escaped(json: json) : json)
    }

    /// Tells a person something that is not output, as a line of the standard error output.
    func note(_ text: String) {
        writeError(text + "\n")
    }

    /// Writes text as it is to the standard error output; that nobody reads it is no error.
    func writeError(_ text: String) {
        var text = text
        _ = text.withUTF8 { Console.writeAll($0, to: STDERR_FILENO) }
    }

    /// Writes all of `bytes`; returns 0 or the system's error number.
    private static func writeAll(_ bytes: UnsafeBufferPointer<UInt8>, to descriptor: Int32) -> Int32 {
        var rest = bytes
        while let start = rest.baseAddress, rest.count > 0 {
            let count = SystemCalls.write(descriptor, start, rest.count)
            if count >= 0 {
                rest = UnsafeBufferPointer(rebasing: rest[count...])
            } else if errno == EAGAIN {
                // Whoever shares the descriptor made it non-blocking.
                _ = SystemCalls.wait(for: Int32(POLLOUT), on: descriptor, milliseconds: -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }
}
