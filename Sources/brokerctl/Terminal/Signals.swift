internal import Dispatch

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// Receives signals on a queue of its own instead of letting them end the process.
final class SignalWatch: Sendable {
    // Only kept and cancelled; Dispatch's objects may be used from any thread.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    /// Makes a watch for some signals; it ends when it is released, and the signals are ignored then.
    ///
    /// - Parameters:
    ///   - numbers: Which signals.
    ///   - handler: Is called for each that comes, one at a time.
    init(_ numbers: [Int32], handler: @escaping @Sendable (Int32) -> Void) {
        let queue = DispatchQueue(label: "broker.signals", qos: .userInteractive)
        sources = numbers.map { number in
            // A source is only told of a signal that does not do what it does by default.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { handler(number) }
            source.resume()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
    }
}

/// Ends the process with its own exit code on Ctrl-C, unless it was started with the signal ignored (in the background
/// of a script).
final class Interruption: Sendable {
    private let watch: SignalWatch?

    /// Begins to watch.
    init() {
        var action = sigaction()
        sigaction(SIGINT, nil, &action)
        let isIgnored = Interruption.isIgnored(action)
        // All output has been written when its call returned: there is nothing to flush.
        watch = isIgnored ? nil : SignalWatch([SIGINT]) { _ in _exit(ExitCode.interrupted.rawValue) }
    }

    private static func isIgnored(_ action: sigaction) -> Bool {
        #if canImport(Darwin)
        let handler = action.__sigaction_u.__sa_handler
        #else
        let handler = action.__sigaction_handler.sa_handler
        #endif
        return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
