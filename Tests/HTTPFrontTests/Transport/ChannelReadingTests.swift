import Broker
import HTTPFront
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

@Suite(.timeLimit(.minutes(5)))
struct ChannelReadingTests {
    @Test(arguments: PollerKind.allCases)
    func `what is sent comes back`(poller: PollerKind) async throws {
        let server = RecordingHandler()
        server.receive = { channel, bytes in
            #expect(channel.write(bytes) == .sent)
            return bytes.count
        }
        let bench = try TransportBench(poller, server: server)
        let peer = try RawPeer(bench.address)
        for round in 0..<100 {
            peer.send("round \(round)")
            #expect(await server.log.next() == .received("round \(round)"))
            let answer = peer.receive("round \(round)".utf8.count)
            #expect(answer == Array("round \(round)".utf8))
        }
        peer.leave()
        #expect(await server.log.next() == .end)
        bench.stop()
        #expect(await server.log.next() == .closed(.loopStopped))
    }

    @Test(arguments: PollerKind.allCases)
    func `what is not consumed is presented again in front of what comes later`(poller: PollerKind) async throws {
        let server = RecordingHandler()
        server.receive = { _, bytes in bytes.last == UInt8(ascii: ".") ? bytes.count : min(bytes.count, 2) }
        let bench = try TransportBench(poller, server: server)
        let peer = try RawPeer(bench.address)
        peer.send("abc")
        #expect(await server.log.next() == .received("abc"))
        peer.send("def")
        #expect(await server.log.next() == .received("cdef"))
        #expect(try await bench.onChannel { $0.keptInputBytes } == 2)
        peer.send(".")
        #expect(await server.log.next() == .received("ef."))
        #expect(try await bench.onChannel { $0.memoryUse } == 0)
        #expect(bench.budget.bytesUsed == 0)
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `kept bytes are presented again on demand but not from within a call`(poller: PollerKind) async throws {
        let server = RecordingHandler()
        // Takes one request, a letter, at a time, and asks for the next one at once.
        server.receive = { channel, _ in
            channel.reparse()
            channel.reparse()
            return 1
        }
        let bench = try TransportBench(poller, server: server)
        let peer = try RawPeer(bench.address)
        peer.send("abc")
        for text in ["abc", "bc", "c"] { #expect(await server.log.next() == .received(text)) }
        #expect(try await bench.onChannel { $0.keptInputBytes } == 0)
        peer.send("d")
        #expect(await server.log.next() == .received("d"))
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `a paused channel reads nothing and is presented what it kept when it resumes`(poller: PollerKind) async throws
    {
        let server = RecordingHandler()
        server.receive = { channel, _ in
            channel.pauseReading()
            return 1
        }
        let bench = try TransportBench(poller, server: server)
        let peer = try RawPeer(bench.address)
        peer.send("ab")
        #expect(await server.log.next() == .received("ab"))
        peer.send("cd")
        // The leaving of a paused channel's peer is seen, its bytes are not.
        peer.finishSending()
        #expect(await server.log.next() == .end)
        #expect(try await bench.onChannel { $0.keptInputBytes } == 1)
        _ = try await bench.onChannel { $0.resumeReading() }
        #expect(await server.log.next() == .received("b"))
        _ = try await bench.onChannel { $0.resumeReading() }
        #expect(await server.log.next() == .received("cd"))
        await bench.receive { $1.count }
        _ = try await bench.onChannel { $0.resumeReading() }
        #expect(await server.log.next() == .received("d"))
        // The end is told once, and does not keep the loop busy.
        #expect(try await bench.onChannel { $0.isClosed } == false)
        #expect(await bench.loop.isQuiet())
        bench.stop()
        #expect(await server.log.next() == .closed(.loopStopped))
    }

    @Test(arguments: PollerKind.allCases)
    func `a handler that consumes nothing makes its peer wait`(poller: PollerKind) async throws {
        let server = RecordingHandler()
        server.logsInput = false
        server.receive = { channel, bytes in
            #expect(bytes.count <= 1000)
            if bytes.count == 1000 { server.log.append(.received("full")) }
            return 0
        }
        let bench = try TransportBench(poller, server: server) { $0.inputBytesMax = 1000 }
        let peer = try RawPeer(bench.address)
        let sent = patternBytes(30_000)
        peer.send(sent)
        #expect(await server.log.next() == .received("full"))
        #expect(try await bench.onChannel { [$0.keptInputBytes, $0.memoryUse] } == [1000, 1000])
        #expect(bench.budget.bytesUsed == 1000)
        #expect(await bench.loop.isQuiet())
        // What it consumes from now on makes room for the rest.
        let received = TransportLog<[UInt8]>()
        await bench.receive { _, bytes in
            #expect(bytes.count <= 1000)
            received.append(Array(bytes))
            return bytes.count
        }
        _ = try await bench.onChannel { $0.reparse() }
        var all: [UInt8] = []
        while all.count < sent.count { all += await received.next() }
        #expect(all == sent)
        #expect(try await bench.onChannel { $0.memoryUse } == 0)
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `a higher input limit lets a full channel read on`(poller: PollerKind) async throws {
        let server = RecordingHandler()
        server.receive = { _, bytes in bytes.count == 3000 ? 3000 : 0 }
        let bench = try TransportBench(poller, server: server) { $0.inputBytesMax = 10 }
        let peer = try RawPeer(bench.address)
        peer.send(patternBytes(3000))
        #expect(await server.log.next() == .received(Array(patternBytes(3000)[..<10])))
        _ = try await bench.onChannel { $0.inputBytesMax = 3000 }
        #expect(await server.log.next() == .received(patternBytes(3000)))
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `a peer that resets closes the channel`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller)
        let peer = try RawPeer(bench.address)
        peer.send("x")
        #expect(await bench.server.log.next() == .received("x"))
        peer.reset()
        #expect(await bench.server.log.next() == .closed(.failed(ECONNRESET)))
        #expect(await bench.loop.run { bench.loop.counters.open } == 0)
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `a peer that resets closes a paused channel`(poller: PollerKind) async throws {
        let accepted = TransportLog<Void>()
        let bench = try TransportBench(poller) {
            $0.pauseReading()
            accepted.append(())
        }
        let peer = try RawPeer(bench.address)
        peer.send("x")
        await accepted.next()
        peer.reset()
        #expect(await bench.server.log.next() == .closed(.failed(ECONNRESET)))
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `a peer that has finished sending can still be answered`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller)
        let peer = try RawPeer(bench.address)
        peer.send("question")
        peer.finishSending()
        #expect(await bench.server.log.next() == .received("question"))
        #expect(await bench.server.log.next() == .end)
        #expect(await bench.loop.isQuiet())
        #expect(try await bench.onChannel { $0.write("answer".utf8) } == .sent)
        let answer = peer.receive(6)
        #expect(answer == Array("answer".utf8))
        _ = try await bench.onChannel { $0.close() }
        let isAtEnd = peer.reachesEnd()
        #expect(isAtEnd)
        #expect(await bench.server.log.next() == .closed(.closed))
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `a channel that was closed in the same turn hears nothing but that`(poller: PollerKind) async throws {
        let server = RecordingHandler()
        let bench = try TransportBench(poller, server: server)
        let first = try RawPeer(bench.address)
        first.send("1")
        #expect(await server.log.next() == .received("1"))
        let firstChannel = try await bench.onChannel { LoopConfined($0) }
        let second = try RawPeer(bench.address)
        second.send("2")
        #expect(await server.log.next() == .received("2"))
        let secondChannel = try await bench.onChannel { LoopConfined($0) }
        // Both become ready while the loop is held up; whoever comes first closes both.
        await bench.receive { _, bytes in
            firstChannel.value.close()
            secondChannel.value.close()
            return bytes.count
        }
        let gate = ThreadGate()
        bench.loop.execute { gate.wait() }
        first.send("3")
        second.send("3")
        gate.open()
        #expect(await server.log.next() == .received("3"))
        #expect(await server.log.next() == .closed(.closed))
        #expect(await server.log.next() == .closed(.closed))
        #expect(await bench.loop.run { bench.loop.counters.open } == 0)
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `a channel that needs more than the common budget is closed`(poller: PollerKind) async throws {
        let server = RecordingHandler()
        server.receive = { _, _ in 0 }
        let bench = try TransportBench(poller, bufferBytesMax: 1000, server: server)
        let peer = try RawPeer(bench.address)
        peer.send(patternBytes(900))
        #expect(await server.log.next() == .received(patternBytes(900)))
        #expect(bench.budget.bytesUsed == 900)
        peer.send(patternBytes(200))
        #expect(await server.log.next() == .closed(.buffersExhausted))
        #expect(bench.budget.bytesUsed == 0)
        bench.stop()
    }

    #if os(Linux)
    @Test
    func `a parked channel costs at most 200 bytes and no buffer`() async throws {
        let bench = try TransportBench(.best)
        let peer = try RawPeer(bench.address)
        peer.send("x")
        #expect(await bench.server.log.next() == .received("x"))
        // Glibc's module does not show it.
        typealias UsableSize = @convention(c) (UnsafeMutableRawPointer) -> Int
        let symbol = try #require(dlsym(nil, "malloc_usable_size"))
        let usableSize = unsafeBitCast(symbol, to: UsableSize.self)
        let size = try await bench.onChannel { usableSize(Unmanaged.passUnretained($0).toOpaque()) }
        #expect(size <= 200, "a channel takes \(size) bytes")
        #expect(try await bench.onChannel { $0.memoryUse } == 0)
        bench.stop()
    }
    #endif
}
