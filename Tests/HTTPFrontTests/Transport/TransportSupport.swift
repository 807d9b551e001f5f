import Broker
import Dispatch
import Synchronization
import Testing

// Timers and work are made by subclasses, which `package` allows only within the module.
@testable import HTTPFront

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What a handler was told.
enum ChannelEvent: Hashable, Sendable {
    case connected
    case received([UInt8])
    case end
    case stalled
    case drained
    case closed(CloseReason)
    case timedOut

    static func received(_ text: String) -> ChannelEvent { .received(Array(text.utf8)) }
}

/// Events in order; any thread adds, one task waits.
final class TransportLog<Event: Sendable>: Sendable {
    private let stream: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func append(_ event: Event) {
        continuation.yield(event)
    }

    /// The next event, after waiting for it.
    func next() async -> Event {
        var iterator = stream.makeAsyncIterator()
        guard let event = await iterator.next() else { preconditionFailure("the log has ended") }
        return event
    }
}

/// A handler that tells a log what it hears and does what its closures say.
///
/// Unchecked: its variables are set before the loop starts or on the loop's thread, and used only there.
final class RecordingHandler: ChannelHandler, @unchecked Sendable {
    let log = TransportLog<ChannelEvent>()
    /// The channel that it was last told about.
    var channel: Channel?
    /// Says how many bytes are consumed: all, unless a test decides otherwise.
    var receive: (Channel, UnsafeBufferPointer<UInt8>) -> Int = { $1.count }
    var drain: (Channel) -> Void = { _ in }
    /// Whether what is received goes into the log.
    var logsInput = true
    private var depth = 0

    func channelConnected(_ channel: Channel) {
        tell(.connected, channel) {}
    }

    func channel(_ channel: Channel, received bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var consumed = 0
        let event = logsInput ? ChannelEvent.received(Array(bytes)) : nil
        tell(event, channel) { consumed = receive(channel, bytes) }
        return consumed
    }

    func channelReachedEnd(_ channel: Channel) { tell(.end, channel) {} }
    func channelStalled(_ channel: Channel) { tell(.stalled, channel) {} }
    func channelDrained(_ channel: Channel) { tell(.drained, channel) { drain(channel) } }
    func channelTimedOut(_ channel: Channel) { tell(.timedOut, channel) {} }

    func channelClosed(_ channel: Channel, reason: CloseReason) {
        tell(.closed(reason), channel) { self.channel = nil }
    }

    private func tell(_ event: ChannelEvent?, _ channel: Channel, _ body: () -> Void) {
        #expect(depth == 0, "a handler was called from within its own call")
        #expect(channel.loop.isCurrent)
        self.channel = channel
        depth += 1
        body()
        depth -= 1
        if let event { log.append(event) }
    }
}

/// A clock that stands still until it is moved.
final class SteppedTime: TimeSource {
    private let nanoseconds = Atomic<Int64>(1_000_000_000)

    var now: MonotonicInstant { MonotonicInstant(nanoseconds: nanoseconds.load(ordering: .sequentiallyConsistent)) }
    var wallNow: WallInstant { WallInstant(millisecondsSinceEpoch: now.nanoseconds / 1_000_000) }

    func sleep(until instant: MonotonicInstant) async throws {
        preconditionFailure("a loop has timers of its own")
    }

    /// Moves the clock; a loop notices with its next turn.
    func advance(by duration: Duration) {
        nanoseconds.add(duration.wholeNanoseconds, ordering: .sequentiallyConsistent)
    }
}

/// A loop with a listener whose connections are all handled by `server`.
final class TransportBench: Sendable {
    let loop: EventLoop
    let server: RecordingHandler
    let address: SocketAddress
    let budget: BufferBudget

    init(
        _ poller: PollerKind,
        time: any TimeSource = SystemTime(),
        bufferBytesMax: Int = 1 << 30,
        silenceMax: Duration = .seconds(3600),
        server: RecordingHandler = RecordingHandler(),
        accepted: @escaping (Channel) -> Void = { _ in }
    ) throws {
        budget = BufferBudget(bytesMax: bufferBytesMax)
        loop = try EventLoop(index: 0, poller: poller, time: time, budget: budget)
        self.server = server
        let listener = try loop.listen(
            on: .loopback,
            backlog: 128,
            isShared: false,
            silenceMax: silenceMax
        ) { channel in
            server.channel = channel
            accepted(channel)
            return server
        }
        address = listener.address
        loop.start()
    }

    /// Stops the loop and waits for its end.
    func stop() {
        loop.stop()
        loop.join()
    }

    /// Changes what the server does with input.
    func receive(_ body: @escaping @Sendable (Channel, UnsafeBufferPointer<UInt8>) -> Int) async {
        let server = server
        await loop.run { server.receive = body }
    }

    /// Does something with the server's channel on the loop's thread.
    func onChannel<Value: Sendable>(_ body: @escaping @Sendable (Channel) -> Value) async throws -> Value {
        let server = server
        return try #require(await loop.run { server.channel.map(body) })
    }
}

extension SocketAddress {
    static var loopback: SocketAddress {
        get throws { try SocketAddress(host: "127.0.0.1", port: 0) }
    }
}

extension EventLoop {
    /// Runs `body` on the loop's thread and waits for what it returns.
    func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            execute { continuation.resume(returning: body()) }
        }
    }
}

extension Channel {
    /// Writes text.
    func write(_ text: String.UTF8View) -> WriteOutcome { write(Array(text)[...]) }

    /// Writes bytes.
    func write(_ bytes: ArraySlice<UInt8>) -> WriteOutcome {
        bytes.withUnsafeBufferPointer { write($0) }
    }
}

/// A timer that runs a closure.
final class ClosureLoopTimer: LoopTimer {
    private let body: (EventLoop) -> Void

    init(_ body: @escaping (EventLoop) -> Void) {
        self.body = body
    }

    override func fired(on loop: EventLoop) { body(loop) }
}

/// Work that runs a closure.
final class ClosureLoopWork: LoopWork {
    private let body: (ClosureLoopWork, EventLoop) -> Void

    init(_ body: @escaping (ClosureLoopWork, EventLoop) -> Void) {
        self.body = body
    }

    override func run(on loop: EventLoop) { body(self, loop) }
}

/// Bytes that repeat with a period that no buffer has.
func patternBytes(_ count: Int) -> [UInt8] {
    let period = [UInt8](0..<251)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + period.count)
    while bytes.count < count { bytes += period }
    bytes.removeLast(bytes.count - count)
    return bytes
}

/// Lets a test hand a loop's object to a closure for the same loop, which is what makes it safe.
struct LoopConfined<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}

/// Holds up a thread until it is opened.
final class ThreadGate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func wait() { semaphore.wait() }
    func open() { semaphore.signal() }
}

extension EventLoop {
    /// Whether the loop sleeps unless it is asked something: from one timer to the next it makes no turns but theirs.
    func isQuiet() async -> Bool {
        let turns = TransportLog<Int>()
        await run { [self] in
            schedule(ClosureLoopTimer { turns.append($0.turnCount) }, at: now + .milliseconds(10))
            schedule(ClosureLoopTimer { turns.append($0.turnCount) }, at: now + .milliseconds(30))
        }
        let (early, late) = (await turns.next(), await turns.next())
        // The wheel may wake once more, to move a timer to a lower level.
        return late - early <= 3
    }
}

/// Lets the kernel take little at a time, so that not much has to be written before some of it is pending.
func limitSendBuffer(_ channel: Channel) {
    var bytes: Int32 = 16_384
    setsockopt(channel.fd, SOL_SOCKET, SO_SNDBUF, &bytes, 4)
}
