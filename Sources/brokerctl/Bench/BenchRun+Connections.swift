internal import Broker

/// What happens to the connections of a run.
extension BenchRun {
    /// Begins to connect one more, if one is missing.
    func connectNext() {
        let index = senders.count + readers.count + (control == nil ? 0 : 1)
        guard index < connectionCount else { return }
        let connection: BenchConnection
        if senders.count < plan.connections {
            connection = addSender()
        } else if control == nil {
            let sender = BenchSender(index: plan.connections, run: self)
            control = sender
            connection = sender
        } else {
            let reader = makeReader(readers.count)
            readers.append(reader)
            connection = reader
        }
        connection.connect(to: address)
    }

    /// Makes the next of the connections that send.
    func addSender() -> BenchSender {
        let sender = BenchSender(index: senders.count, run: self)
        senders.append(sender)
        return sender
    }

    private func makeReader(_ index: Int) -> BenchReader {
        let isParked = index >= plan.readers
        let recipient = isParked ? plan.recipients + index - plan.readers : plan.mode == .fanout ? 0 : index
        return BenchReader(index: index, recipient: recipient, over: isParked ? .poll : plan.over, run: self)
    }

    /// A connection stands.
    func connected() {
        guard phase == .connecting else { return }
        connectedCount += 1
        phaseEnd = now + BenchRun.patience
        connectNext()
        guard connectedCount == connectionCount else { return }
        if plan.waiting > 0 {
            phase = .parking
            beginParking()
        } else {
            load.begin(self)
        }
    }

    /// Something moves: there is time again.
    func hasProgressed() {
        phaseEnd = now + BenchRun.patience
    }

    /// A sender has its answer.
    func answered(_ sender: BenchSender, _ status: Int, _ body: UnsafeBufferPointer<UInt8>) {
        switch phase {
        case .connecting, .over:
            break
        case .cleaning:
            // It may be the late answer to a send that was given up.
            if sender.isRemoving { removing -= 1 }
            phaseEnd = now + BenchRun.cleaningTime
            removeNext(sender)
            endIfClean()
        case .parking, .warmingUp, .measuring, .draining:
            if sender === control { return controlAnswered(status, body) }
            load.answered(sender, status, body, at: now, self)
            pace()
            checkDrained()
        }
    }

    /// A reader has received the message of that number.
    func delivered(_ stamp: UInt64, at now: MonotonicInstant) {
        guard phase == .warmingUp || phase == .measuring || phase == .draining else { return }
        load.delivered(stamp, at: now, self)
        checkDrained()
    }

    /// A connection is gone.
    func lost(_ connection: BenchConnection, reason: String) {
        switch phase {
        case .connecting, .parking:
            let text =
                connectedCount == 0 ? reason : "connection \(connectedCount + 1) of \(connectionCount): \(reason)"
            end(.failure(.unreachable(url: plan.url.description, reason: text)))
        case .warmingUp, .measuring, .draining:
            let kind = connection is BenchReader ? "reader" : "connection"
            result.brokenBy = "\(kind) \(connection.index + 1) was lost: \(reason)"
            // What was measured is worth telling; what was on its way is lost with the broker.
            finish()
            if phase == .draining { giveUp() }
            end(.success(result))
        case .cleaning:
            // What is left expires by itself.
            end(.success(result))
        case .over:
            break
        }
    }

    /// Removes the next inbox that is left, over a connection that is free.
    func removeNext(_ sender: BenchSender) {
        guard nextToRemove < plan.recipients else { return }
        let recipient = plan.recipient(nextToRemove)
        nextToRemove += 1
        removing += 1
        sender.isRemoving = true
        remove(recipient, over: sender)
    }

    /// Asks for an inbox to be removed.
    func remove(_ recipient: String, over sender: BenchSender) {
        sender.send(plan.bytes(HTTPRequest(method: "DELETE", path: "/v1/inbox", query: [("recipient", recipient)])))
    }

    /// Ends the run once no inbox is left.
    func endIfClean() {
        if removing <= 0, nextToRemove >= plan.recipients { end(.success(result)) }
    }
}
