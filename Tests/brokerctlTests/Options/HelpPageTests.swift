import Testing

@testable import brokerctl

@Suite struct HelpPageTests {
    @Test func `the help of a command is exactly this`() {
        #expect(
            HelpPage.text(of: Ack.description) == """
                Mark messages as read.

                USAGE
                  brokerctl ack [OPTIONS] RECIPIENT ID…
                  brokerctl ack [OPTIONS] RECIPIENT --up-to ID

                Tells how many messages are unread then. Ids of messages that are gone are
                ignored.

                ARGUMENTS
                  RECIPIENT
                      Whose inbox it is.
                  [ID…]
                      Which messages, 1000 at most.

                OPTIONS
                  --url URL
                      Where the broker is. Default: http://127.0.0.1:8080. Variable: BROKER_URL.
                  --json
                      Print the broker's answer, on one line.
                  --up-to ID
                      Mark all up to this message; a cursor of the inbox will do, too.
                  -h, --help
                      Show this help.

                EXAMPLES
                  brokerctl ack jobs k3Qz9.17 k3Qz9.18
                      Marks two, which were leased perhaps.
                  brokerctl ack u42 --up-to k3Qz9.18
                      Marks everything up to that one.

                EXIT CODES
                  0    Done.
                  1    The broker refused, or something failed; the standard error output says
                       what.
                  2    The command line is wrong; nothing was done.
                  3    The broker cannot be reached.
                  130  Interrupted (Ctrl-C).

                """
        )
    }

    @Test func `the help of brokerctl is exactly this`() {
        #expect(
            HelpPage.text(of: CommandTable.descriptions) == """
                Runs a broker, and speaks to one.

                USAGE
                  brokerctl COMMAND [OPTIONS] [ARGUMENTS]

                COMMANDS
                  serve        run a broker
                  send         send a message
                  poll         read messages once
                  tail         follow messages as they come
                  ack          mark messages as read
                  inbox        show an inbox
                  inboxes      list inboxes
                  stats        show the figures of the broker
                  bench        measure a broker
                  completions  write completions for a shell
                  help         show the help of a command

                OPTIONS
                  --version
                      Show the version.
                  -h, --help
                      Show this help.

                EXIT CODES
                  0    Done.
                  1    The broker refused, or something failed; the standard error output says
                       what.
                  2    The command line is wrong; nothing was done.
                  3    The broker cannot be reached.
                  4    Nothing came before the timeout.
                  130  Interrupted (Ctrl-C).
                  143  Ended at once by a second SIGTERM (serve).

                'brokerctl COMMAND --help' tells more of a command.

                """
        )
    }

    @Test func `an option tells its choices, whether it repeats, its default and its variable`() {
        let help = HelpPage.text(of: Serve.description)
        let expected = [
            """
              --when-full POLICY
                  What a send does to an inbox that is full of messages which nobody has
                  seen: it is refused, or it drops the oldest, and everybody is told how
                  many. One of: refuse, drop-oldest. Default: refuse. Variable:
                  BROKER_WHEN_FULL.
            """,
            """
              --loops N
                  Event loops, each of them a thread. Default: one for each core. Variable:
                  BROKER_LOOPS.
            """,
            """
              --memory-bytes-max BYTES
                  Bytes that all inboxes use together. Default: 1GiB. Variable:
                  BROKER_MEMORY_BYTES_MAX.
            """,
            """
              --allow-host NAME
                  A name that the broker goes by, in the Host field of requests, beside its
                  own. May be repeated. Variable: BROKER_ALLOW_HOST, with commas between the
                  values.
            """,
        ]
        for text in expected { #expect(help.contains(text)) }
    }

    @Test(arguments: [40, 63, 80, 100])
    func `no line of any help is wider than the terminal, unless a word is`(width: Int) {
        for description in CommandTable.descriptions {
            for line in HelpPage.text(of: description, width: width).split(separator: "\n") where line.count > width {
                let words = line.split(separator: " ").filter { $0 != "\\" }
                #expect(words.count == 1 || line.contains { "'\"".contains($0) }, "\(description.name): \(line)")
            }
        }
        let all = HelpPage.text(of: CommandTable.descriptions, width: width)
        #expect(all.split(separator: "\n").allSatisfy { $0.count <= width })
    }

    @Test func `whatever the width, the words are the same`() {
        func words(_ width: Int, _ description: CommandDescription) -> [Substring] {
            HelpPage.text(of: description, width: width).split { $0 == " " || $0 == "\n" }.filter { $0 != "\\" }
        }
        for description in CommandTable.descriptions { #expect(words(40, description) == words(100, description)) }
    }

    @Test func `a long example is continued as a shell continues it`() {
        let help = HelpPage.text(of: Send.description, width: 60)
        #expect(
            help.contains(
                """
                  brokerctl send u42 --json-content '{"order": 4711}' \\
                      --type order.shipped
                      Sends JSON.
                """
            )
        )
    }

    @Test func `every command has examples that parse, exit codes and whole sentences`() throws {
        for command in CommandTable.commands {
            try check(command)
        }
    }

    private func check<Root: Command>(_ type: Root.Type) throws {
        #expect(!Root.page.examples.isEmpty, "\(Root.page.name) has no examples")
        #expect(Root.page.exitCodes.contains(.success) && Root.page.exitCodes.contains(.usage))
        for option in Root.description.options {
            #expect(option.help.hasSuffix("."), "\(Root.page.name) --\(option.name)")
        }
        for example in Root.page.examples {
            var words = ShellWords.words(of: example.line)
            #expect(words.first == Root.page.name)
            words.removeFirst()
            #expect(throws: Never.self, "\(example.line)") { try ArgumentParser<Root>.parse(words, environment: [:]) }
        }
    }
}

/// Splits the examples as a shell would, as far as they need it.
enum ShellWords {
    static func words(of line: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in line {
            switch character {
            case _ where character == quote: quote = nil
            case "'" where quote == nil, "\"" where quote == nil:
                quote = character
                word = word ?? ""
            case " " where quote == nil:
                if let word { words.append(word) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        // What the shell keeps for itself.
        return Array(words.prefix { !["|", "||", "<", ">"].contains($0) })
    }
}
