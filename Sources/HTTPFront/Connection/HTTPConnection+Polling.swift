internal import Broker

// A poll: answered at once if there is something, else parked.
extension HTTPConnection {
    func poll(_ request: Request) throws(Problem) {
        var query = try PollQuery(request)
        try charge(forReading: query.request.recipients.count)
        let deadline = front.loop.now + query.timeout
        traits.tellsCursor = query.tellsCursor
        guard query.request.recipients.allSatisfy({ front.isLocal($0) }) else {
            return pollElsewhere(query)
        }
        front.broker.fence(&query.request)
        let reader = ParkedPoll()
        let outcome: ReadOutcome?
        do throws(BrokerError) {
            outcome = try front.ownShard.readHere(reader, query.request, until: deadline)
        } catch {
            throw Problem(error)
        }
        if let outcome { return answer(outcome) }
        beginWork()
        waiter = .parked(reader)
        park(reader)
        // What was answered before on this connection must not wait for the outcome.
        flush()
    }

    /// Has the connection's task wait for the outcome.
    ///
    /// The task runs at once, on this thread, up to its suspension, and comes back to this loop. It is suspended once for
    /// each poll: the continuation with which it rests after an answer is the one that the next outcome resumes. Its
    /// frame holds no outcome and no reader: it has to fit into the memory that a task begins with.
    private func park(_ reader: ParkedPoll) {
        if let resting = restingTask {
            restingTask = nil
            return reader.park(resting)
        }
        Task.immediate(executorPreference: front.loop.tasks) {
            repeat {
                await withUnsafeContinuation { self.suspend($0) }
            } while self.finishParkedPoll()
        }
    }

    /// Keeps the task until the outcome of the parked poll, or until there is a next poll; lets it go on to its end if
    /// there will be none.
    private func suspend(_ task: UnsafeContinuation<Void, Never>) {
        if case .parked(let reader) = waiter { return reader.park(task) }
        guard !channel.isClosed else { return task.resume() }
        restingTask = task
    }

    /// Deals with the outcome that has come; false if there is none, because there will be no next poll.
    private func finishParkedPoll() -> Bool {
        guard case .parked(let reader) = waiter else { return false }
        finishPoll(reader.takeOutcome())
        return true
    }

    /// A poll whose inboxes are in a shard of another loop, or in several.
    private func pollElsewhere(_ query: PollQuery) {
        beginWork()
        flush()
        let broker = front.broker
        let task = Task.immediate(executorPreference: front.loop.tasks) {
            do throws(BrokerError) {
                self.finishPoll(try await broker.poll(query.request, within: query.timeout))
            } catch {
                // What is thrown may arrive on the executor of the shard that threw it, unlike what is returned.
                self.front.loop.execute {
                    self.waiter = .nobody
                    guard !self.channel.isClosed else { return }
                    self.answer(Problem(error))
                }
            }
        }
        // It may have finished already.
        if phase == .working { waiter = .task(task) }
    }

    private func finishPoll(_ outcome: ReadOutcome) {
        guard !channel.isClosed else {
            waiter = .nobody
            guard case .batch(let batch) = outcome else { return }
            return front.settle(batch) { shard, part in shard.giveBack(part) }
        }
        if case .ended(.left, _) = outcome { return finishUnanswered() }
        answer(outcome)
    }

    private func answer(_ outcome: ReadOutcome) {
        PollAnswer.write(outcome, tellsCursor: traits.tellsCursor, to: front.body, front.rendered)
        // A leased message is the client's until its lease ends, whether the answer arrives or not; only a failure to write
        // it gives it back at once.
        if case .batch(let batch) = outcome, batch.isTaken { unconfirmed.append(Unconfirmed(batch)) }
        answerJSON(status: 200)
    }

    /// Ends the poll without an answer: its client has ended, and there was nothing at once.
    private func finishUnanswered() {
        waiter = .nobody
        giveBackCharge()
        phase = .finishing
        confirmArrived()
        rearm()
        finishAfterEnd()
    }

    /// Takes the connection's poll out of its inboxes, wherever they are; its task is told so, unless a batch is on its way:
    /// then it is told of that, and writes it or gives it back.
    func endWaiting() {
        switch waiter {
        case .nobody: break
        case .parked(let reader): front.shard.assumeIsolated { $0.leave(reader) }
        case .task(let task): task.cancel()
        }
    }

    /// There will be no next poll: the task that waits for it comes to its end.
    func endResting() {
        restingTask?.resume()
        restingTask = nil
    }
}
