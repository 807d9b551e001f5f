internal import Dispatch
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// What drives a run from outside its loop: the clock, and Ctrl-C.
final class BenchControl: Sendable {
    // Only cancelled; Dispatch's objects may be used from any thread.
    nonisolated(unsafe) private let timer: any DispatchSourceTimer
    private let watch: SignalWatch

    /// Begins to drive a run, and to draw how far it is.
    init(_ run: BenchRun, _ console: Console) {
        let shutdown = Shutdown()
        watch = SignalWatch([SIGINT]) { _ in
            if !shutdown.isFirstSignal() { _exit(ExitCode.interrupted.rawValue) }
            run.interrupt()
        }
        timer = DispatchSource.makeTimerSource()
        timer.schedule(deadline: .now() + .milliseconds(100), repeating: .milliseconds(100), leeway: .milliseconds(5))
        timer.setEventHandler {
            run.tick { progress in
                guard console.isErrorTerminal else { return }
                // Asked each time: windows change their size.
                let columns = SystemCalls.columns(of: STDERR_FILENO)
                console.writeError(ProgressBar.erase + ProgressBar.line(progress, columns: columns ?? 80))
            }
        }
        timer.resume()
    }

    /// Stops the clock; the run is over.
    func end() {
        timer.cancel()
    }
}
