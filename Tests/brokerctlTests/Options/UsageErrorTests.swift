import Testing

@testable import brokerctl

/// A command line that is wrong, and what is said about it.
struct WrongLine: CustomTestStringConvertible, Sendable {
    let line: String
    let message: String
    var environment: [String: String] = [:]

    var testDescription: String { line }
}

@Suite struct UsageErrorTests {
    private static let serve = [
        WrongLine(line: "--prot 80", message: "unknown option '--prot' for 'serve'; did you mean '--port'?"),
        WrongLine(
            line: "--inbox_messages_max 5",
            message: "unknown option '--inbox_messages_max' for 'serve'; did you mean '--inbox-messages-max'?"
        ),
        WrongLine(line: "--drain 5", message: "unknown option '--drain' for 'serve'; did you mean '--drain-seconds'?"),
        WrongLine(line: "--quiet", message: "unknown option '--quiet' for 'serve'"),
        WrongLine(line: "-port 80", message: "unknown option '-port' for 'serve'; did you mean '--port'?"),
        WrongLine(line: "-d", message: "unknown option '-d' for 'serve'; did you mean '--drain-seconds'?"),
        WrongLine(line: "-p", message: "unknown option '-p' for 'serve'"),
        WrongLine(line: "--port", message: "option '--port' needs a value: --port N"),
        WrongLine(
            line: "--host --port 80",
            message: "option '--host' needs a value, but '--port' follows; if that is the value, write '--host=--port'"
        ),
        WrongLine(line: "--host=", message: "option '--host' is ''; it must be a text that is not empty"),
        WrongLine(line: "--port 70000", message: "option '--port' is '70000'; it must be an integer from 0 to 65535"),
        WrongLine(line: "--port -1", message: "option '--port' is '-1'; it must be an integer from 0 to 65535"),
        WrongLine(line: "--loops 0", message: "option '--loops' is '0'; it must be an integer from 1 to 1024"),
        WrongLine(
            line: "--message-bytes-max 3MB",
            message:
                "option '--message-bytes-max' is '3MB'; it must be a number of bytes from 1 to 1GiB, plain or with "
                + "KiB, MiB or GiB"
        ),
        WrongLine(
            line: "--ping-seconds soon",
            message: "option '--ping-seconds' is 'soon'; it must be a number of seconds from 0.1 to 3600"
        ),
        WrongLine(
            line: "--ping-seconds nan",
            message: "option '--ping-seconds' is 'nan'; it must be a number of seconds from 0.1 to 3600"
        ),
        WrongLine(
            line: "--when-full drop",
            message: "option '--when-full' is 'drop'; it must be 'refuse' or 'drop-oldest'"
        ),
        WrongLine(
            line: "--message-bytes-max 8KiB --inbox-bytes-max 4KiB",
            message:
                "a message of '--message-bytes-max' 8KiB fits into no inbox of '--inbox-bytes-max' 4KiB; raise the one "
                + "or lower the other"
        ),
        WrongLine(
            line: "--message-bytes-max 2MiB",
            message:
                "a message of '--message-bytes-max' 2MiB fits into no inbox of '--inbox-bytes-max' 1MiB; raise the one "
                + "or lower the other"
        ),
        WrongLine(
            line: "--allow-origin https://a.example --allow-origin example.org",
            message:
                "'--allow-origin' (BROKER_ALLOW_ORIGIN) is 'example.org', which no request can match: it has no scheme; "
                + "write 'https://example.org' (or http://)"
        ),
        WrongLine(
            line: "",
            message: "'--allow-host' (BROKER_ALLOW_HOST) is 'a b', which no request can match: it is no host name or "
                + "address; write, say, 'broker.example.org'",
            environment: ["BROKER_ALLOW_HOST": "a.example,a b"]
        ),
        WrongLine(line: "now", message: "unexpected argument 'now' for 'serve'; it takes none"),
        WrongLine(
            line: "",
            message: "variable BROKER_LOOPS is 'many'; it must be an integer from 1 to 1024",
            environment: ["BROKER_LOOPS": "many"]
        ),
        WrongLine(
            line: "",
            message: "variable BROKER_LOG_LEVEL is 'all'; it must be 'error', 'warning', 'info' or 'debug'",
            environment: ["BROKER_LOG_LEVEL": "all"]
        ),
    ]

