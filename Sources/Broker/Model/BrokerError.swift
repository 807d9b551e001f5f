/// What the broker refuses, why, and what to do about it.
public struct BrokerError: Error, Hashable, Sendable {
    /// The kinds of refusal.
    ///
    /// The raw value is the code on the wire.
    public enum Code: String, CaseIterable, Sendable {
        /// The request cannot be carried out as it stands: a field is missing, unreadable or out of its range.
        case invalidRequest = "invalid_request"
        /// What was named is not there.
        case notFound = "not_found"
        /// The content is larger than `messageBytesMax`, or the message than `inboxBytesMax`: it can never be sent.
        case tooLarge = "too_large"
        /// The idempotency key was used before with another content.
        case keyReused = "key_reused"
        /// The inbox is at its limit and its policy is to refuse.
        case inboxFull = "inbox_full"
        /// The broker is shutting down.
        case draining
        /// The memory for all inboxes together is spent.
        case brokerFull = "broker_full"
    }

    /// What kind of refusal it is.
    public let code: Code
    /// What was asked and what was found, with the numbers.
    public let message: String
    /// What to do about it.
    public let remedy: String

    /// Makes an error from its kind, what was found, and what to do.
    public init(_ code: Code, _ message: String, remedy: String) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }
}

extension BrokerError: CustomStringConvertible {
    /// What was found, and what to do about it.
    public var description: String { "\(message); \(remedy)" }
}
