internal import Broker

extension EventLoop {
    /// Keeps `target` and has its descriptor watched.
    func attach(_ target: PollTarget, interest: Interest) throws(TransportError) {
        checkConfinement()
        guard phase == .settingUp || phase == .turning else {
            throw TransportError(operation: "opening a socket", detail: "event loop \(index) has stopped")
        }
        let slot = freeSlots.popLast() ?? Int32(targets.count)
        target.slot = slot
        do throws(TransportError) {
            try poller.add(target, interest: interest)
        } catch {
            freeSlots.append(slot)
            if Int(slot) == targets.count { targets.append(nil) }
            throw error
        }
        if Int(slot) == targets.count { targets.append(target) } else { targets[Int(slot)] = target }
    }

    private func detach(_ target: PollTarget) {
        checkConfinement()
        poller.remove(target)
        Socket.close(target.fd)
        target.fd = -1
        if target.isScheduled { wheel.cancel(target) }
        targets[Int(target.slot)] = nil
        freeSlots.append(target.slot)
    }

    func detach(_ channel: Channel, reason: CloseReason) {
        closed.append((channel, reason))
        detach(channel as PollTarget)
        counters.channelClosed()
    }

    func detach(_ listener: Listener) {
        closedListeners.append(listener)
        detach(listener as PollTarget)
    }

    func attend(_ channel: Channel) {
        attention.append(channel)
    }

    func post(_ bytes: UnsafeBufferPointer<UInt8>, for channel: Channel) {
        checkConfinement()
        if outbox.isFull(with: bytes.count) { outbox.send() }
        outbox.append(bytes, for: channel)
        if phase != .turning { outbox.send() }
    }

    /// Sends what was posted; what is to be told of it is told when the callbacks under way have returned.
    func sendPosted() {
        if !outbox.isEmpty { outbox.send() }
    }

    func tellNews(_ channel: Channel) {
        news.append(channel)
    }

    /// Does what the callbacks of the last phase left to do: kept input first, then news of channels that closed.
    func settle() {
        if !attention.isEmpty {
            // What asks again meanwhile has to wait for the next time: the sockets come first.
            swap(&attention, &attended)
            for channel in attended { channel.attend() }
            attended.removeAll(keepingCapacity: true)
        }
        if !news.isEmpty {
            swap(&news, &told)
            for channel in told { channel.tellPosted() }
            told.removeAll(keepingCapacity: true)
        }
        if !closed.isEmpty {
            // Who is told may close others, and so may sending, after which nothing posted names them any more.
            var index = 0
            repeat {
                while index < closed.count {
                    let (channel, reason) = closed[index]
                    channel.tellClosed(reason)
                    index += 1
                }
                sendPosted()
            } while index < closed.count
            closed.removeAll(keepingCapacity: index < 1024)
        }
        if !closedListeners.isEmpty { closedListeners.removeAll() }
    }

    func closeEverything() {
        for target in targets { target?.loopStops() }
    }
}
