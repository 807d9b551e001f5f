import Broker
import HTTPFront
import Testing

@testable import brokerctl

@Suite struct ArgumentParserTests {
    private func serve(_ words: String..., environment: [String: String] = [:]) throws -> Serve {
        try run(Serve.self, words, environment)
    }

    private func run<Root: Command>(
        _ type: Root.Type,
        _ words: [String],
        _ environment: [String: String] = [:]
    ) throws -> Root {
        guard case .run(let command) = try ArgumentParser<Root>.parse(words, environment: environment) else {
            throw UsageError(message: "it asks for help or the version")
        }
        return command
    }

    @Test func `without flags everything has the value that the help tells`() throws {
        let serve = try serve()
        #expect(serve.configuration.host == "127.0.0.1")
        #expect(serve.configuration.port == 8080)
        #expect(serve.loops == nil)
        #expect(serve.configuration.limits.inboxMessagesMax == 1000)
        #expect(serve.configuration.limits.inboxBytesMax == 1_048_576)
        #expect(serve.configuration.limits.messageBytesMax == 65_536)
        #expect(serve.configuration.limits.memoryBytesMax == 1_073_741_824)
        #expect(serve.configuration.limits.whenFull == .refuse)
        #expect(serve.configuration.limits.retainUnread == .seconds(86_400))
        #expect(serve.configuration.limits.retainRead == .seconds(60))
        #expect(serve.configuration.connectionsMax == 100_000)
        #expect(serve.configuration.buffersBytesMax == 268_435_456)
        #expect(serve.configuration.http.bodyBytesMax == 8_388_608)
        #expect(serve.configuration.headerTimeout == .seconds(10))
        #expect(serve.configuration.bodyTimeout == .seconds(60))
        #expect(serve.configuration.idleTimeout == .seconds(75))
        #expect(serve.configuration.writeTimeout == .seconds(30))
        #expect(serve.configuration.pingInterval == .seconds(15))
        #expect(serve.drain == .seconds(8))
        #expect(serve.configuration.allowedOrigins.isEmpty)
        #expect(serve.logLevel == .info)
    }

    @Test func `a value follows its option or an equals sign`() throws {
        #expect(try serve("--port", "9000").configuration.port == 9000)
        #expect(try serve("--port=9000").configuration.port == 9000)
        #expect(try serve("--allow-host=a=b").configuration.allowedHosts == ["a=b"])
        #expect(try serve("--host=--odd").configuration.host == "--odd")
    }

    @Test func `the last of two values counts, and repeatable options collect`() throws {
        #expect(try serve("--port", "1", "--port", "2").configuration.port == 2)
        let origins = try serve("--allow-origin", "https://a", "--allow-origin=https://b").configuration.allowedOrigins
        #expect(origins == ["https://a", "https://b"])
    }

    @Test func `seconds may have decimals, bytes may have units`() throws {
        #expect(try serve("--ping-seconds", "0.25").configuration.pingInterval == .milliseconds(250))
        #expect(try serve("--inbox-bytes-max", "64KiB").configuration.limits.inboxBytesMax == 65_536)
        #expect(try serve("--inbox-bytes-max", "2 mib").configuration.limits.inboxBytesMax == 2_097_152)
        #expect(try serve("--memory-bytes-max", "4GiB").configuration.limits.memoryBytesMax == 1 << 32)
    }

    @Test func `small inboxes make messages small, unless it is said how large they may be`() throws {
        #expect(try serve().limits.messageBytesMax == 65_536)
        #expect(try serve("--inbox-bytes-max", "4KiB").limits.messageBytesMax == 4096)
        #expect(try serve("--inbox-bytes-max", "4KiB", "--message-bytes-max", "1KiB").limits.messageBytesMax == 1024)
        let large = try serve("--inbox-bytes-max", "4MiB", "--message-bytes-max", "4MiB").limits
        #expect(large.messageBytesMax == 4 << 20 && large.inboxBytesMax == 4 << 20)
    }

