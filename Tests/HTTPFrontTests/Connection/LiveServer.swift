import Broker
import Synchronization
import Testing

@testable import HTTPFront

/// How a server of a test runs: each live test is carried out in all of these ways.
struct Setup: CustomTestStringConvertible, Sendable {
    var poller: PollerKind
    var loops: Int

    var testDescription: String { "\(poller), \(loops) \(loops == 1 ? "loop" : "loops")" }

    /// Each way to watch sockets, with one loop and with two.
    static let all: [Setup] = PollerKind.allCases.flatMap { poller in
        [1, 2].map { Setup(poller: poller, loops: $0) }
    }
}

/// A server on a free port, in this process, that is drained when the test's body has returned.
final class LiveServer: Sendable {
    let server: Server
    let address: SocketAddress
    private let time: ShiftedTime
    private static let turnstile = Turnstile(places: 8)

    private init(_ setup: Setup, isFrozen: Bool, _ configure: (inout ServerConfiguration) -> Void) throws {
        time = ShiftedTime(isFrozen: isFrozen)
        var configuration = ServerConfiguration()
        configuration.port = 0
        configuration.poller = setup.poller
        configuration.loops = setup.loops
        if !isFrozen {
            // However busy the machine is, no test is about these times but those that say so.
            configuration.headerTimeout = .seconds(3600)
            configuration.bodyTimeout = .seconds(3600)
            configuration.idleTimeout = .seconds(3600)
            configuration.writeTimeout = .seconds(3600)
            configuration.pingInterval = .seconds(3600)
        }
        configure(&configuration)
        server = try Server(configuration, time: time)
        address = try SocketAddress(host: "127.0.0.1", port: server.port)
        // The system has a clock of its own, and would end connections whose peers read nothing for long.
        for case let listener as Listener in server.state.loops.flatMap(\.targets) {
            Socket.configureConnection(listener.fd, silenceMax: .seconds(3600))
        }
        server.start()
    }

    var broker: Broker { server.broker }

    var loops: [EventLoop] { server.state.loops }

    /// Runs `body` with a server, which is drained at the end.
    ///
    /// When `body` returns, no request may be under way any more: then draining takes no time. If `isFrozen`, the
    /// server's clocks stand still but for what `pass(_:)` moves them; else they go on, and nothing times out but polls, and
    /// what a test has time out.
    static func run(
        _ setup: Setup,
        isFrozen: Bool = true,
        _ configure: (inout ServerConfiguration) -> Void = { _ in },
        _ body: (LiveServer) async throws -> Void
    ) async throws {
        await turnstile.enter()
        defer { turnstile.leave() }
        let live = try LiveServer(setup, isFrozen: isFrozen, configure)
        do {
            try await body(live)
        } catch {
            live.server.stop()
            throw error
        }
        #expect(
            await live.server.drain(within: RawPeer.patience),
            "a request counts as being answered, though none is"
        )
        #expect(live.server.state.openCount == 0)
        #expect(live.server.state.budget.bytesUsed == 0, "buffers are charged that nobody uses")
        for loop in live.loops { #expect(loop.counters.open == 0) }
    }

    /// Connects, to a loop of choice if need be: the kernel spreads connections over the loops.
    func connect(loop index: Int? = nil, receiveBytes: Int32? = nil) async throws -> LivePeer {
        // What is not wanted stays open until the right one is found, so that its port is not used again.
        var others: [LivePeer] = []
        for _ in 0..<64 {
            let before = loops.map(\.counters.accepted)
            let peer = try LivePeer(address, receiveBytes: receiveBytes)
            guard let index, loops.count > 1 else { return peer }
            #expect(try await peer.exchange(RequestBench.get("/health/live")).status == 200)
            if loops[index].counters.accepted > before[index] { return peer }
            others.append(peer)
        }
        throw LiveFailure("no connection came to loop \(index ?? 0)")
    }

    /// A recipient whose inbox is in a certain shard.
    func recipient(_ name: String, shard index: Int) throws -> Recipient {
        for number in 0... {
            let recipient = try Recipient("\(name)\(number)")
            if broker.shardIndex(of: recipient) == index { return recipient }
        }
        throw LiveFailure("no name is in shard \(index)")
    }

