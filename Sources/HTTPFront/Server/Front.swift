internal import Broker

/// What the connections of one loop share: the loop, its shard, and scratch to write answers into.
///
/// Confined to its loop. What is shared between loops (the broker, the configuration, the counters) is safe to share.
final class Front: @unchecked Sendable {
    let loop: EventLoop
    let index: Int
    let broker: Broker
    /// The shard that is bound to this loop.
    let shard: Shard
    let configuration: ServerConfiguration
    let access: AccessPolicy
    let server: ServerState
    /// Answers that are about to be written, of the connection whose turn it is.
    let output: ByteBuffer
    /// What a stream is about to write: apart from ``output``, because a send of one connection is written to the
    /// streams of others while the answers of the first still stand there.
    let streamOutput = ByteBuffer(capacity: 65_536)
    /// The body of the answer that is being made.
    let body = ByteBuffer(capacity: 16_384)
    /// Content on its way into a message.
    let scratch = ByteBuffer(capacity: 4096)
    let rendered = RenderedMessage()
    var randomness: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    private let dateField: DateField
    /// Nil unless each request is to be logged.
    let requestLog: RequestLog?
    private(set) var listener: Listener?
    /// Requests that were received.
    private(set) var requestCount = 0
    private(set) var isDraining = false
    /// Connections whose request is being answered.
    private var busyCount = 0
    private var whenIdle: (@Sendable () -> Void)?

    /// Scratch that has grown beyond this gives its memory back.
    static let scratchBytesKept = 1 << 20

    init(loop: EventLoop, index: Int, broker: Broker, configuration: ServerConfiguration, server: ServerState) {
        self.loop = loop
        self.index = index
        self.broker = broker
        shard = broker.shards[index]
        self.configuration = configuration
        access = server.access
        self.server = server
        output = loop.output
        dateField = DateField(time: server.time)
        requestLog = RequestLog(configuration.log)
    }

    // MARK: Accepting

    func listen(on address: SocketAddress) throws(TransportError) -> SocketAddress {
        let listener = try loop.listen(
            on: address,
            backlog: 4096,
            isShared: configuration.loops > 1,
            silenceMax: configuration.writeTimeout,
            accept: { [unowned self] channel in accept(channel) }
        )
        listener.whenOutOfDescriptors = { [server] in server.journal?.note(.descriptors) }
        self.listener = listener
        return listener.address
    }

    private func accept(_ channel: Channel) -> (any ChannelHandler)? {
        guard server.admitConnection() else {
            server.journal?.note(.connections)
            let problem = Problem(
                .overloaded,
                "\(configuration.connectionsMax) connections are open, the limit; close some, or raise --connections-max"
            )
            write(problem.response, isHead: false, connection: "close", fields: "")
            _ = channel.write(output)
            output.reset(keeping: Front.scratchBytesKept)
            channel.closeAfterFlush()
            return nil
        }
        return HTTPConnection(channel: channel, front: self)
    }

    func connectionClosed() {
        server.connectionClosed()
    }

    // MARK: Shards

    /// The shard that is bound to this loop, to be entered from the loop's thread without more ado.
    var ownShard: Shard {
        loop.checkConfinement()
        return shard
    }

    /// Whether the inbox of `recipient` is in the shard that is bound to this loop.
    func isLocal(_ recipient: Recipient) -> Bool {
        broker.shardIndex(of: recipient) == index
    }

    /// Runs `body` on the shard of `recipient`, and `then` with its result on this loop: both at once if the shard is
    /// bound to this loop, else with a trip to the other loop and back.
    ///
    /// In the order of the calls.
    func perform<Value: Sendable>(
        for recipient: Recipient,
        _ body: @escaping @Sendable (isolated Shard) throws -> Value,
        then: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        perform(onShard: broker.shardIndex(of: recipient), body, then: then)
    }

    /// Runs `body` on a shard, and `then` with its result on this loop.
    ///
    /// See ``perform(for:_:then:)``.
    func perform<Value: Sendable>(
        onShard index: Int,
        _ body: @escaping @Sendable (isolated Shard) throws -> Value,
        then: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        guard index != self.index else {
            return then(Result { try shard.assumeIsolated { try body($0) } })
        }
        let origin = loop
        let other = broker.shards[index]
        server.loops[index].execute {
            let result = Result { try other.assumeIsolated { try body($0) } }
            origin.execute { then(result) }
        }
    }

    /// Runs `body` on a shard without waiting for it; in the order of the calls.
    func tell(shard index: Int, _ body: @escaping @Sendable (isolated Shard) -> Void) {
        guard index != self.index else { return shard.assumeIsolated { body($0) } }
        let other = broker.shards[index]
        server.loops[index].execute { other.assumeIsolated { body($0) } }
    }

    // MARK: Answers

    /// The field `Date` with its line end, for an answer that is written now.
    var date: UnsafeBufferPointer<UInt8> { dateField.bytes(at: loop.now) }

    /// Appends an answer to ``output``.
    func write(_ response: Response, isHead: Bool, connection: StaticString?, fields: String) {
        var content = ""
        if let contentType = response.contentType {
            content = "Content-Type: \(contentType)\r\nContent-Length: \(response.body.count)\r\n"
        }
        output.append(
            status: response.status,
            contentType: nil,
            fields: content + response.fields + fields,
            connection: connection,
            date: date
        )
        if !isHead { output.append(response.body) }
    }

    func countRequest() {
        requestCount += 1
    }

    // MARK: Shutting down

    func becameBusy() {
        busyCount += 1
    }

    func becameIdle() {
        busyCount -= 1
        guard busyCount == 0, isDraining, let whenIdle else { return }
        self.whenIdle = nil
        whenIdle()
    }

    /// Accepts no more connections and lets those that are answered go; calls `whenIdle` when no request is under way.
    func drain(whenIdle: @escaping @Sendable () -> Void) {
        isDraining = true
        listener?.close()
        listener = nil
        guard busyCount > 0 else { return whenIdle() }
        self.whenIdle = whenIdle
    }
}
