internal import Broker
internal import HTTPFront

/// One connection of a measurement, confined to the loop of its run.
class BenchConnection: ChannelHandler {
    /// Which of the run's senders or readers it is.
    let index: Int
    /// The run that it belongs to.
    unowned let run: BenchRun
    private var channel: Channel?

    /// Makes a connection that is not there yet.
    init(index: Int, run: BenchRun) {
        self.index = index
        self.run = run
    }

    /// Begins to connect.
    func connect(to address: SocketAddress) {
        do throws(TransportError) {
            channel = try run.loop.connect(to: address, handler: self)
        } catch {
            run.lost(self, reason: error.detail)
        }
    }

    /// Sends bytes.
    func write(_ request: [UInt8]) {
        _ = request.withUnsafeBufferPointer { channel?.write($0) }
    }

    /// Has the run look at its clock at that time, or some milliseconds later.
    func wake(at time: MonotonicInstant) {
        channel?.deadline = time
    }

    /// Closes it, which nobody is told.
    func close() {
        channel?.forgetHandler()
        channel?.close()
        channel = nil
    }

    /// Takes what came; returns how many bytes are done with.
    func take(_ bytes: UnsafeBufferPointer<UInt8>) throws(ResponseMistake) -> Int { bytes.count }

    /// An answer whose length is told, at the beginning of `bytes`; nil if it is not there as a whole.
    static func answer(
        in bytes: UnsafeBufferPointer<UInt8>
    ) throws(ResponseMistake) -> (status: Int, body: UnsafeBufferPointer<UInt8>, byteCount: Int)? {
        guard let head = try ResponseHead.scan(bytes.span) else { return nil }
        guard case .length(let length) = head.framing else { throw ResponseMistake("its length is not told") }
        let total = head.byteCount + length
        guard bytes.count >= total else { return nil }
        return (head.status, UnsafeBufferPointer(rebasing: bytes[head.byteCount..<total]), total)
    }

    /// The other end has closed it, or it failed.
    func ended(_ reason: String) {
        run.lost(self, reason: reason)
    }

    // MARK: What happens to the channel

    func channelConnected(_ channel: Channel) {
        // The largest answer: a poll's.
        channel.inputBytesMax = 4 << 20
        run.connected()
    }

    func channel(_ channel: Channel, received bytes: UnsafeBufferPointer<UInt8>) -> Int {
        do throws(ResponseMistake) {
            return try take(bytes)
        } catch {
            close()
            run.lost(self, reason: "the answer is none: \(error)")
            return bytes.count
        }
    }

    func channelReachedEnd(_ channel: Channel) {
        close()
        ended("the broker closed it")
    }

    func channelDrained(_ channel: Channel) {}

    func channelClosed(_ channel: Channel, reason: CloseReason) {
        self.channel = nil
        ended(reason.words)
    }

    func channelTimedOut(_ channel: Channel) {
        run.watchClock()
    }
}

/// A connection that sends a request, hands out the answer, and stays open for the next.
final class BenchSender: BenchConnection {
    /// Whether an answer is waited for.
    private(set) var isBusy = false

    /// Whether it removes inboxes by now.
    var isRemoving = false
    /// Whether it has stood since it was connected last.
    private var hasStood = false

    /// Sends a request; the one before must have been answered.
    func send(_ request: [UInt8]) {
        precondition(!isBusy, "connection \(index) waits for an answer already")
        isBusy = true
        write(request)
    }

    override func take(_ bytes: UnsafeBufferPointer<UInt8>) throws(ResponseMistake) -> Int {
        guard let answer = try BenchConnection.answer(in: bytes) else { return 0 }
        // What nobody asked for comes before the broker closes a connection that does nothing.
        guard isBusy else { return answer.byteCount }
        isBusy = false
        run.answered(self, answer.status, answer.body)
        return answer.byteCount
    }

    override func channelConnected(_ channel: Channel) {
        hasStood = true
        super.channelConnected(channel)
    }

    /// A broker may close a connection that does nothing for long, and every client has to bear that: it connects again.
    override func ended(_ reason: String) {
        guard !isBusy, hasStood, run.isReading, run.phase != .connecting else { return super.ended(reason) }
        hasStood = false
        connect(to: run.address)
    }
}
