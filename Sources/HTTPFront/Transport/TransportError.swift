/// A failure of the operating system's network or file interface, as it concerns a whole loop, listener or connect.
///
/// What happens to one open connection is a ``CloseReason`` instead.
package struct TransportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was asked, for example "listening on 127.0.0.1:8080".
    package let operation: String
    /// The system's error number, or 0 where the failure has none.
    package let code: Int32
    /// What was found, in words, and what to do about it.
    package let detail: String

    /// Makes an error from words alone.
    package init(operation: String, code: Int32 = 0, detail: String) {
        self.operation = operation
        self.code = code
        self.detail = detail
    }

    /// Makes an error from a system error number, with the system's words for it and a remedy where one is known.
    init(operation: String, code: Int32) {
        let remedy = Socket.remedy(for: code).map { "; \($0)" } ?? ""
        self.init(operation: operation, code: code, detail: Socket.text(of: code) + remedy)
    }

    package var description: String { "\(operation) failed: \(detail)" }
}

/// Why a channel is closed.
package enum CloseReason: Hashable, Sendable, CustomStringConvertible {
    /// `close()` was called, or `closeAfterFlush()` and everything was handed to the kernel.
    case closed
    /// The connection failed with this error number: reset by its peer, timed out, refused.
    case failed(Int32)
    /// The buffers of all channels together have reached the limit of their ``BufferBudget``.
    case buffersExhausted
    /// The loop stopped.
    case loopStopped

    package var description: String {
        switch self {
        case .closed: "closed"
        case .failed(let code): Socket.text(of: code)
        case .buffersExhausted: "the buffers of all connections have reached their limit"
        case .loopStopped: "the loop stopped"
        }
    }
}
