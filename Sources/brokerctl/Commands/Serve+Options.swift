internal import Broker
internal import HTTPFront

extension Serve {
    static let page = CommandPage(
        name: "serve",
        summary: "run a broker",
        discussion: [
            "Runs in the foreground and prints one line when it listens. Everything is kept in memory.",
            "SIGTERM and SIGINT (Ctrl-C) end it in good manners: it accepts nothing more, answers the polls that wait, "
                + "ends streams with 'bye', and exits with 0. A second signal ends it at once.",
            "A flag wins over its variable. Bytes may be written plain or with KiB, MiB or GiB; seconds may have "
                + "decimals.",
            "Only this machine can reach it unless --host says otherwise. Whoever can reach it can read and send.",
        ],
        examples: [
            ("serve", "Listens on http://127.0.0.1:8080."),
            ("serve --port 0 --loops 1", "Takes any free port, and one core."),
            ("serve --host 0.0.0.0 --allow-host broker.example.org", "Listens on all interfaces, for a proxy."),
            ("serve --inbox-messages-max 100 --when-full drop-oldest", "Keeps the newest 100 messages of each inbox."),
            ("serve --allow-origin https://www.example.org", "Lets the pages of that site use it from a browser."),
        ],
        exitCodes: [.success, .failure, .usage, .interrupted, .terminated],
        exitMeanings: [
            .success: "Ended by SIGTERM or SIGINT.",
            .failure: "It cannot listen there; the standard error output says why.",
            .interrupted: "Ended at once by a second SIGINT.",
            .terminated: "Ended at once by a second SIGTERM.",
        ]
    )

    static var options: [Option<Serve>] { listening + inboxes + connections + browsers + operation }

    private static var listening: [Option<Serve>] {
        [
            Option("host", \.configuration.host, .text("ADDRESS"), "The address to listen on.", hasVariable: true),
            Option(
                "port",
                \.configuration.port,
                .port,
                "The TCP port to listen on; 0 takes any that is free.",
                hasVariable: true
            ),
            Option(
                "loops",
                \.loops,
                .integer(1...1024),
                "Event loops, each of them a thread.",
                default: "one for each core",
                hasVariable: true
            ),
            Option("poller", \.configuration.poller, .choice("KIND"), "How sockets are watched.", hasVariable: true),
        ]
    }

    private static var inboxes: [Option<Serve>] {
        [
            Option(
                "inbox-messages-max",
                \.configuration.limits.inboxMessagesMax,
                .integer(1...100_000_000),
                "Messages that an inbox keeps.",
                hasVariable: true
            ),
            Option(
                "inbox-bytes-max",
                \.configuration.limits.inboxBytesMax,
                .bytes(1024...(1 << 40)),
                "Bytes of content, sender and type that an inbox keeps.",
                hasVariable: true
            ),
            Option(
                "message-bytes-max",
                \.messageBytesMax,
                .bytes(1...(1 << 30)),
                "Bytes of content of one message.",
                default: "\(ByteSize.text(Limits().messageBytesMax)), or --inbox-bytes-max if that is less",
                hasVariable: true
            ),
            Option(
                "memory-bytes-max",
                \.configuration.limits.memoryBytesMax,
                .bytes(65_536...(1 << 46)),
                "Bytes that all inboxes use together.",
                hasVariable: true
            ),
            Option(
                "when-full",
                \.configuration.limits.whenFull,
                .choice("POLICY"),
                "What a send does to an inbox that is full of messages which nobody has seen: it is refused, or it "
                    + "drops the oldest, and everybody is told how many.",
                hasVariable: true
            ),
            Option(
                "retain-unread-seconds",
                \.configuration.limits.retainUnread,
                .seconds(1...31_536_000),
                "How long an unread message is kept that has no time to live of its own.",
                hasVariable: true
            ),
            Option(
                "retain-read-seconds",
                \.configuration.limits.retainRead,
                .seconds(0...31_536_000),
                "How long a message is kept after it was read, for followers that lag.",
                hasVariable: true
            ),
            Option(
                "presence-linger-seconds",
                \.configuration.limits.presenceLinger,
                .seconds(0...3600),
                "How long a recipient counts as online after its last reader has left.",
                hasVariable: true
            ),
        ]
    }

    private static var connections: [Option<Serve>] {
        [
            Option(
                "connections-max",
                \.configuration.connectionsMax,
                .integer(1...10_000_000),
                "Connections that may be open at once; fewer where the limit on file descriptors is lower.",
                hasVariable: true
            ),
            Option(
                "buffers-bytes-max",
                \.configuration.buffersBytesMax,
                .bytes(65_536...(1 << 46)),
                "Bytes that the buffers of all connections use together.",
                hasVariable: true
            ),
            Option(
                "body-bytes-max",
                \.configuration.http.bodyBytesMax,
                .bytes(1024...(1 << 30)),
                "Bytes of the body of one request.",
                hasVariable: true
            ),
            Option(
                "header-timeout-seconds",
                \.configuration.headerTimeout,
                .seconds(0.1...3600),
                "From the first byte of a request to the end of its header.",
                hasVariable: true
            ),
            Option(
                "body-timeout-seconds",
                \.configuration.bodyTimeout,
                .seconds(0.1...3600),
                "From the end of a header to the end of the body.",
                hasVariable: true
            ),
            Option(
                "idle-timeout-seconds",
                \.configuration.idleTimeout,
                .seconds(0.1...86_400),
                "How long a connection may do nothing between two requests.",
                hasVariable: true
            ),
            Option(
                "write-timeout-seconds",
                \.configuration.writeTimeout,
                .seconds(0.1...3600),
                "How long a client may read nothing of what waits for it, or its system acknowledge nothing of what "
                    + "was sent; after that it has vanished.",
                hasVariable: true
            ),
            Option(
                "ping-seconds",
                \.configuration.pingInterval,
                .seconds(0.1...3600),
                "How often a stream says that it is alive.",
                hasVariable: true
            ),
        ]
    }

    private static var browsers: [Option<Serve>] {
        [
            Option(
                repeatable: "allow-origin",
                \.configuration.allowedOrigins,
                .text("ORIGIN"),
                "An origin, as 'https://www.example.org', whose pages may use the broker beside its own.",
                hasVariable: true
            ),
            Option(
                repeatable: "allow-host",
                \.configuration.allowedHosts,
                .text("NAME"),
                "A name that the broker goes by, in the Host field of requests, beside its own.",
                hasVariable: true
            ),
        ]
    }

    private static var operation: [Option<Serve>] {
        [
            Option(
                "drain-seconds",
                \.drain,
                .seconds(0...3600),
                "How long what is under way may take to end after a signal.",
                hasVariable: true
            ),
            Option(
                "log-level",
                \.logLevel,
                .choice("LEVEL"),
                "What is written to the standard error output: this level, and those before it.",
                hasVariable: true
            ),
        ]
    }
}

extension ValueSyntax where Value == UInt16 {
    /// A TCP port to listen on.
    fileprivate static var port: ValueSyntax {
        let integer = ValueSyntax<Int>.integer(0...65_535)
        return ValueSyntax(
            placeholder: integer.placeholder,
            expectation: integer.expectation,
            read: { UInt16($0) },
            write: { String($0) }
        )
    }
}
