#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

extension Channel {
    /// Leaves bytes in the kernel from now on, which makes the peer wait once the kernel's buffers are full.
    ///
    /// That the peer leaves is noticed nevertheless (on macOS only if it also resets the connection).
    package func pauseReading() {
        flags.insert(.paused)
    }

    /// Reads again; what was kept is presented in the same turn.
    package func resumeReading() {
        guard flags.contains(.paused) else { return }
        flags.remove(.paused)
        readAgain()
        if kept != nil { reparse() }
    }

    /// Presents what was kept again, in the same turn, also while reading is paused.
    ///
    /// Called from within `channel(_:received:)`, it takes effect after that.
    package func reparse() {
        guard !isClosed, !flags.contains(.attending) else { return }
        flags.insert(.attending)
        loop.attend(self)
    }

    /// The loop does what `reparse()` asked for.
    func attend() {
        flags.remove(.attending)
        if isReceiving { presentKept() }
    }

    /// Whether the handler is to be given input.
    var isReceiving: Bool { flags.isDisjoint(with: [.closed, .finishing, .lingering]) }

    func receive() {
        let room = min(EventLoop.inputRoom, inputBytesMax - keptInputBytes)
        let isRefused = flags.contains(.paused) || room <= 0 || !isReceiving
        // Nobody wants it now, and the socket would stay ready.
        guard !isRefused else { return watch(interest.subtracting(.input)) }
        let count = Socket.receive(fd, loop.input, room)
        if count > 0 {
            present(UnsafeBufferPointer(start: loop.input, count: count))
        } else if count == 0 {
            flags.insert(.ended)
            reachedEnd()
        } else if count != -Int(EAGAIN) {
            close(.failed(Int32(-count)))
        }
    }

    private func present(_ fresh: UnsafeBufferPointer<UInt8>) {
        guard kept == nil else {
            if keep(fresh) { presentKept() }
            return
        }
        guard let handler else { return }
        let consumed = handler.channel(self, received: fresh)
        precondition(consumed >= 0 && consumed <= fresh.count, "a handler consumed \(consumed) of \(fresh.count) bytes")
        guard consumed < fresh.count, isReceiving else { return }
        _ = keep(UnsafeBufferPointer(rebasing: fresh[consumed...]))
    }

    private func presentKept() {
        // Held here, because the handler may close the channel while it still looks at the bytes.
        guard let kept, let handler else { return }
        let count = kept.count
        let consumed = handler.channel(self, received: kept.bytes)
        precondition(consumed >= 0 && consumed <= count, "a handler consumed \(consumed) of \(count) bytes")
        guard consumed > 0, isReceiving else { return }
        kept.drop(consumed)
        if kept.count == 0 {
            self.kept = nil
            loop.budget.giveBack(kept.capacity)
        } else {
            loop.budget.giveBack(kept.shrink())
        }
        readAgain()
    }

    private func keep(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let queue = append(bytes, to: kept, limit: inputBytesMax) else { return false }
        kept = queue
        return true
    }

    /// Appends to a buffer of its own, or to a fresh one; nil, and closed, if there is no memory for it.
    func append(_ bytes: UnsafeBufferPointer<UInt8>, to queue: ByteQueue?, limit: Int) -> ByteQueue? {
        let fresh = ByteQueue.capacity(for: bytes.count)
        let before = queue?.capacity ?? 0
        let after = queue?.capacity(afterAppending: bytes.count, limit: limit) ?? fresh
        guard loop.budget.take(after - before) else {
            close(.buffersExhausted)
            return nil
        }
        let queue = queue ?? ByteQueue(capacity: after)
        queue.append(bytes, growingTo: after)
        return queue
    }

    func readAgain() {
        guard isReceiving, flags.isDisjoint(with: [.paused, .ended, .connecting]) else { return }
        guard keptInputBytes < inputBytesMax else { return }
        watch(interest.union(.input))
    }

    /// The peer will send no more; what it sent may still be in the kernel.
    func reachedEnd() {
        // The end stays ready for ever.
        watch(interest.subtracting(flags.contains(.ended) ? [.input, .peerLeaving] : .peerLeaving))
        guard !flags.contains(.endTold) else { return }
        flags.insert(.endTold)
        guard isReceiving else { return }
        handler?.channelReachedEnd(self)
    }
}