    /// Recipients in turn in each shard.
    func recipients(_ count: Int) throws -> [Recipient] {
        try (0..<count).map { try recipient("r\($0)-", shard: $0 % loops.count) }
    }

    /// Lets the loops make turns until `condition` holds.
    ///
    /// What a peer sends, and that it leaves, comes to a loop with one of its next turns; nobody is told of it.
    func turns(until condition: () async -> Bool) async throws {
        let start = ContinuousClock.now
        var turns = 0
        while !(await condition()) {
            guard start.duration(to: .now) < RawPeer.patience else {
                throw LiveFailure("it did not come about in \(RawPeer.patience)")
            }
            for loop in loops { await loop.run {} }
            turns += 1
            // What takes longer is up to the kernel or to a timer. That it is asked again costs nothing but time, and others
            // may have the processor meanwhile.
            if turns > 20 { try await Task.sleep(for: .milliseconds(1)) }
        }
    }

    /// Gives a connection of a loop bytes, if any, as if they had come, and does something with its channel, all in one turn: after the
    /// loop's sockets and jobs, before it is told of what this closes.
    ///
    /// The connection must be the only one of its loop.
    func turn(of index: Int, receiving text: String = "", then: @escaping @Sendable (Channel) -> Void) async {
        let loop = loops[index]
        await withCheckedContinuation { continuation in
            loop.execute {
                let work = ClosureLoopWork { _, loop in
                    let channels = loop.targets.compactMap { $0 as? Channel }
                    #expect(channels.count == 1)
                    for channel in channels {
                        if !text.isEmpty {
                            _ = Array(text.utf8).withUnsafeBufferPointer { bytes in
                                channel.handler?.channel(channel, received: bytes)
                            }
                        }
                        then(channel)
                    }
                    continuation.resume()
                }
                loop.later(work)
            }
        }
    }

    /// Moves the server's clocks, and lets the loops do what is due.
    func pass(_ duration: Duration) async {
        time.advance(by: duration)
        // Timers fire after the jobs of a turn, so they have fired when the second is run.
        for loop in loops {
            await loop.run {}
            await loop.run {}
        }
    }

    /// Sends a message in process: content is text.
    @discardableResult
    func send(_ content: String, to recipient: Recipient) async throws -> SendReceipt {
        try await broker.send("\"\(content)\"", to: recipient)
    }

    /// Waits until so many polls and streams are registered at an inbox.
    func waits(at recipient: Recipient, polls: Int = 0, streams: Int = 0) async throws {
        try await turns {
            let summary = await broker.summary(of: recipient)
            return summary.waiting == polls && summary.streaming == streams
        }
    }
}

/// The machine's clocks, or clocks that stand still; a test may move either forward.
private final class ShiftedTime: TimeSource {
    private let shift = Atomic<Int64>(0)
    private let system = SystemTime()
    private let start: (now: MonotonicInstant, wallNow: WallInstant)?

    init(isFrozen: Bool) {
        start = isFrozen ? (system.now, system.wallNow) : nil
    }

    private var shifted: Int64 { shift.load(ordering: .sequentiallyConsistent) }

    var now: MonotonicInstant {
        MonotonicInstant(nanoseconds: (start?.now ?? system.now).nanoseconds + shifted)
    }

    var wallNow: WallInstant {
        let wall = start?.wallNow ?? system.wallNow
        return WallInstant(millisecondsSinceEpoch: wall.millisecondsSinceEpoch + shifted / 1_000_000)
    }

    func sleep(until instant: MonotonicInstant) async throws {
        preconditionFailure("a loop has timers of its own")
    }

    func advance(by duration: Duration) {
        shift.add(duration.wholeNanoseconds, ordering: .sequentiallyConsistent)
    }
}

/// Lets so many in at a time: with hundreds of servers at once, each would hardly get on.
private final class Turnstile: Sendable {
    private struct State {
        var places: Int
        var waiting: ArraySlice<CheckedContinuation<Void, Never>> = []
    }

    private let state: Mutex<State>

    init(places: Int) {
        state = Mutex(State(places: places))
    }

    func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.places == 0 else {
                    state.places -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state in
            let next = state.waiting.popFirst()
            if next == nil { state.places += 1 }
            return next
        }
        next?.resume()
    }
}

/// Why a test cannot go on.
struct LiveFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