    @Test func `flags are on by their name, and take true or false`() throws {
        #expect(try run(Stats.self, ["--json"]).client.json)
        #expect(try run(Stats.self, ["--json=true"]).client.json)
        #expect(try !run(Stats.self, ["--json=false"]).client.json)
        #expect(try !run(Stats.self, []).client.json)
    }

    @Test func `options and arguments mix, and two dashes end the options`() throws {
        let send = try run(Send.self, ["u42", "--sender", "me", "hello", "--", "--json", "-x"])
        #expect(send.first == "u42")
        #expect(send.sender == "me")
        #expect(send.words == ["hello", "--json", "-x"])
        #expect(!send.client.json)
        #expect(try run(Send.self, ["u42", "-"]).words == ["-"])
    }

    // MARK: Environment

    @Test func `a variable stands in for a flag, and a flag wins over it`() throws {
        let environment = ["BROKER_PORT": "9001", "BROKER_WHEN_FULL": "drop-oldest", "BROKER_HOST": ""]
        #expect(try serve(environment: environment).configuration.port == 9001)
        #expect(try serve(environment: environment).configuration.limits.whenFull == .dropOldest)
        #expect(try serve("--port", "9002", environment: environment).configuration.port == 9002)
        // An empty variable is none.
        #expect(try serve(environment: environment).configuration.host == "127.0.0.1")
    }

    @Test func `a variable holds several values with commas, which flags replace`() throws {
        let environment = ["BROKER_ALLOW_HOST": "a.example, b.example"]
        #expect(try serve(environment: environment).configuration.allowedHosts == ["a.example", "b.example"])
        #expect(try serve("--allow-host", "c", environment: environment).configuration.allowedHosts == ["c"])
    }

    @Test func `every flag of serve has a variable, which is its name in capitals`() {
        for option in Serve.options.map(\.description) {
            #expect(option.variable == "BROKER_" + option.name.uppercased().replacing("-", with: "_"))
        }
    }

    @Test func `a variable is read by the commands that declare it only`() throws {
        #expect(throws: Never.self) { try run(Stats.self, [], ["BROKER_PORT": "nonsense"]) }
        #expect(
            try run(Stats.self, [], ["BROKER_URL": "http://[::1]:99/x/"]).client.url.description == "http://[::1]:99/x"
        )
    }

    @Test func `what Kubernetes sets for a service called broker is passed over`() throws {
        for text in ["tcp://10.0.0.7:8080", "udp://10.0.0.7:53", "sctp://[fd00::7]:8080"] {
            #expect(try serve(environment: ["BROKER_PORT": text]).configuration.port == 8080)
            #expect(try serve("--port", "81", environment: ["BROKER_PORT": text]).configuration.port == 81)
        }
        // A mistake of somebody's own is told, and so is such a value where nobody but a person sets it.
        for (variable, text) in [("BROKER_PORT", "http://10.0.0.7:8080"), ("BROKER_LOOPS", "tcp://10.0.0.7:8080")] {
            #expect(throws: UsageError.self) { try serve(environment: [variable: text]) }
        }
        #expect(throws: UsageError.self) { try serve("--port", "tcp://10.0.0.7:8080") }
    }

    @Test func `a flag that is wrong is told even if its variable is right`() {
        #expect(
            throws: UsageError(
                message: "option '--port' is 'x'; it must be an integer from 0 to 65535",
                command: "serve"
            )
        ) {
            try serve("--port=x", environment: ["BROKER_PORT": "80"])
        }
    }

    // MARK: Help

    @Test(arguments: [["--help"], ["-h"], ["--port", "x", "--help"], ["--nonsense", "-h"]])
    func `help wins over mistakes`(words: [String]) throws {
        guard case .help = try ArgumentParser<Serve>.parse(words, environment: ["BROKER_PORT": "x"]) else {
            Issue.record("no help for \(words)")
            return
        }
    }

    @Test func `every command knows the version`() throws {
        guard case .version = try ArgumentParser<Stats>.parse(["--version"], environment: [:]) else {
            Issue.record("no version")
            return
        }
        #expect(try run(Send.self, ["u42", "--", "--help"]).words == ["--help"])
    }
}
