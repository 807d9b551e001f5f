// The refusals of the state, with the numbers that it found.
extension BrokerError {
    static let draining = BrokerError(
        .draining,
        "the broker is shutting down and takes no more messages",
        remedy: "send again when it is back"
    )

    static func tooLarge(_ byteCount: Int, _ limits: Limits) -> BrokerError {
        BrokerError(
            .tooLarge,
            "the content has \(byteCount) bytes, the limit is \(limits.messageBytesMax)",
            remedy: limits.messageBytesMax < limits.inboxBytesMax
                ? "send less at once, or raise --message-bytes-max"
                : "send less at once, or raise --inbox-bytes-max and --message-bytes-max"
        )
    }

    /// No inbox could ever hold it, however much room is made.
    static func tooLargeForInbox(_ byteCount: Int, _ limits: Limits) -> BrokerError {
        BrokerError(
            .tooLarge,
            "the message has \(byteCount) bytes with sender and type, an inbox holds \(limits.inboxBytesMax)",
            remedy: "send less at once, or raise --inbox-bytes-max"
        )
    }

    static func keyReused(_ key: String) -> BrokerError {
        BrokerError(
            .keyReused,
            "the idempotency key '\(key)' was used for another content within the last minutes",
            remedy: "use a new key for a new message, and the old key only to repeat the same one"
        )
    }

    static func inboxFull(_ inbox: Inbox, _ limits: Limits) -> BrokerError {
        BrokerError(
            .inboxFull,
            "inbox '\(inbox.recipient)' holds \(inbox.log.count) messages of at most \(limits.inboxMessagesMax) and "
                + "\(inbox.bytes) bytes of at most \(limits.inboxBytesMax), none of which may be dropped",
            remedy: "poll and ack some, raise --inbox-messages-max or --inbox-bytes-max, or choose "
                + "--when-full drop-oldest"
        )
    }

    static func brokerFull(_ budget: MemoryBudget) -> BrokerError {
        BrokerError(
            .brokerFull,
            "all inboxes together hold \(budget.bytes) bytes of at most \(budget.bytesMax)",
            remedy: "read or delete some inboxes, or raise --memory-bytes-max"
        )
    }

    static func notLeased(_ id: MessageID) -> BrokerError {
        BrokerError(
            .notFound,
            "message '\(id)' is not leased: its lease has run out, or it was acked or released",
            remedy: "take it as not yours any more; nothing was changed"
        )
    }
}
