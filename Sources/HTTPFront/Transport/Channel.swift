package import Broker

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// One connection, confined to its loop, which keeps it until it is closed.
///
/// While nothing is in flight it owns no memory but itself: bytes are read into the loop's buffer and written from the
/// caller's; only what is not consumed, or not taken by the kernel, is copied into buffers of its own, which are
/// charged to the loop's ``BufferBudget``.
package final class Channel: PollTarget {
    // The loop keeps its channels, closes them in its deinit, and a closed channel does not touch its loop.
    /// The loop that it belongs to; not to be used once both are gone.
    package unowned(unsafe) let loop: EventLoop
    /// Who is told what happens; dropped after `channelClosed`.
    var handler: (any ChannelHandler)?
    var kept: ByteQueue?
    var pending: ByteQueue?
    /// Bytes that the kernel has taken since the beginning; once closed, those of them that the peer had acknowledged.
    var sentBytes = 0
    /// Nanoseconds; `.max` for none.
    private var deadlineNanoseconds: Int64 = .max
    /// For when the loop's timer is set, which may be earlier than the deadline; `.max` if it is not.
    private var alarmNanoseconds: Int64 = .max
    /// `inputBytesMax`; while lingering, how many bytes may still come.
    var inputLimit: Int32 = 65_536
    var flags: ChannelFlags = []
    var interest: Interest
    /// Bytes that were posted and that the loop has yet to send.
    var postedBytes = 0

    init(fd: Int32, loop: EventLoop, isConnecting: Bool) {
        self.loop = loop
        interest = isConnecting ? .output : [.input, .peerLeaving]
        super.init(fd: fd)
        if isConnecting { flags = .connecting }
    }

    /// Tells its handler nothing more, not even that it closes.
    package func forgetHandler() {
        handler = nil
    }

    // MARK: What it is

    /// Whether it is closed, or closing is under way within this turn.
    package var isClosed: Bool { flags.contains(.closed) }

    /// Received bytes that the handler has not consumed.
    package var keptInputBytes: Int { kept?.count ?? 0 }

    /// Bytes of the buffers that it owns.
    package var memoryUse: Int { (kept?.capacity ?? 0) + (pending?.capacity ?? 0) }

    /// How many received bytes it keeps at most for its handler; then it stops reading until some are consumed.
    package var inputBytesMax: Int {
        get { Int(inputLimit) }
        set {
            guard isReceiving else { return }
            inputLimit = Int32(clamping: max(1, newValue))
            readAgain()
        }
    }

    /// The address of the other side without its port; empty if it is closed.
    package var peerAddressText: String { isClosed ? "" : Socket.peerAddress(fd)?.hostText ?? "" }

    /// The address and port of the other side; nil if it is closed.
    package var peerAddress: SocketAddress? { isClosed ? nil : Socket.peerAddress(fd) }

    // MARK: Readiness

    func watch(_ wanted: Interest) {
        guard wanted != interest, !isClosed else { return }
        interest = wanted
        loop.poller.change(self, interest: wanted)
    }

    /// Its listener has found a handler for it, or none.
    func opened(by handler: (any ChannelHandler)?) {
        self.handler = handler
        if handler == nil, isReceiving { close() }
    }

    override func becameReady(_ readiness: Readiness) {
        // It may have been closed by what another channel's handler did in this turn.
        guard !isClosed else { return }
        if flags.contains(.connecting) { return finishConnecting() }
        if flags.contains(.lingering) { return discardInput() }
        if !readiness.isDisjoint(with: [.failed, .hangUp]) {
            // Without our own shutdown, a hang-up means that the connection is gone, whatever is unread.
            let code = Socket.takeError(fd)
            return close(.failed(code == 0 ? ECONNRESET : code))
        }
        if readiness.contains(.output) { flush() }
        let mayRead = !readiness.isDisjoint(with: [.input, .peerLeft]) && interest.contains(.input)
        if mayRead, !isClosed { receive() }
        // Where bytes are read, their end shows when all of them have been.
        if readiness.contains(.peerLeft), !isClosed, !interest.contains(.input) { reachedEnd() }
    }

    private func finishConnecting() {
        let code = Socket.takeError(fd)
        guard code == 0 else { return close(.failed(code)) }
        flags.remove(.connecting)
        watch(flags.contains(.finishing) ? .output : [.input, .peerLeaving])
        handler?.channelConnected(self)
        if !isClosed, pending != nil || flags.contains(.finishing) { flush() }
    }

    override func loopStops() {
        close(.loopStopped)
    }

    /// The loop tells what `close` left to be told.
    func tellClosed(_ reason: CloseReason) {
        let handler = handler
        self.handler = nil
        handler?.channelClosed(self, reason: reason)
    }

    // MARK: Time

    /// When the handler is told `channelTimedOut`, unless it is moved before; nil for never.
    ///
    /// It may be some milliseconds late. Moving it to a later time costs a store.
    package var deadline: MonotonicInstant? {
        get { deadlineNanoseconds == .max ? nil : MonotonicInstant(nanoseconds: deadlineNanoseconds) }
        set {
            guard !isClosed, !flags.contains(.lingering) else { return }
            setDeadline(newValue?.nanoseconds ?? .max)
        }
    }

    func setDeadline(_ nanoseconds: Int64) {
        deadlineNanoseconds = nanoseconds
        // An alarm that is too early sets itself again.
        guard nanoseconds < alarmNanoseconds else { return }
        alarmNanoseconds = nanoseconds
        loop.schedule(self, at: MonotonicInstant(nanoseconds: nanoseconds))
    }

    override package func fired(on loop: EventLoop) {
        alarmNanoseconds = .max
        guard !isClosed, deadlineNanoseconds != .max else { return }
        guard deadlineNanoseconds <= loop.now.nanoseconds else { return setDeadline(deadlineNanoseconds) }
        deadlineNanoseconds = .max
        if flags.contains(.lingering) { return lingerOn() }
        handler?.channelTimedOut(self)
    }
}

/// What a channel is doing.
struct ChannelFlags: OptionSet {
    let rawValue: UInt16

    static let closed = ChannelFlags(rawValue: 1)
    static let connecting = ChannelFlags(rawValue: 2)
    /// The handler wants no input for now.
    static let paused = ChannelFlags(rawValue: 4)
    /// It waits for `attend()`.
    static let attending = ChannelFlags(rawValue: 8)
    /// Everything up to the peer's end has been read.
    static let ended = ChannelFlags(rawValue: 16)
    /// The handler knows that the peer will send no more.
    static let endTold = ChannelFlags(rawValue: 32)
    /// What is pending is still sent, then the sending side is shut.
    static let finishing = ChannelFlags(rawValue: 64)
    /// The sending side is shut; input is discarded until the peer closes.
    static let lingering = ChannelFlags(rawValue: 128)
    /// Bytes were kept since the handler last heard that all are sent.
    static let owesDrained = ChannelFlags(rawValue: 256)
}
