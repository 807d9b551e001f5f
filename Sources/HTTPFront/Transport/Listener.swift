internal import Broker

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// A socket that accepts connections for its loop, and is confined to it.
package final class Listener: PollTarget {
    /// Where it listens, with the port that it really has.
    package let address: SocketAddress
    // The loop keeps its listeners, closes them in its deinit, and a closed listener does not touch its loop.
    private unowned(unsafe) let loop: EventLoop
    private let accept: (Channel) -> (any ChannelHandler)?
    /// Called each time that there is no descriptor for a connection, which is closed then.
    package var whenOutOfDescriptors: (() -> Void)?
    private var isPausedByOwner = false
    private var isPausedByTrouble = false
    /// Closed in order to have one descriptor left for a connection that is accepted and closed; -1 while there is
    /// none.
    private var reserve: Int32

    private static let acceptsMax = 64
    private static let troublePause = Duration.milliseconds(100)

    init(fd: Int32, address: SocketAddress, loop: EventLoop, accept: @escaping (Channel) -> (any ChannelHandler)?) {
        self.address = address
        self.loop = loop
        self.accept = accept
        reserve = Socket.reserve()
        super.init(fd: fd)
    }

    /// Stops listening for good; connections that wait to be accepted are reset by the system.
    package func close() {
        guard fd >= 0 else { return }
        if reserve >= 0 { Socket.close(reserve) }
        reserve = -1
        loop.detach(self)
    }

    /// Gives its descriptors back without its loop, which never had it.
    func discard() {
        if reserve >= 0 { Socket.close(reserve) }
        Socket.close(fd)
    }

    /// Stops accepting; connections wait in the kernel, up to the backlog.
    package func pause() {
        isPausedByOwner = true
        updateInterest()
    }

    /// Accepts again.
    package func resume() {
        isPausedByOwner = false
        updateInterest()
    }

    private func updateInterest() {
        guard fd >= 0 else { return }
        loop.poller.change(self, interest: isPausedByOwner || isPausedByTrouble ? [] : .input)
    }

    override func becameReady(_ readiness: Readiness) {
        for _ in 0..<Listener.acceptsMax {
            // The handler of a connection may close or pause its listener.
            guard fd >= 0, !isPausedByOwner, !isPausedByTrouble else { return }
            let result = Socket.accept(fd)
            if result >= 0 {
                open(result)
                continue
            }
            switch -result {
            case EAGAIN: return
            // The connection is gone already; the others are not.
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, EPERM: continue
            case EMFILE, ENFILE: guard shedOne() else { return }
            default:
                loop.counters.acceptFailed()
                rest()
            }
        }
    }

    private func open(_ fd: Int32) {
        loop.counters.channelAccepted()
        if !Socket.acceptedInheritsOptions { Socket.configureConnection(fd) }
        let channel = Channel(fd: fd, loop: loop, isConnecting: false)
        do throws(TransportError) {
            try loop.attach(channel, interest: [.input, .peerLeaving])
        } catch {
            Socket.close(fd)
            loop.counters.acceptFailed()
            return
        }
        loop.counters.channelOpened()
        channel.opened(by: accept(channel))
    }

    /// Accepts the next connection with the reserve and closes it, since there is no descriptor for it.
    ///
    /// So its client learns of it, and the listener does not stay ready for ever. False if there was no connection.
    private func shedOne() -> Bool {
        if reserve >= 0 { Socket.close(reserve) }
        let result = Socket.accept(fd)
        if result >= 0 { Socket.close(result) }
        reserve = Socket.reserve()
        // Without descriptors, accept fails even if nobody waits.
        guard result != -EAGAIN else { return false }
        loop.counters.ranOutOfDescriptors()
        whenOutOfDescriptors?()
        // Another thread took the descriptor that was free for a moment.
        if result < 0 || reserve < 0 { rest() }
        return true
    }

    /// Accepts nothing for a moment: what is wrong will not go away by asking again at once.
    private func rest() {
        isPausedByTrouble = true
        updateInterest()
        loop.schedule(self, at: loop.now + Listener.troublePause)
    }

    override package func fired(on loop: EventLoop) {
        guard fd >= 0 else { return }
        if reserve < 0 { reserve = Socket.reserve() }
        isPausedByTrouble = false
        updateInterest()
    }

    override func loopStops() {
        close()
    }
}
