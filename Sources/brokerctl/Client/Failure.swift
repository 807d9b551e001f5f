internal import HTTPFront

/// Why a command did not do what it was asked for.
enum Failure: Error, Hashable, Sendable {
    /// What was given cannot be sent, though the command line as such is right.
    case usage(UsageError)
    /// Nothing answers there.
    case unreachable(url: String, reason: String)
    /// The broker answered with an error.
    case refused(Refusal)
    /// What answered does not speak as a broker does.
    case unexpected(String)
    /// The machine does not do what was asked of it; the text says what, and what to do.
    case system(String)
    /// Nobody reads the output any more.
    case outputClosed

    /// How the process ends.
    var exitCode: ExitCode {
        switch self {
        case .usage: .usage
        case .unreachable: .unreachable
        case .refused(let refusal): refusal.exitCode
        case .unexpected, .system, .outputClosed: .failure
        }
    }

    /// What is told of it, in lines without "error: "; none where there is nothing to tell.
    var messages: [String] {
        switch self {
        case .usage(let error): [error.message]
        case .unreachable(let url, let reason): ["cannot reach \(url): \(reason)"]
        case .refused(let refusal): refusal.parts.isEmpty ? [refusal.description] : refusal.parts
        case .unexpected(let text), .system(let text): [text]
        case .outputClosed: []
        }
    }
}

/// An error that the broker answered with (`application/problem+json`), or that a result of several holds.
struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// The stable code, which may be one of a later version.
    var code: String
    /// What was asked, what was found, what to do.
    var detail: String
    /// Seconds after which to try again, if the answer says so.
    var retryAfterSeconds: Int?
    /// Where several were refused at once, a line for each that says who and why.
    var parts: [String] = []

    var description: String { "\(code): \(TerminalText.escaped(detail))" }

    /// How the process ends.
    var exitCode: ExitCode {
        guard let code = ProblemCode(rawValue: code) else { return .failure }
        switch code {
        case .invalidRequest, .unauthorized, .forbidden, .notFound, .methodNotAllowed, .notAcceptable, .requestTimeout,
            .tooLarge, .uriTooLong, .unsupportedMediaType, .misdirectedRequest, .keyReused, .inboxFull, .rateLimited,
            .headersTooLarge, .internalError, .notImplemented, .draining, .overloaded, .httpVersionNotSupported,
            .brokerFull:
            return .failure
        }
    }

    /// Whether the same request may succeed later, without anybody changing anything.
    var isPassing: Bool {
        guard let code = ProblemCode(rawValue: code) else { return false }
        switch code {
        case .requestTimeout, .rateLimited, .internalError, .draining, .overloaded, .brokerFull:
            return true
        case .invalidRequest, .unauthorized, .forbidden, .notFound, .methodNotAllowed, .notAcceptable, .tooLarge,
            .uriTooLong, .unsupportedMediaType, .misdirectedRequest, .keyReused, .inboxFull, .headersTooLarge,
            .notImplemented, .httpVersionNotSupported:
            return false
        }
    }
}