    @Test(arguments: serve)
    func `serve says what is wrong and what is allowed`(wrong: WrongLine) {
        expect(Serve.self, wrong)
    }

    @Test func `send says what is wrong`() {
        expect(Send.self, WrongLine(line: "", message: "'send' needs RECIPIENT, which is missing"))
        expect(
            Send.self,
            WrongLine(
                line: "u42 -5",
                message: "unknown option '-5' for 'send'; write '--' before arguments that begin with '-'"
            )
        )
        expect(
            Send.self,
            WrongLine(
                line: "--ndjson u42",
                message: "'--ndjson' takes everything from the lines of the standard input; leave out recipients, "
                    + "content and the options that describe them"
            )
        )
        expect(
            Send.self,
            WrongLine(
                line: "u42 --url ftp://x",
                message: "option '--url' is 'ftp://x'; it must be a URL such as 'http://127.0.0.1:8080'"
            )
        )
    }

    @Test func `what does not go together is told`() {
        expect(Ack.self, WrongLine(line: "", message: "'ack' needs RECIPIENT, which is missing"))
        expect(
            Ack.self,
            WrongLine(line: "u42", message: "'ack' needs to know which messages: give ID… or '--up-to ID'")
        )
        expect(Ack.self, WrongLine(line: "u42 e.1 --up-to e.2", message: "give either ID… or '--up-to', not both"))
        expect(
            Poll.self,
            WrongLine(
                line: "u42 --cursor 0 --lease-seconds 5",
                message: "'--lease-seconds' takes and '--cursor' follows; give one of them"
            )
        )
        expect(Tail.self, WrongLine(line: "", message: "'tail' needs RECIPIENT…, which is missing"))
        expect(Inbox.self, WrongLine(line: "a b", message: "unexpected argument 'b' for 'inbox'; it takes RECIPIENT"))
        expect(
            Completions.self,
            WrongLine(
                line: "fsh",
                message: "SHELL is 'fsh'; it must be 'bash', 'zsh' or 'fish'; did you mean 'zsh'?"
            )
        )
    }

    private func expect<Root: Command>(_ type: Root.Type, _ wrong: WrongLine) {
        let words = wrong.line.split(separator: " ").map(String.init)
        let error = #expect(throws: UsageError.self) {
            try ArgumentParser<Root>.parse(words, environment: wrong.environment)
        }
        #expect(error?.message == wrong.message)
        #expect(error?.command == Root.page.name)
    }

    @Test(arguments: [
        ("sned", "unknown command 'sned'; did you mean 'send'?"),
        ("inbx", "unknown command 'inbx'; did you mean 'inbox'?"),
        ("comp", "unknown command 'comp'; did you mean 'completions'?"),
        ("dance", "unknown command 'dance'"),
        ("--verbose", "unknown option '--verbose'"),
    ])
    func `an unknown command is compared with those that there are`(name: String, message: String) {
        let error = #expect(throws: UsageError.self) { try CommandTable.command(named: name) }
        #expect(error?.message == message)
        #expect(error?.command == nil)
    }

    @Test(arguments: [
        ("port", "port", 0), ("prot", "port", 1), ("pot", "port", 1), ("ports", "port", 1), ("", "port", 4),
        ("kitten", "sitting", 3), ("ca", "abc", 3),
    ])
    func `the distance counts changed letters and swapped neighbours`(left: String, right: String, distance: Int) {
        #expect(Suggestion.distance(left, right) == distance)
        #expect(Suggestion.distance(right, left) == distance)
    }
}
