internal import Foundation
internal import HTTPFront

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// `serve`: the only command that is a broker; all others speak to one.
struct Serve: Command {
    /// What the flags say.
    var configuration = ServerConfiguration()
    /// Bytes of one message's content; nil for what fits beside the other limits.
    var messageBytesMax: Int?
    /// Event loops; nil for one for each core.
    var loops: Int?
    /// How long a drain may take.
    var drain = Duration.seconds(8)
    /// What is logged.
    var logLevel = LogLevel.info

    static var endsOnInterruption: Bool { false }

    func run(_ console: Console) async throws(Failure) -> ExitCode {
        var configuration = configuration
        configuration.limits = limits
        configuration.loops = loops ?? ProcessInfo.processInfo.activeProcessorCount
        let log = ConsoleLog(level: logLevel, console: console)
        configuration.log = log
        defer { log.flush() }
        // From here on a signal is not lost, however early it comes.
        let (signals, continuation) = AsyncStream<Int32>.makeStream()
        let shutdown = Shutdown()
        let watch = SignalWatch([SIGTERM, SIGINT]) { number in
            // The handler itself, because a drain that hangs may have taken all other threads.
            if !shutdown.isFirstSignal() {
                let code: ExitCode = number == SIGINT ? .interrupted : .terminated
                _exit(code.rawValue)
            }
            continuation.yield(number)
        }
        defer { withExtendedLifetime(watch) {} }

        let server: Server
        do throws(TransportError) {
            server = try Server(configuration)
        } catch {
            throw .system("\(error)")
        }
        // libdispatch sets itself up at its first use, and traps if clients have taken all descriptors by then.
        try? await Task.sleep(for: .milliseconds(1))
        server.start()
        try announce(server, configuration, console)

        var iterator = signals.makeAsyncIterator()
        _ = await iterator.next()
        await server.drain(within: drain)
        return .success
    }

    /// Tells where it listens: one line for whoever reads it, and what to try next for a person.
    private func announce(
        _ server: Server,
        _ configuration: ServerConfiguration,
        _ console: Console
    ) throws(Failure) {
        let loops = configuration.loops == 1 ? "1 loop" : "\(configuration.loops) loops"
        try console.print(
            "broker \(configuration.version) listens on \(server.url) (\(loops), \(configuration.poller.rawValue))"
        )
        if !server.isLoopback {
            console.note(
                "warning: whoever can reach \(server.url) can read and send; put a proxy in front that asks who it is"
            )
        }
        guard console.isOutputTerminal else { return }
        let program = ProgramPath.ofThisProcess(console.environment)
        try console.write(
            """

            Try, in another terminal:
              curl '\(server.url)/v1/poll?recipient=u42'
              curl -d recipient=u42 -d content=hi \(server.url)/v1/send
              \(program) tail u42 --url \(server.url)
            or open \(server.url) in a browser. Ctrl-C ends the broker.

            """
        )
    }
}
