package import Broker

/// A broker behind HTTP: loops, each with a shard, a listener, and the connections that it accepted.
package final class Server: Sendable {
    /// The mailboxes.
    package let broker: Broker
    let state: ServerState
    private let address: SocketAddress

    /// Makes a server that listens, and serves once it is started.
    ///
    /// - Throws: ``TransportError`` if the address cannot be had or the system has too few descriptors.
    package init(
        _ configuration: ServerConfiguration,
        time: any TimeSource = SystemTime(),
        randomness: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) throws(TransportError) {
        precondition(configuration.loops > 0, "a server has 1 loop or more, not \(configuration.loops)")
        var configuration = configuration
        configuration.connectionsMax = min(configuration.connectionsMax, Server.connectionsPossible())
        let budget = BufferBudget(bytesMax: configuration.buffersBytesMax)
        var loops: [EventLoop] = []
        for index in 0..<configuration.loops {
            loops.append(try EventLoop(index: index, poller: configuration.poller, time: time, budget: budget))
        }
        let journal = configuration.log.map { Journal(log: $0, time: time) }
        broker = Broker(
            limits: configuration.limits,
            hosts: loops.map { LoopShardHost(loop: $0) },
            time: time,
            observer: journal,
            randomness: randomness
        )
        let wanted = try SocketAddress(host: configuration.host, port: configuration.port)
        state = ServerState(
            configuration: configuration,
            access: AccessPolicy(configuration, isLoopback: wanted.isLoopback),
            loops: loops,
            budget: budget,
            time: time,
            journal: journal
        )
        if configuration.loops > 1, wanted.port != 0 { try Server.checkPortIsFree(wanted, loops[0]) }
        var address = wanted
        var fronts: [Front] = []
        for (index, loop) in loops.enumerated() {
            let front = Front(loop: loop, index: index, broker: broker, configuration: configuration, server: state)
            front.randomness = randomness
            // The first listener may choose the port; the others share it.
            address = try front.listen(on: address)
            fronts.append(front)
        }
        self.address = address
        state.allFronts = fronts
    }

    /// Listeners that share a port would share it with another server's as well, which would get a part of the traffic
    /// without anybody being told.
    private static func checkPortIsFree(_ address: SocketAddress, _ loop: EventLoop) throws(TransportError) {
        let probe = try loop.listen(on: address, backlog: 1, isShared: false, accept: { _ in nil })
        probe.close()
    }

    /// Descriptors that are left for connections when the limit is as high as it goes.
    private static func connectionsPossible() -> Int {
        max(1, Socket.raiseDescriptorLimit() - 64)
    }

    /// Where it listens.
    package var url: String { "http://\(address)" }

    /// The port that it listens on.
    package var port: UInt16 { address.port }

    /// Whether only this machine can reach it.
    package var isLoopback: Bool { address.isLoopback }

    /// Begins to serve.
    package func start() {
        for loop in state.loops { loop.start() }
        let configuration = state.configuration
        state.journal?.tell(
            "server listens",
            [
                "url": url, "version": configuration.version, "loops": "\(configuration.loops)",
                "poller": configuration.poller.rawValue, "connections.max": "\(configuration.connectionsMax)",
            ]
        )
    }

    /// Ends what is under way within `duration`: no more connections, parked polls are answered, streams say goodbye,
    /// answers are written.
    ///
    /// Then it stops.
    ///
    /// - Returns: Whether everything had ended by then; what had not was cut.
    @discardableResult
    package func drain(within duration: Duration) async -> Bool {
        state.isDraining = true
        state.journal?.tell("drain begins", ["within": "\(duration)", "connections.open": "\(state.openCount)"])
        let isFinished = await withTaskGroup { group in
            group.addTask {
                await self.finishRequests()
                return true
            }
            group.addTask {
                try? await Task.sleep(for: duration)
                return false
            }
            // Whichever comes first: everything is answered, or the time is over.
            let isFinished = await group.next() ?? false
            group.cancelAll()
            return isFinished
        }
        if !isFinished {
            let open = state.openCount
            state.journal?.tell("drain ran out of time", ["connections.open": "\(open)"], level: .warning)
        }
        stop()
        return isFinished
    }

    func finishRequests() async {
        for front in state.allFronts {
            // Only the loop's own thread touches its front.
            front.loop.execute { front.drain(whenIdle: {}) }
        }
        await broker.drain()
        for front in state.allFronts {
            let gate = DrainGate()
            front.loop.execute { front.drain(whenIdle: { gate.open() }) }
            await gate.wait()
        }
    }

    /// Stops at once: connections are closed as they are.
    package func stop() {
        for loop in state.loops { loop.stop() }
        for loop in state.loops { loop.join() }
        let uptime = state.time.now.duration(since: state.startedAt).components.seconds
        state.journal?.tell("server stopped", ["uptime.seconds": "\(uptime)"])
        state.allFronts = []
    }
}
