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

    /// Makes a watch for some signals, which ends when it is released.
    ///
    /// Until this returns, a signal does what it did before; from then on, none is lost.
    /// - Parameters:
    ///   - numbers: Which signals.
    ///   - handler: Is called for each that comes, one at a time.
    init(_ numbers: [Int32], handler: @escaping @Sendable (Int32) -> Void) {
        let queue = DispatchQueue(label: "broker.signals", qos: .userInteractive)
        let isReady = DispatchSemaphore(value: 0)
        sources = numbers.map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { handler(number) }
            source.setRegistrationHandler {
                #if canImport(Darwin)
                // The source is told nevertheless; not earlier, or a signal that comes before it is there is lost.
                signal(number, SIG_IGN)
                #endif
                // On Linux, Dispatch has a handler of its own from now on, which this would undo.
                isReady.signal()
            }
            source.resume()
            return source
        }
        for _ in numbers { isReady.wait() }
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
