#if os(Linux)
internal import CLinux
internal import Glibc

/// Readiness by epoll(7).
///
/// The data of an event is the address of its target. `remove` takes a descriptor out before it is closed, since a
/// forked child that holds a copy would keep a closed one in the set.
final class EpollPoller: Poller {
    private let set: Int32
    private let raw: UnsafeMutableBufferPointer<epoll_event>

    init(wakeUp: Int32) throws(TransportError) {
        set = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard set >= 0 else { throw TransportError(operation: "making an epoll set", code: errno) }
        raw = .allocate(capacity: 256)
        var event = epoll_event()
        event.events = EPOLLIN.rawValue
        event.data.u64 = 0
        guard epoll_ctl(set, EPOLL_CTL_ADD, wakeUp, &event) == 0 else {
            throw TransportError(operation: "watching the wake-up descriptor", code: errno)
        }
    }

    deinit {
        raw.deallocate()
        Socket.close(set)
    }

    func add(_ target: PollTarget, interest: Interest) throws(TransportError) {
        guard control(EPOLL_CTL_ADD, target, interest) == 0 else {
            throw TransportError(operation: "watching a socket", code: errno)
        }
    }

    func change(_ target: PollTarget, interest: Interest) {
        let result = control(EPOLL_CTL_MOD, target, interest)
        precondition(result == 0, "epoll_ctl(MOD, \(target.fd)): \(Socket.text(of: errno))")
    }

    func remove(_ target: PollTarget) {
        var event = epoll_event()
        _ = epoll_ctl(set, EPOLL_CTL_DEL, target.fd, &event)
    }

    func wait(into events: UnsafeMutableBufferPointer<ReadyEvent>, milliseconds: Int32) -> Int {
        let found = epoll_wait(set, raw.baseAddress, Int32(min(raw.count, events.count)), milliseconds)
        guard found > 0 else {
            precondition(found == 0 || errno == EINTR, "epoll_wait: \(Socket.text(of: errno))")
            return 0
        }
        for index in 0..<Int(found) {
            let event = raw[index]
            let target = event.data.ptr.map { Unmanaged<PollTarget>.fromOpaque($0) }
            events[index] = ReadyEvent(target: target, readiness: EpollPoller.readiness(event.events))
        }
        return Int(found)
    }

    private func control(_ operation: Int32, _ target: PollTarget, _ interest: Interest) -> Int32 {
        var event = epoll_event()
        if interest.contains(.input) { event.events |= EPOLLIN.rawValue }
        if interest.contains(.output) { event.events |= EPOLLOUT.rawValue }
        if interest.contains(.peerLeaving) { event.events |= EPOLLRDHUP.rawValue }
        event.data.ptr = Unmanaged.passUnretained(target).toOpaque()
        return epoll_ctl(set, operation, target.fd, &event)
    }

    private static func readiness(_ events: UInt32) -> Readiness {
        // What nearly every event is.
        if events == EPOLLIN.rawValue { return .input }
        var readiness: Readiness = []
        if events & EPOLLIN.rawValue != 0 { readiness.insert(.input) }
        if events & EPOLLOUT.rawValue != 0 { readiness.insert(.output) }
        if events & EPOLLRDHUP.rawValue != 0 { readiness.insert(.peerLeft) }
        if events & EPOLLHUP.rawValue != 0 { readiness.insert(.hangUp) }
        if events & EPOLLERR.rawValue != 0 { readiness.insert(.failed) }
        return readiness
    }
}
#endif
