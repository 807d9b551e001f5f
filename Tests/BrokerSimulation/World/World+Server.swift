#if os(Linux)
internal import Broker
internal import BrokerTestSupport
internal import HTTPFront

// The server, its loops, and its end.
extension World {
    var configuration: ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.port = 0
        configuration.loops = setup.loops
        configuration.poller = .epoll
        configuration.limits.inboxMessagesMax = setup.messagesMax
        configuration.limits.whenFull = setup.dropsOldest ? .dropOldest : .refuse
        if setup.memory > 0 { configuration.limits.memoryBytesMax = setup.memory << 10 }
        return configuration
    }

    func startServer() throws {
        let lives = UInt64(report.restarts)
        let randomness = SeededGenerator(seed: setup.seed &+ lives &* 0x9E37_79B9_7F4A_7C15)
        let server = try Server(configuration, time: clock, randomness: randomness)
        self.server = server
        wakesAt = []
        for loop in server.loops {
            loop.beginSteps()
            wakesAt.append(now)
        }
        isDrained = nil
    }

    /// Lets each loop that has something to do make a turn, in an order that chance chooses.
    ///
    /// - Returns: Whether there was one.
    func stepLoops() -> Bool {
        guard let server else { return false }
        var ready: [Int] = []
        for index in server.loops.indices where wakesAt[index] <= now || kernel.epolls[index].isReady {
            ready.append(index)
        }
        guard !ready.isEmpty else { return false }
        let index = ready.count == 1 ? ready[0] : random.pick(ready)
        server.loops[index].stepTurn()
        let milliseconds = server.loops[index].stepToSleep()
        wakesAt[index] = milliseconds < 0 ? .max : now + Int64(milliseconds) * 1_000_000
        return true
    }

    /// Ends the server at once, whatever is under way.
    func stopServer() {
        guard let server else { return }
        ledger.serverEnds()
        server.endSteps()
        self.server = nil
        wakesAt = []
    }

    /// A server ends, gently or not, and another takes its place, which knows nothing of it.
    func restart(gently: Bool) throws {
        if gently, let server {
            let flag = DrainFlag()
            isDrained = flag
            ledger.drainBegins()
            server.beginDraining { flag.isSet = true }
            let deadline = now + 8_000_000_000
            while !flag.isSet, now < deadline { try advance(to: now + 10_000_000) }
        }
        stopServer()
        report.restarts += 1
        try advance(to: now + Int64(random.number(0...50)) * 1_000_000)
        try startServer()
    }

    /// Everybody leaves; then the inboxes are emptied, and nothing may be left over.
    func conclude() throws {
        guard let server else { return }
        random = SeededGenerator(seed: setup.seed)
        closeAll()
        // As long as it takes until nobody is believed to be there any more, and somebody who stays has been told.
        let watcher = Client(number: -1, world: self)
        let everybody = Array((0..<setup.recipients).prefix(100))
        watcher.read(streamAsk([0], [.now], .ndjson, 0, observes: true, watches: everybody), &random)
        try advance(to: now + 125_000_000_000)
        watcher.ask(.presence(everybody), &random)
        try advance(to: now + 1_000_000_000)
        watcher.close(reading: false)
        watcher.close(reading: true)
        try advance(to: now + 1_000_000_000)
        guard server.openConnections == 0 else {
            throw Violation("\(server.openConnections) connections are open although everybody has left")
        }
        guard server.bufferBytes == 0 else { throw Violation("\(server.bufferBytes) bytes of buffers are left over") }
        try audit()
        let auditor = Client(number: -1, world: self)
        for recipient in 0..<setup.recipients { auditor.ask(.delete(recipient), &random) }
        try advance(to: now + 60_000_000_000)
        auditor.close(reading: false)
        // Keys are remembered for five minutes, but not those of an inbox that was deleted.
        try advance(to: now + 10_000_000_000)
        guard server.broker.memoryBytes == 0 else {
            throw Violation("\(server.broker.memoryBytes) bytes are counted although nothing is left")
        }
    }

    /// Reads every inbox once more, from its beginning, and compares it with what must be there.
    private func audit() throws {
        let auditor = Client(number: -1, world: self)
        for recipient in 0..<setup.recipients {
            let ask = ReadAsk(
                recipients: [recipient],
                starts: [.oldest],
                isStream: false,
                format: .sse,
                limit: 1000,
                lease: 0,
                timeout: 0,
                session: 0
            )
            auditor.read(ask, &random)
            auditor.ask(.look(recipient), &random)
            try advance(to: now + 2_000_000_000)
        }
        auditor.close(reading: false)
        auditor.close(reading: true)
        try advance(to: now + 1_000_000_000)
    }
}
#endif
