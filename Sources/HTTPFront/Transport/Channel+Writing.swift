internal import Broker

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

extension Channel {
    /// How long, and for how many bytes, a peer that is told nothing more is listened to.
    private static let lingerTime = Duration.seconds(1)
    private static let lingerBytesMax: Int32 = 262_144

    /// Bytes that were written and that the kernel has not taken.
    package var pendingBytes: Int { pending?.count ?? 0 }

    /// Bytes that were written or posted since the beginning: where, in all that is written, the next byte will stand.
    package var writtenBytes: Int { sentBytes + pendingBytes + postedBytes }

    /// How many of these the peer's kernel has acknowledged, from the first on; also once the channel is closed.
    ///
    /// Where the system does not tell, everything that it took counts while the connection stands.
    package var arrivedBytes: Int {
        isClosed ? sentBytes : max(0, sentBytes - (Socket.unacknowledgedBytes(fd) ?? 0))
    }

    /// Whether not everything that was written or posted has been handed to the kernel.
    package var hasUnsent: Bool { postedBytes > 0 || pending != nil }

    /// Sends `bytes`, in the order of the calls: at once if the kernel takes them, else as the peer reads.
    ///
    /// `pendingBytes` has no limit but the loop's ``BufferBudget``; who writes to slow readers looks at it. A
    /// connection that fails here is closed, and `channelClosed` comes after the caller has returned.
    package func write(_ bytes: UnsafeBufferPointer<UInt8>) -> WriteOutcome {
        if postedBytes > 0 { loop.sendPosted() }
        guard flags.isDisjoint(with: [.closed, .finishing, .lingering]) else { return .closed }
        return hand(bytes)
    }

    /// Sends a copy of `bytes` together with what else is posted in this turn of the loop, at its end or before.
    ///
    /// What becomes of them is told later: `channelStalled` if the kernel does not take them all, and then
    /// `channelDrained` when it has; `channelClosed` if the connection fails. Nothing happens on a channel that is closed.
    package func post(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard !bytes.isEmpty, flags.isDisjoint(with: [.closed, .finishing, .lingering]) else { return }
        postedBytes += bytes.count
        loop.post(bytes, for: self)
    }

    /// Has `channelDrained` told once everything posted is with the kernel.
    package func tellWhenDrained() {
        if hasUnsent { flags.insert(.owesDrained) }
    }

    /// The loop sends what was posted.
    func sendLetter(_ bytes: UnsafeBufferPointer<UInt8>) {
        postedBytes -= bytes.count
        guard !isClosed else { return }
        switch hand(bytes) {
        case .closed:
            break
        case .pending:
            loop.tellNews(self)
        case .sent where postedBytes > 0:
            break
        case .sent:
            if flags.contains(.finishing) { return linger() }
            if flags.contains(.owesDrained) { loop.tellNews(self) }
        }
    }

    /// The loop tells the handler how far sending what was posted has come.
    func tellPosted() {
        guard !isClosed else { return }
        guard pending == nil else {
            handler?.channelStalled(self)
            return
        }
        guard postedBytes == 0, flags.contains(.owesDrained) else { return }
        flags.remove(.owesDrained)
        handler?.channelDrained(self)
    }

    private func hand(_ bytes: UnsafeBufferPointer<UInt8>) -> WriteOutcome {
        var rest = bytes
        if pending == nil, !flags.contains(.connecting) {
            let sent = Socket.send(fd, bytes)
            sentBytes += max(0, sent)
            if sent == bytes.count { return .sent }
            guard sent >= 0 || sent == -Int(EAGAIN) else {
                close(.failed(Int32(-sent)))
                return .closed
            }
            rest = UnsafeBufferPointer(rebasing: bytes[max(0, sent)...])
        }
        guard rest.count > 0 else { return pending == nil ? .sent : .pending }
        guard let queue = append(rest, to: pending, limit: .max) else { return .closed }
        pending = queue
        flags.insert(.owesDrained)
        watch(interest.union(.output))
        return .pending
    }

    /// Sends what `buffer` holds; see `write(_:)`.
    package func write(_ buffer: ByteBuffer) -> WriteOutcome { write(buffer.bytes) }

