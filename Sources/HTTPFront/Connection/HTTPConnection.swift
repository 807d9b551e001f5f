internal import Broker

/// One client: the requests that come over a connection, one after the other, and their answers.
///
/// Bytes go through the parser; a complete request goes to its route. What can be answered at once is written into the
/// loop's output buffer and leaves with the answers to the requests behind it in one write. A poll that finds nothing is
/// parked: then the connection is *working* until the outcome comes, and bytes that come meanwhile wait. A stream makes the
/// connection its own until the end.
///
/// Confined to its loop; unchecked because its tasks and callbacks, which run there too, have to hold it.
final class HTTPConnection: ChannelHandler, @unchecked Sendable {
    /// What the connection is doing.
    enum Phase: UInt8 {
        /// Waits for a request, or for the rest of one.
        case reading
        /// Has a request whose answer is not there yet.
        case working
        /// Is a stream.
        case streaming
        /// Will be closed once everything is written.
        case finishing
    }

    // Held, because a task may outlive the server's own life. The channel lets go of the connection when it closes.
    let front: Front
    let channel: Channel
    // The small ones together, so that they share a word.
    var phase = Phase.reading
    /// Whether the first bytes of a request are there and the rest is not.
    var hasPartialRequest = false
    /// Whether the client has said all that it will.
    private(set) var hasEnded = false
    private var isBusy = false
    /// Whether requests are being read: their answers leave together, after the last of them.
    var isReceiving = false
    /// What of the current request matters for its answer.
    var traits = AnswerTraits()
    @exclusivity(unchecked) var parser: HeadParser
    /// Bytes that the current reader is charged with.
    private var chargedBytes: Int32 = 0
    /// A request whose head is there and whose body is not.
    var incoming: IncomingBody?
    var waiter = Waiter.nobody
    /// The task that waits for this connection's polls, while it has none to wait for.
    var restingTask: UnsafeContinuation<Void, Never>?
    var stream: EventStream?
    /// Taken messages whose arrival is not known yet, in the order in which they were written.
    @exclusivity(unchecked) var unconfirmed: [Unconfirmed] = []
    var deadline = Deadline.none

    /// Whoever the connection's poll is, while it is parked.
    enum Waiter {
        case nobody
        /// Parked in the shard of this loop.
        case parked(ParkedPoll)
        /// A task that waits elsewhere.
        case task(Task<Void, Never>)
    }

    init(channel: Channel, front: Front) {
        self.channel = channel
        self.front = front
        var limits = front.configuration.http
        // How long the body may be is looked at when the whole head is there.
        limits.bodyBytesMax = .max
        parser = HeadParser(limits: limits)
        rearm()
    }

    // MARK: The channel's news

    func channelStalled(_ channel: Channel) {
        rearm()
    }

    func channelDrained(_ channel: Channel) {
        if stream != nil { return streamDrained() }
        rearm()
        goOn()
    }

    func channelReachedEnd(_ channel: Channel) {
        hasEnded = true
        confirmArrived()
        goOn()
    }

    /// The client has said all that it will, and everything that it said was looked at.
    func finishAfterEnd() {
        switch phase {
        case .working:
            // Somebody who has ended waits for nothing that is not there yet. Where it is asked for on another loop, as where
            // something was sent there, the answer may still be read.
            endWaiting()
        case .streaming:
            channel.close()
        case .reading, .finishing:
            // What is pending is still written, and what was taken may still arrive; then it is over.
            guard !channel.hasUnsent, unconfirmed.isEmpty else { return channel.tellWhenDrained() }
            channel.close()
        }
    }

    func channelClosed(_ channel: Channel, reason: CloseReason) {
        if reason == .buffersExhausted { front.server.journal?.note(.buffers) }
        front.requestLog?.closed(self)
        endWaiting()
        endResting()
        closeStream()
        giveBackUnconfirmed()
        incoming?.release(front.server.budget)
        incoming = nil
        giveBackCharge()
        updateBusy()
        front.connectionClosed()
    }

    func channelTimedOut(_ channel: Channel) {
        deadlinePassed()
    }

    // MARK: What others count

    /// Tells the front whether a request or an answer is under way: a server that shuts down waits for it.
    func updateBusy() {
        let hasRequest = phase == .working || phase == .streaming || incoming != nil
        let busy = !channel.isClosed && (hasRequest || channel.pendingBytes > 0)
        guard busy != isBusy else { return }
        isBusy = busy
        if busy { front.becameBusy() } else { front.becameIdle() }
    }

    /// Charges for a reader's places in several inboxes, which would otherwise be memory that nobody counts.
    func charge(forReading recipients: Int) throws(Problem) {
        let bytes = (recipients - 1) * HTTPConnection.placeBytes
        guard bytes > 0 else { return }
        guard front.server.budget.take(bytes) else {
            throw Problem(
                .overloaded,
                "all buffers are in use; read later or fewer inboxes, or raise --buffers-bytes-max"
            )
        }
        chargedBytes = Int32(clamping: bytes)
    }

    func giveBackCharge() {
        guard chargedBytes > 0 else { return }
        front.server.budget.giveBack(Int(chargedBytes))
        chargedBytes = 0
    }

    /// What a place in an inbox costs, that in the table of sessions included: measured, rounded up.
    private static let placeBytes = 320
}
