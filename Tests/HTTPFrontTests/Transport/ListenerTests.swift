import Broker
import Testing

@testable import HTTPFront

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

@Suite(.timeLimit(.minutes(5)))
struct ListenerTests {
    @Test(arguments: PollerKind.allCases)
    func `a connection without a handler is closed`(poller: PollerKind) throws {
        let loop = try EventLoop(index: 0, poller: poller, time: SystemTime())
        let listener = try loop.listen(on: .loopback, backlog: 16, isShared: false) { _ in nil }
        loop.start()
        let peer = try RawPeer(listener.address)
        let isAtEnd = peer.reachesEnd()
        #expect(isAtEnd)
        loop.stop()
        loop.join()
        #expect(loop.counters.accepted == 1)
        #expect(loop.counters.open == 0)
    }

    @Test(arguments: PollerKind.allCases)
    func `a connection without a handler may still be told why`(poller: PollerKind) throws {
        let loop = try EventLoop(index: 0, poller: poller, time: SystemTime())
        let listener = try loop.listen(on: .loopback, backlog: 16, isShared: false) { channel in
            _ = channel.write("full".utf8)
            channel.closeAfterFlush()
            return nil
        }
        loop.start()
        let peer = try RawPeer(listener.address)
        peer.send("a request that nobody reads")
        let answer = peer.receive(4)
        #expect(answer == Array("full".utf8))
        let isAtEnd = peer.reachesEnd()
        #expect(isAtEnd)
        loop.stop()
        loop.join()
    }

    @Test(arguments: PollerKind.allCases)
    func `more connections than one turn accepts are all accepted`(poller: PollerKind) async throws {
        let accepted = TransportLog<Int>()
        let count = Count()
        let bench = try TransportBench(poller) { _ in accepted.append(count.next()) }
        let gate = ThreadGate()
        bench.loop.execute { gate.wait() }
        let loop = try EventLoop(index: 1, poller: poller, time: SystemTime())
        let client = RecordingHandler()
        for _ in 0..<100 { _ = try loop.connect(to: bench.address, handler: client) }
        gate.open()
        var last = 0
        while last < 100 { last = await accepted.next() }
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `a paused listener lets connections wait`(poller: PollerKind) async throws {
        let loop = try EventLoop(index: 0, poller: poller, time: SystemTime())
        let accepted = TransportLog<Void>()
        let listener = try loop.listen(on: .loopback, backlog: 16, isShared: false) { _ in
            accepted.append(())
            return nil
        }
        listener.pause()
        loop.start()
        let peer = try RawPeer(listener.address)
        #expect(await loop.isQuiet())
        #expect(loop.counters.accepted == 0)
        let confined = LoopConfined(listener)
        await loop.run { confined.value.resume() }
        await accepted.next()
        let isAtEnd = peer.reachesEnd()
        #expect(isAtEnd)
        loop.stop()
        loop.join()
    }

    @Test
    func `loops share a port only if all of them say so`() throws {
        let loops = try (0..<3).map { try EventLoop(index: $0, time: SystemTime()) }
        let first = try loops[0].listen(on: .loopback, backlog: 1, isShared: true) { _ in nil }
        let second = try loops[1].listen(on: first.address, backlog: 1, isShared: true) { _ in nil }
        #expect(first.address == second.address)
        let error = #expect(throws: TransportError.self) {
            try loops[2].listen(on: first.address, backlog: 1, isShared: false) { _ in nil }
        }
        #expect(error?.code == EADDRINUSE)
        #expect(error?.description.contains("listening on \(first.address) failed: Address already in use") == true)
    }