    /// Sends what is pending, as far as the kernel takes it.
    func flush() {
        if let pending {
            let sent = Socket.send(fd, pending.bytes)
            guard sent >= 0 || sent == -Int(EAGAIN) else { return close(.failed(Int32(-sent))) }
            pending.drop(max(0, sent))
            sentBytes += max(0, sent)
            guard pending.count == 0 else {
                loop.budget.giveBack(pending.shrink())
                return watch(interest.union(.output))
            }
            self.pending = nil
            loop.budget.giveBack(pending.capacity)
        }
        watch(interest.subtracting(.output))
        guard postedBytes == 0 else { return }
        if flags.contains(.finishing) { return linger() }
        guard flags.contains(.owesDrained) else { return }
        flags.remove(.owesDrained)
        handler?.channelDrained(self)
    }

    // MARK: Closing

    /// How many of the sent bytes count as arrived for good.
    ///
    /// A system resets a connection when its process leaves bytes unread, so after a reset what it had acknowledged does not
    /// count: it may have been thrown away. It does if the peer has spoken since, which it did after reading.
    private func bytesArrivedAtEnd(_ reason: CloseReason) -> Int {
        if case .failed(let code) = reason, code == ECONNRESET || code == EPIPE {
            guard kept == nil, interest.contains(.input), Socket.hasInput(fd) else { return 0 }
        }
        // The kernel still tells of a connection that failed. Our end counts as a byte until it is acknowledged.
        guard let unacknowledged = Socket.unacknowledgedBytes(fd) else {
            return flags.contains(.lingering) ? sentBytes : 0
        }
        return max(0, sentBytes - (flags.contains(.lingering) ? max(0, unacknowledged - 1) : unacknowledged))
    }

    /// Closes now; what is pending is dropped.
    ///
    /// `channelClosed` comes after the caller has returned, in the same turn.
    package func close() {
        close(.closed)
    }

    func close(_ reason: CloseReason) {
        guard !isClosed else { return }
        sentBytes = bytesArrivedAtEnd(reason)
        flags.insert(.closed)
        loop.budget.giveBack(memoryUse)
        kept = nil
        pending = nil
        loop.detach(self, reason: reason)
    }

    /// Sends what is pending, tells the peer that this is the end, and closes when the peer has closed too.
    ///
    /// From now on nothing is read for the handler and nothing can be written. After the last byte the sending side is
    /// shut, and what the peer still sends is read and discarded, for at most 1 s (or until the peer has received
    /// everything, if that takes longer) or 256 KiB: closing with unread input makes the kernel send a reset, which can
    /// destroy the answer before the peer has read it. The handler's deadline holds until the last byte is sent.
    package func closeAfterFlush() {
        guard flags.isDisjoint(with: [.closed, .finishing, .lingering]) else { return }
        flags.insert(.finishing)
        if let kept {
            self.kept = nil
            loop.budget.giveBack(kept.capacity)
        }
        if !hasUnsent, !flags.contains(.connecting) { linger() }
    }

    private func linger() {
        flags.remove(.finishing)
        // The peer's end has been read: nothing can come that a reset would answer.
        guard !flags.contains(.ended) else { return close() }
        Socket.finishSending(fd)
        flags.insert(.lingering)
        inputLimit = Channel.lingerBytesMax
        setDeadline((loop.now + Channel.lingerTime).nanoseconds)
        watch(.input)
    }

    /// Reads what nobody wants, up to the peer's end.
    func discardInput() {
        let count = Socket.receive(fd, loop.input, EventLoop.inputRoom)
        guard count != -Int(EAGAIN) else { return }
        inputLimit -= Int32(clamping: max(0, count))
        // A peer that has said all may still be receiving: it has the rest of the time, unwatched, because with both sides
        // shut the socket would stay ready.
        if count == 0, owesPeer { return loop.poller.remove(self) }
        if count < 0 { return close(.failed(Int32(-count))) }
        if count == 0 || inputLimit <= 0 { close() }
    }

    /// The time is over, unless the peer is a slow one that is still receiving; the kernel gives it up if it stops.
    func lingerOn() {
        let code = Socket.takeError(fd)
        guard owesPeer, code == 0 else { return close(code == 0 ? .closed : .failed(code)) }
        setDeadline((loop.now + Channel.lingerTime).nanoseconds)
    }

    /// Whether the peer has not acknowledged all bytes; our end counts as one.
    private var owesPeer: Bool { (Socket.unacknowledgedBytes(fd) ?? 0) > 1 }
}
