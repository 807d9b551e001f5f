internal import Broker
internal import HTTPFront

/// `bench`: puts a load on a broker and measures what it does.
struct Bench: Command {
    var client = ClientOptions()
    var mode = BenchMode.send
    var connections: Int?
    var readers: Int?
    var parked = 0
    var over: BenchReading?
    var seconds = Duration.seconds(10)
    var warmUp = Duration.seconds(1)
    var payloadBytes = 64
    var rate: Int?

    static var endsOnInterruption: Bool { false }

    /// What to measure, in inboxes whose names nobody else has.
    var plan: BenchPlan {
        let connections = connections ?? (mode == .fanout || mode == .park ? 1 : 64)
        let readers = readers ?? (mode == .fanout || mode == .park ? 1000 : connections)
        return BenchPlan(
            prefix: "bench-\(String(UInt64.random(in: 0...(.max)), radix: 36))",
            url: client.url,
            mode: mode,
            connections: connections,
            readers: mode == .send ? 0 : readers,
            parked: parked,
            over: over ?? (mode == .fanout ? .sse : .poll),
            seconds: seconds,
            warmUp: warmUp,
            payloadBytes: payloadBytes,
            rate: (rate ?? (mode == .latency ? 1000 : nil)).map { Double($0) }
        )
    }

    func run(_ console: Console) async throws(Failure) -> ExitCode {
        let result = try await measure(console)
        if client.json {
            try console.print(result.json)
        } else {
            for line in result.lines { try console.print(line) }
        }
        if let reason = result.brokenBy {
            throw .unreachable(url: client.url.description, reason: "\(reason); the figures are from before that")
        }
        if result.wasInterrupted { return .interrupted }
        return result.isFlawless ? .success : .failure
    }

    private func measure(_ console: Console) async throws(Failure) -> BenchResult {
        let (plan, loop, address) = (plan, try makeLoop(), try self.address())
        try checkDescriptors(plan)
        let (run, outcome) = await measure(plan, at: address, on: loop, console)
        loop.stop()
        // Its connections do not keep the run alive; until its thread has ended, they may speak to it.
        withExtendedLifetime(run) { loop.join() }
        if console.isErrorTerminal { console.writeError(ProgressBar.erase) }
        return try outcome.get()
    }

    private func measure(
        _ plan: BenchPlan,
        at address: SocketAddress,
        on loop: EventLoop,
        _ console: Console
    ) async -> (run: BenchRun?, outcome: Result<BenchResult, Failure>) {
        let meter = UsageMeter(brokerAt: address)
        loop.start()
        var control: BenchControl?
        var begun: BenchRun?
        let outcome = await withCheckedContinuation { continuation in
            let run = BenchRun(plan, at: address, on: loop, meter: meter) { continuation.resume(returning: $0) }
            begun = run
            control = BenchControl(run, console)
            run.start()
        }
        control?.end()
        return (begun, outcome)
    }

    private func makeLoop() throws(Failure) -> EventLoop {
        do throws(TransportError) {
            return try EventLoop(index: 0, time: SystemTime())
        } catch {
            throw .system("\(error)")
        }
    }

    private func address() throws(Failure) -> SocketAddress {
        do throws(TransportError) {
            return try SocketAddress(host: client.url.host, port: client.url.port)
        } catch {
            throw .system("\(error)")
        }
    }

    /// Says at once what would show after thousands of connections.
    private func checkDescriptors(_ plan: BenchPlan) throws(Failure) {
        let limit = Socket.raiseDescriptorLimit()
        // Some are for the streams of the process, the loop, and what Foundation opens.
        let needed = plan.connections + plan.waiting + 33
        guard needed <= limit else {
            throw .system(
                "\(plan.connections + plan.waiting) connections need \(needed) descriptors, and this process may have "
                    + "\(limit); raise 'ulimit -n', or take fewer"
            )
        }
    }
}
