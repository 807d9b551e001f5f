#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif
#if os(Linux)
internal import CLinux
#endif

/// What wakes a loop out of its wait: an eventfd on Linux, a pipe elsewhere.
///
/// `signal` may be called from any thread.
struct WakeUp: ~Copyable, Sendable {
    /// The descriptor to watch for input.
    let fd: Int32
    private let writer: Int32

    init() throws(TransportError) {
        #if os(Linux)
        fd = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        writer = fd
        guard fd >= 0 else { throw TransportError(operation: "making an eventfd", code: errno) }
        #else
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw TransportError(operation: "making a pipe", code: errno) }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        fd = ends[0]
        writer = ends[1]
        #endif
    }

    deinit {
        Socket.close(fd)
        if writer != fd { Socket.close(writer) }
    }

    /// Makes `fd` readable.
    borrowing func signal() {
        // A full pipe or counter is readable already.
        var one: UInt64 = 1
        _ = write(writer, &one, MemoryLayout<UInt64>.size)
    }

    /// Makes `fd` unreadable again.
    borrowing func clear() {
        withUnsafeTemporaryAllocation(byteCount: 512, alignment: 8) { _ = read(fd, $0.baseAddress, $0.count) }
    }
}

extension Socket {
    /// A number that tells this thread from all others that live now; never 0.
    @inline(__always)
    static var currentThread: UInt {
        #if canImport(Darwin)
        UInt(bitPattern: pthread_self())
        #else
        UInt(pthread_self())
        #endif
    }

    /// Gives this thread a name for debuggers and `ps`.
    static func nameThread(_ name: String) {
        #if canImport(Darwin)
        _ = pthread_setname_np(name)
        #else
        // glibc shows pthread_setname_np only under _GNU_SOURCE; the kernel's own interface needs no declaration.
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = name.withCString { write(file, $0, min(15, strlen($0))) }
        close(file)
        #endif
    }

    /// Starts a thread that runs `body`; nil if the system has none to give.
    static func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
        let box = Unmanaged.passRetained(ThreadBody(run: body))
        #if canImport(Darwin)
        var thread: pthread_t?
        let result = pthread_create(
            &thread,
            nil,
            { context in
                Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            box.toOpaque()
        )
        #else
        var thread = pthread_t()
        let result = pthread_create(
            &thread,
            nil,
            { context in
                if let context { Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            },
            box.toOpaque()
        )
        #endif
        guard result == 0 else {
            box.release()
            return nil
        }
        return thread
    }

    /// Waits for the end of a thread that `startThread` started.
    static func join(_ thread: pthread_t) {
        _ = pthread_join(thread, nil)
    }

    /// Lets a thread that nobody will join give back what it holds when it ends.
    static func detach(_ thread: pthread_t) {
        _ = pthread_detach(thread)
    }

    /// Raises this process's limit of open descriptors as far as it may; returns the limit now in force.
    @discardableResult
    package static func raiseDescriptorLimit() -> Int {
        #if canImport(Darwin)
        let resource = RLIMIT_NOFILE
        let highest = rlim_t(OPEN_MAX)
        #else
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        let highest = rlim_t.max
        #endif
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 0 }
        let wanted = min(limit.rlim_max, highest)
        if limit.rlim_cur < wanted {
            let before = limit.rlim_cur
            limit.rlim_cur = wanted
            if setrlimit(resource, &limit) != 0 { limit.rlim_cur = before }
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// The system's words for an error number.
    static func text(of code: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
            guard let start = text.baseAddress, strerror_r(code, start, 256) == 0 else { return "error \(code)" }
            return "\(String(cString: start)) (error \(code))"
        }
    }

    /// What to do about an error number, where that is known.
    static func remedy(for code: Int32) -> String? {
        switch code {
        case EADDRINUSE: "another socket listens there: choose another port, or end the process that holds it"
        case EACCES: "ports below 1024 need a privilege: choose a higher one"
        case EADDRNOTAVAIL: "this machine has no such address: choose one that it has, or 0.0.0.0"
        case EMFILE, ENFILE: "raise the limit of open files (ulimit -n)"
        default: nil
        }
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}

/// A thread that can be joined.
///
/// Unchecked, since a handle is a number or an opaque pointer that is only handed to the system.
struct ThreadHandle: @unchecked Sendable {
    let thread: pthread_t
}
