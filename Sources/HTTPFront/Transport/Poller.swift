/// How a loop learns which sockets are ready.
package enum PollerKind: String, CaseIterable, Sendable {
    #if os(Linux)
    /// epoll(7): the cost of a turn does not depend on how many sockets are watched.
    case epoll
    #endif
    /// poll(2): everywhere; each turn costs time for each socket.
    case poll

    /// The best one that this system has.
    package static var best: PollerKind {
        #if os(Linux)
        .epoll
        #else
        .poll
        #endif
    }

    func make(wakeUp: Int32) throws(TransportError) -> any Poller {
        switch self {
        #if os(Linux)
        case .epoll: try EpollPoller(wakeUp: wakeUp)
        #endif
        case .poll: PollPoller(wakeUp: wakeUp)
        }
    }
}

/// What a socket is watched for; errors and hang-ups are always reported.
struct Interest: OptionSet {
    let rawValue: UInt8

    static let input = Interest(rawValue: 1)
    static let output = Interest(rawValue: 2)
    /// The peer will send no more, whether or not what it sent has been read.
    static let peerLeaving = Interest(rawValue: 4)
}

/// What a socket is ready for.
struct Readiness: OptionSet {
    let rawValue: UInt8

    static let input = Readiness(rawValue: 1)
    static let output = Readiness(rawValue: 2)
    static let peerLeft = Readiness(rawValue: 4)
    /// Neither direction works any more.
    static let hangUp = Readiness(rawValue: 8)
    static let failed = Readiness(rawValue: 16)
}

/// One socket that is ready.
struct ReadyEvent {
    // Unretained: the loop keeps what it closes until the events are handled.
    /// Whose descriptor it is; nil for the one that wakes the loop up.
    var target: Unmanaged<PollTarget>?
    var readiness: Readiness
}

/// Level-triggered readiness of many sockets, confined to one loop.
protocol Poller: AnyObject {
    /// Watches `target`; it stays alive until `remove`, and after that until the present turn's events are handled.
    func add(_ target: PollTarget, interest: Interest) throws(TransportError)
    /// Changes what `target` is watched for.
    func change(_ target: PollTarget, interest: Interest)
    /// Stops watching `target`, before its descriptor is closed.
    func remove(_ target: PollTarget)
    /// Fills `events` with what is ready, after waiting for at most `milliseconds` (-1: for ever); returns how many.
    func wait(into events: UnsafeMutableBufferPointer<ReadyEvent>, milliseconds: Int32) -> Int
}

/// Something with a descriptor that a loop watches: a channel or a listener.
package class PollTarget: LoopTimer {
    /// The descriptor; -1 once it is closed.
    final var fd: Int32
    /// Its place in the loop's table.
    final var slot: Int32 = -1

    init(fd: Int32) {
        self.fd = fd
    }

    /// Its descriptor is ready.
    func becameReady(_ readiness: Readiness) {}

    /// The loop stops: close now.
    func loopStops() {}
}
