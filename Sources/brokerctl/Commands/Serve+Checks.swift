internal import Broker
internal import HTTPFront

// What no single flag can tell: which values go together, and which could never match anything.
extension Serve {
    /// The limits that the flags come to.
    ///
    /// Who makes inboxes smaller than a message may be by default wants smaller messages, too.
    var limits: Limits {
        var limits = configuration.limits
        limits.messageBytesMax = messageBytesMax ?? min(limits.messageBytesMax, limits.inboxBytesMax)
        return limits
    }

    func validate() throws(UsageError) {
        for origin in configuration.allowedOrigins {
            try check("allow-origin", origin, BrowserName.mistake(inOrigin: origin))
        }
        for host in configuration.allowedHosts {
            try check("allow-host", host, BrowserName.mistake(inHost: host))
        }
        let inboxBytesMax = configuration.limits.inboxBytesMax
        guard let messageBytesMax, messageBytesMax > inboxBytesMax else { return }
        throw UsageError(
            message: "a message of '--message-bytes-max' \(ByteSize.text(messageBytesMax)) fits into no inbox of "
                + "'--inbox-bytes-max' \(ByteSize.text(inboxBytesMax)); raise the one or lower the other",
            command: "serve"
        )
    }

    private func check(_ option: String, _ value: String, _ mistake: String?) throws(UsageError) {
        guard let mistake else { return }
        throw UsageError(
            message:
                "'--\(option)' (\(Option<Serve>.variable(for: option))) is '\(value)', which no request can match: "
                + mistake,
            command: "serve"
        )
    }
}
