internal import Broker
internal import HTTPFront

/// One connection of a measurement: sends a request, hands out the answer, and stays open for the next.
///
/// Confined to the loop of its run.
final class BenchConnection: ChannelHandler {
    /// Which of the load's connections it is.
    let index: Int
    /// When the request that is under way was sent, or should have been.
    private(set) var startedAt = MonotonicInstant(nanoseconds: 0)
    /// Whether an answer is waited for.
    private(set) var isBusy = false

    private unowned let run: BenchRun
    private var channel: Channel?

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

    /// Sends a request; the one before must have been answered.
    ///
    /// - Parameters:
    ///   - request: Head and body.
    ///   - due: When it should have been sent, if that is earlier than now.
    func send(_ request: [UInt8], due: MonotonicInstant? = nil) {
        precondition(!isBusy, "connection \(index) waits for an answer already")
        isBusy = true
        startedAt = due ?? run.now
        _ = request.withUnsafeBufferPointer { channel?.write($0) }
    }

    /// Has `BenchLoad.due` called at that time, or some milliseconds later.
    func wake(at time: MonotonicInstant) {
        channel?.deadline = time
    }

    /// Closes it, which nobody is told.
    func close() {
        channel?.forgetHandler()
        channel?.close()
        channel = nil
    }

    // MARK: What happens to the channel

    func channelConnected(_ channel: Channel) {
        // The largest answer: a poll's.
        channel.inputBytesMax = 4 << 20
        run.connected()
    }

    func channel(_ channel: Channel, received bytes: UnsafeBufferPointer<UInt8>) -> Int {
        do throws(ResponseMistake) {
            guard let head = try ResponseHead.scan(bytes.span) else { return 0 }
            guard case .length(let length) = head.framing else {
                throw ResponseMistake("its length is not told")
            }
            let total = head.byteCount + length
            guard bytes.count >= total else { return 0 }
            isBusy = false
            run.answered(
                self,
                head.status,
                UnsafeBufferPointer(rebasing: bytes[head.byteCount..<total])
            )
            return total
        } catch {
            channel.close()
            run.lost(self, reason: "the answer is none: \(error)")
            return bytes.count
        }
    }

    func channelReachedEnd(_ channel: Channel) {
        channel.close()
    }

    func channelDrained(_ channel: Channel) {}

    func channelClosed(_ channel: Channel, reason: CloseReason) {
        self.channel = nil
        run.lost(self, reason: reason.words)
    }

    func channelTimedOut(_ channel: Channel) {
        run.due(self)
    }
}
