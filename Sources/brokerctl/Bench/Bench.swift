internal import Broker
internal import HTTPFront

/// What is measured.
enum BenchMode: String, CaseIterable, Sendable {
    case send
    case poll
    case park

    /// What the latency is the latency of.
    var latencyName: String {
        switch self {
        case .send: "send to its answer"
        case .poll: "send to the answer of the parked poll"
        case .park: "send to the answer of the parked poll"
        }
    }

    func load(_ plan: BenchPlan) -> any BenchLoad {
        switch self {
        case .send: SendLoad(plan)
        case .poll: PollLoad(plan)
        case .park: ParkLoad(plan)
        }
    }
}

/// `bench`: puts a load on a broker and measures what it does.
struct Bench: Command {
    var client = ClientOptions()
    var mode = BenchMode.send
    var connections: Int?
    var seconds = Duration.seconds(10)
    var warmUp = Duration.seconds(1)
    var payloadBytes = 64
    var rate: Int?

    static let page = CommandPage(
        name: "bench",
        summary: "measure a broker",
        discussion: [
            "send: each connection sends to an inbox of its own, one message after the other.",
            "poll: pairs of connections; one has a poll parked, the other sends to it. The latency is from the send to "
                + "the answer of the poll.",
            "park: each connection has a poll parked for --seconds; then each is woken by a send, one after the other.",
            "It works with inboxes of its own and removes them. One thread produces the load: watch that it has a core "
                + "to itself, and measure ratios, not absolutes, on a machine that it shares with the broker.",
            "With --rate, latencies count from when a send was due, so that a stall is not hidden by the sends that it "
                + "holds up.",
        ],
        examples: [
            ("bench send --connections 64 --seconds 10", "How many sends a second."),
            ("bench poll --rate 1000", "Latencies at 1000 sends a second."),
            (
                "bench park --connections 10000 --seconds 60",
                "Holds 10000 polls; look at the broker's memory meanwhile."
            ),
        ],
        exitCodes: [.success, .failure, .usage, .unreachable, .interrupted],
        exitMeanings: [
            .failure: "Some requests were refused or failed; the output says how many.",
            .interrupted: "Ended early by Ctrl-C, after telling what was measured.",
        ]
    )

    static var options: [Option<Bench>] {
        ClientOptions.options(\.client, json: "Print the figures as one object on one line.") + [
            Option(
                "connections",
                \.connections,
                .integer(1...100_000),
                "Connections; in poll, pairs of them.",
                default: "64, in park 1000"
            ),
            Option("seconds", \.seconds, .seconds(0.1...86_400), "How long to measure; in park, to hold the polls."),
            Option("warm-up-seconds", \.warmUp, .seconds(0...3600), "How long to run before that, in send and poll."),
            Option("payload-bytes", \.payloadBytes, .bytes(0...(1 << 24)), "Letters in the content of each message."),
            Option(
                "rate",
                \.rate,
                .integer(1...10_000_000),
                "Sends a second, of all connections together, in send and poll.",
                default: "as many as it can"
            ),
        ]
    }

    static var arguments: [Argument<Bench>] {
        [Argument("MODE", \.mode, .choice("MODE"), "What to measure: send, poll or park.")]
    }

    static var endsOnInterruption: Bool { false }

    func validate() throws(UsageError) {
        guard client.url.scheme == "http" else {
            throw UsageError(message: "'bench' speaks http only; give the broker's own URL", command: "bench")
        }
        guard mode != .park || rate == nil else {
            throw UsageError(
                message: "'--rate' is for send and poll; park wakes one poll after the other",
                command: "bench"
            )
        }
    }

    /// What to measure, in inboxes whose names nobody else has.
    var plan: BenchPlan {
        BenchPlan(
            prefix: "bench-\(String(UInt64.random(in: 0...(.max)), radix: 36))",
            url: client.url,
            connections: connections ?? (mode == .park ? 1000 : 64),
            seconds: seconds,
            warmUp: warmUp,
            payloadBytes: payloadBytes,
            rate: rate.map { Double($0) }
        )
    }

    func run(_ console: Console) async throws(Failure) -> ExitCode {
        let result = try await measure(console)
        if client.json {
            try console.print(result.json)
        } else {
            for line in result.lines { try console.print(line) }
        }
        if result.wasInterrupted { return .interrupted }
        return result.errors == 0 ? .success : .failure
    }

    private func measure(_ console: Console) async throws(Failure) -> BenchResult {
        let loop: EventLoop
        let address: SocketAddress
        do throws(TransportError) {
            address = try SocketAddress(host: client.url.host, port: client.url.port)
            loop = try EventLoop(index: 0, time: SystemTime())
        } catch {
            throw .system("\(error)")
        }
        Socket.raiseDescriptorLimit()
        loop.start()
        defer { loop.stop() }
        let (plan, mode) = (plan, mode)
        var control: BenchControl?
        let outcome = await withCheckedContinuation { continuation in
            let run = BenchRun(plan, mode, at: address, on: loop) { continuation.resume(returning: $0) }
            control = BenchControl(run, console)
            run.start()
        }
        control?.end()
        if console.isErrorTerminal { console.writeError(ProgressBar.erase) }
        return try outcome.get()
    }
}
