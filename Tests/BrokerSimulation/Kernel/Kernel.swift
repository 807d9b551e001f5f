#if os(Linux)
internal import Glibc
internal import Synchronization

/// What the transport takes for an operating system: descriptors, readiness and connections, in one thread and without
/// time of its own.
///
/// Confined to the thread that runs the simulation; the C functions of SystemCalls.swift lead here.
final class Kernel {
    /// Simulated descriptors begin here; no process has so many real ones.
    static let firstDescriptor: Int32 = 1 << 24
    // Set and read by the one thread that simulates; others only ever use real descriptors.
    nonisolated(unsafe) static var current: Kernel?
    private static let ownThread = Atomic<UInt>(0)

    private var objects: [KernelObject?] = []
    private var free: [Int] = []
    private(set) var epolls: [Epoll] = []
    private(set) var listeners: [ListeningSocket] = []

    /// Whether the caller is the thread that simulates.
    static var isOwnThread: Bool { ownThread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Makes this the kernel of the calling thread while `body` runs; one at a time in a process.
    func run<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = Kernel.ownThread.exchange(UInt(pthread_self()), ordering: .sequentiallyConsistent)
        precondition(before == 0, "two simulations at once in one process")
        Kernel.current = self
        defer {
            Kernel.current = nil
            Kernel.ownThread.store(0, ordering: .sequentiallyConsistent)
        }
        return try body()
    }

    // MARK: Descriptors

    func open(_ object: KernelObject) -> Int32 {
        let place = free.popLast() ?? objects.count
        if place == objects.count { objects.append(object) } else { objects[place] = object }
        object.fd = Kernel.firstDescriptor + Int32(place)
        return object.fd
    }

    func openEpoll() -> Int32 {
        let epoll = Epoll()
        epolls.append(epoll)
        return open(epoll)
    }

    /// Descriptors that are open.
    var openCount: Int { objects.count - free.count }

    @inline(__always)
    private func object<Object: KernelObject>(_ fd: Int32, _ type: Object.Type = Object.self) -> Object? {
        let place = Int(fd - Kernel.firstDescriptor)
        guard place < objects.count, let object = objects[place] else { return nil }
        return object as? Object
    }

    @inline(__always)
    private func link(_ fd: Int32) -> Link {
        let place = Int(fd - Kernel.firstDescriptor)
        guard place < objects.count, let object = objects[place], object is Link else {
            preconditionFailure("descriptor \(fd) is no open connection")
        }
        return unsafeDowncast(object, to: Link.self)
    }

    func close(_ fd: Int32) -> Int32 {
        let place = Int(fd - Kernel.firstDescriptor)
        guard place < objects.count, let object = objects[place] else { return -EBADF }
        objects[place] = nil
        free.append(place)
        object.epoll = nil
        object.fd = -1
        switch object {
        case let link as Link: link.serverCloses()
        case let listener as ListeningSocket:
            listeners.removeAll { $0 === listener }
            for link in listener.backlog { link.refuse() }
        case let epoll as Epoll: epolls.removeAll { $0 === epoll }
        default: break
        }
        return 0
    }

    // MARK: Connections

    func listen(_ fd: Int32) -> Int32 {
        guard let listener = object(fd, ListeningSocket.self) else { return -EBADF }
        listeners.append(listener)
        return 0
    }

    func accept(_ fd: Int32) -> Int32 {
        guard let listener = object(fd, ListeningSocket.self) else { return -EBADF }
        guard !listener.backlog.isEmpty else { return -EAGAIN }
        return open(listener.backlog.removeFirst())
    }

    func receive(_ fd: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int { link(fd).serverReceives(buffer) }

    func peek(_ fd: Int32) -> Int { link(fd).serverPeeks() }

    func send(_ fd: Int32, _ bytes: UnsafeRawBufferPointer) -> Int { link(fd).serverSends(bytes) }

    func finishSending(_ fd: Int32) -> Int32 {
        link(fd).serverFinishes()
        return 0
    }

    func takeError(_ fd: Int32) -> Int32 { link(fd).takeError() }

    func unacknowledged(_ fd: Int32) -> Int32 { link(fd).serverAsksWhatIsUnacknowledged() }

    // MARK: Readiness

    func watch(_ set: Int32, _ fd: Int32, _ interest: (events: UInt32, data: UInt64)?) -> Int32 {
        guard let epoll = object(set, Epoll.self), let target: KernelObject = object(fd) else { return -EBADF }
        guard let interest else {
            guard target.epoll != nil else { return -ENOENT }
            target.epoll = nil
            return 0
        }
        target.epoll = epoll
        target.interest = interest.events
        target.data = interest.data
        target.changed()
        return 0
    }

    func collect(_ set: Int32, atMost room: Int, _ give: (UInt32, UInt64) -> Void) {
        object(set, Epoll.self)?.collect(atMost: room, give)
    }

    func clearEvent(_ fd: Int32) -> Int {
        guard let counter = object(fd, EventCounter.self) else { return -Int(EBADF) }
        guard counter.isSet else { return -Int(EAGAIN) }
        counter.isSet = false
        return 8
    }

    func signalEvent(_ fd: Int32) -> Int {
        guard let counter = object(fd, EventCounter.self) else { return -Int(EBADF) }
        counter.isSet = true
        counter.changed()
        return 8
    }
}

/// Something with a descriptor.
class KernelObject {
    final var fd: Int32 = -1
    final var epoll: Epoll?
    final var interest: UInt32 = 0
    final var data: UInt64 = 0
    final var isQueued = false

    /// What it is ready for, in epoll's words.
    var readiness: UInt32 { 0 }

    /// Its readiness may have changed.
    final func changed() {
        guard let epoll, !isQueued, wanted != 0 else { return }
        isQueued = true
        epoll.ready.append(self)
    }

    /// What it is ready for and watched for; errors and hang-ups are always told.
    final var wanted: UInt32 { readiness & (interest | Ready.failed | Ready.hangUp) }
}

/// Epoll's words.
enum Ready {
    static let input: UInt32 = 0x001
    static let output: UInt32 = 0x004
    static let failed: UInt32 = 0x008
    static let hangUp: UInt32 = 0x010
    static let peerLeft: UInt32 = 0x2000
}

/// A set of descriptors that are watched, level-triggered: who is ready stands in line until found not ready.
final class Epoll: KernelObject {
    fileprivate(set) var ready: [KernelObject] = []

    /// Whether a wait would return at once.
    var isReady: Bool { ready.contains { $0.epoll === self && $0.wanted != 0 } }

    func collect(atMost room: Int, _ give: (UInt32, UInt64) -> Void) {
        var line: [KernelObject] = []
        swap(&line, &ready)
        var given = 0
        for object in line {
            let wanted = object.epoll === self ? object.wanted : 0
            guard wanted != 0 else {
                object.isQueued = false
                continue
            }
            if given < room {
                give(wanted, object.data)
                given += 1
            }
            ready.append(object)
        }
        // Who was told goes behind those who were not.
        if given < ready.count { ready = Array(ready[given...]) + Array(ready[..<given]) }
    }
}

/// What wakes a loop.
final class EventCounter: KernelObject {
    var isSet = false

    override var readiness: UInt32 { isSet ? Ready.input : 0 }
}

/// Where connections wait to be accepted.
final class ListeningSocket: KernelObject {
    var backlog: [Link] = []

    override var readiness: UInt32 { backlog.isEmpty ? 0 : Ready.input }

    func offer(_ link: Link) {
        backlog.append(link)
        changed()
    }
}
#endif