    @Test
    func `accepted connections send at once and notice peers that vanish`() async throws {
        let bench = try TransportBench(.best, silenceMax: .seconds(30))
        let peer = try RawPeer(bench.address)
        peer.send("x")
        #expect(await bench.server.log.next() == .received("x"))
        let fd = try await bench.onChannel { $0.fd }
        #expect(option(fd, Int32(IPPROTO_TCP), TCP_NODELAY) != 0)
        #expect(option(fd, SOL_SOCKET, SO_KEEPALIVE) != 0)
        #expect(option(fd, Int32(IPPROTO_TCP), TCP_KEEPINTVL) == 10)
        #expect(option(fd, Int32(IPPROTO_TCP), TCP_KEEPCNT) == 3)
        #if os(Linux)
        #expect(option(fd, Int32(IPPROTO_TCP), TCP_KEEPIDLE) == 30)
        #expect(option(fd, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT) == 30_000)
        #endif
        #expect(fcntl(fd, F_GETFL) & O_NONBLOCK != 0)
        #expect(fcntl(fd, F_GETFD) & FD_CLOEXEC != 0)
        bench.stop()
    }

    private func option(_ fd: Int32, _ level: Int32, _ name: Int32) -> Int32 {
        var value: Int32 = -1
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(fd, level, name, &value, &length)
        return value
    }

    #if os(Linux)
    // In a process of its own: the limit holds for the whole process.
    @Test
    func `without descriptors left, connections are closed and the listener goes on`() async throws {
        await #expect(processExitsWith: .success) {
            for poller in PollerKind.allCases { try await exhaustDescriptors(poller) }
        }
    }

    @Test
    func `a loop that has stopped leaves no descriptor open`() async throws {
        await #expect(processExitsWith: .success) {
            for poller in PollerKind.allCases {
                // The runtime opens some of its own when it likes; a leak would show each time.
                let before = openDescriptors()
                for _ in 0..<20 { try await useAndStopLoop(poller) }
                try #require(openDescriptors() < before + 20)
            }
        }
    }
    #endif
}

/// Counts calls on one thread.
private final class Count: @unchecked Sendable {
    private var count = 0

    func next() -> Int {
        count += 1
        return count
    }
}

#if os(Linux)
/// How many descriptors this process has open.
private func openDescriptors() -> Int {
    (0..<1024).count { fcntl(Int32($0), F_GETFD) >= 0 }
}

private func useAndStopLoop(_ poller: PollerKind) async throws {
    let bench = try TransportBench(poller)
    let client = RecordingHandler()
    let address = bench.address
    await bench.loop.run { _ = try? bench.loop.connect(to: address, handler: client) }
    try #require(await client.log.next() == .connected)
    let peer = try RawPeer(bench.address)
    peer.send("x")
    try #require(await bench.server.log.next() == .received("x"))
    bench.stop()
    try #require(await client.log.next() == .closed(.loopStopped))
    // A loop that never ran gives back what it holds too.
    let idle = try EventLoop(index: 1, poller: poller, time: SystemTime())
    _ = try idle.listen(on: .loopback, backlog: 1, isShared: false) { _ in nil }
}

private func exhaustDescriptors(_ poller: PollerKind) async throws {
    let bench = try TransportBench(poller)
    let served = try RawPeer(bench.address)
    served.send("x")
    try #require(await bench.server.log.next() == .received("x"))

    // All but one of the descriptors are taken; the one becomes the client's.
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let before = limit.rlim_cur
    var taken: [Int32] = []
    limit.rlim_cur = 256
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    while true {
        let fd = open("/dev/null", O_RDONLY)
        guard fd >= 0 else { break }
        taken.append(fd)
    }
    for _ in 0..<3 {
        try #require(taken.popLast().map { close($0) } == 0)
        let refused = try RawPeer(bench.address)
        let isAtEnd = refused.reachesEnd()
        try #require(isAtEnd)
        refused.leave()
        // Its descriptor is free again and is taken again, so that the next one finds none either.
        taken.append(open("/dev/null", O_RDONLY))
    }
    let counts = await bench.loop.run { [bench.loop.counters.outOfDescriptors, bench.loop.counters.open] }
    try #require(counts == [3, 1])

    // The connection that was there is served still, and new ones are as soon as there are descriptors.
    served.send("y")
    try #require(await bench.server.log.next() == .received("y"))
    for fd in taken { close(fd) }
    limit.rlim_cur = before
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let welcome = try RawPeer(bench.address)
    welcome.send("z")
    try #require(await bench.server.log.next() == .received("z"))
    bench.stop()
}
#endif
