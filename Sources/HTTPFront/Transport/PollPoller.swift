#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// Readiness by poll(2): the portable path.
///
/// Entry 0 is the wake-up descriptor; a target in slot n of the loop's table has entry n + 1. An entry without a target
/// has the descriptor -1, which poll(2) skips.
final class PollPoller: Poller {
    private var entries: [pollfd]
    private var targets: [Unmanaged<PollTarget>?] = [nil]
    /// Where the next turn begins to look, so that a full turn cannot starve those behind it.
    private var first = 0

    init(wakeUp: Int32) {
        entries = [pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0)]
    }

    func add(_ target: PollTarget, interest: Interest) {
        let entry = Int(target.slot) + 1
        while entries.count <= entry {
            entries.append(pollfd(fd: -1, events: 0, revents: 0))
            targets.append(nil)
        }
        targets[entry] = Unmanaged.passUnretained(target)
        entries[entry].fd = target.fd
        change(target, interest: interest)
    }

    func change(_ target: PollTarget, interest: Interest) {
        var events: Int16 = 0
        if interest.contains(.input) { events |= Int16(POLLIN) }
        if interest.contains(.output) { events |= Int16(POLLOUT) }
        if interest.contains(.peerLeaving) { events |= Socket.pollPeerLeft }
        entries[Int(target.slot) + 1].events = events
    }

    func remove(_ target: PollTarget) {
        targets[Int(target.slot) + 1] = nil
        entries[Int(target.slot) + 1] = pollfd(fd: -1, events: 0, revents: 0)
    }

    func wait(into events: UnsafeMutableBufferPointer<ReadyEvent>, milliseconds: Int32) -> Int {
        var remaining = Socket.poll(&entries, milliseconds)
        guard remaining > 0 else { return 0 }
        if first >= entries.count { first = 0 }
        var count = 0
        var index = first
        for _ in entries.indices where remaining > 0 && count < events.count {
            let found = entries[index].revents
            if found != 0 {
                events[count] = ReadyEvent(target: targets[index], readiness: PollPoller.readiness(found))
                count += 1
                remaining -= 1
            }
            index = index + 1 == entries.count ? 0 : index + 1
        }
        first = count == events.count ? index : 0
        return count
    }

    private static func readiness(_ events: Int16) -> Readiness {
        var readiness: Readiness = []
        if events & Int16(POLLIN) != 0 { readiness.insert(.input) }
        if events & Int16(POLLOUT) != 0 { readiness.insert(.output) }
        if events & Socket.pollPeerLeft != 0 { readiness.insert(.peerLeft) }
        if events & Socket.pollHangUp != 0 { readiness.insert(.hangUp) }
        if events & Int16(POLLERR | POLLNVAL) != 0 { readiness.insert(.failed) }
        return readiness
    }
}
