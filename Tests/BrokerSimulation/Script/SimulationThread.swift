#if os(Linux)
internal import Glibc
internal import Synchronization

/// Runs simulations on a thread of their own, one at a time, so that nothing of the caller's executor is there.
enum SimulationThread {
    private static let turn = Mutex(())

    static func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(Violation) -> Value
    ) throws(Violation) -> Value {
        let box = Box(body)
        turn.withLock { _ in
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            pthread_attr_setstacksize(&attributes, 64 << 20)
            var thread = pthread_t()
            let result = pthread_create(
                &thread,
                &attributes,
                { context in
                    if let context { Unmanaged<AnyBox>.fromOpaque(context).takeRetainedValue().run() }
                    return nil
                },
                Unmanaged<AnyBox>.passRetained(box).toOpaque()
            )
            precondition(result == 0, "no thread to be had")
            pthread_join(thread, nil)
        }
        guard let result = box.result else { preconditionFailure("a thread ends with a result") }
        return try result.get()
    }

    private class AnyBox {
        func run() {}
    }

    /// Written by one thread, and read after that has been joined.
    private final class Box<Value: Sendable>: AnyBox {
        private let body: @Sendable () throws(Violation) -> Value
        private(set) var result: Result<Value, Violation>?

        init(_ body: @escaping @Sendable () throws(Violation) -> Value) {
            self.body = body
        }

        override func run() {
            do throws(Violation) {
                result = .success(try body())
            } catch {
                result = .failure(error)
            }
        }
    }
}

/// Notices jobs that leave the loops for the global pool, where their order would be anybody's guess.
enum EscapeWatch {
    private typealias Original = @convention(thin) (UnownedJob) -> Void
    private typealias Hook = @convention(thin) (UnownedJob, Original) -> Void
    // Only ever written by the thread that simulates.
    nonisolated(unsafe) static var escaped = 0

    /// Begins to watch; once for all of the process.
    static let begin: Void = {
        guard let place = dlsym(nil, "swift_task_enqueueGlobal_hook") else { return }
        place.assumingMemoryBound(to: Hook?.self).pointee = { job, original in
            if Kernel.isOwnThread { EscapeWatch.escaped += 1 }
            original(job)
        }
    }()
}
#endif
