import Broker
import Testing

@testable import HTTPFront

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

@Suite(.timeLimit(.minutes(5)))
struct ChannelWritingTests {
    @Test(arguments: PollerKind.allCases)
    func `a slow reader gets everything while little is buffered`(poller: PollerKind) async throws {
        let server = RecordingHandler()
        let sent = patternBytes(1 << 20)
        let source = Source(bytes: sent)
        server.receive = { channel, bytes in
            source.pump(into: channel)
            return bytes.count
        }
        server.drain = { source.pump(into: $0) }
        let bench = try TransportBench(poller, server: server) { limitSendBuffer($0) }
        let peer = try RawPeer(bench.address, receiveBytes: 16_384)
        peer.send("go")
        #expect(await server.log.next() == .received("go"))
        #expect(try await bench.onChannel { $0.pendingBytes } > 0)
        #expect(try await bench.onChannel { $0.writtenBytes - $0.arrivedBytes } > 0)
        #expect(bench.budget.bytesUsed > 0)
        let received = peer.receive(sent.count)
        #expect(received == sent)
        // The last of several is told after everything was taken.
        while await bench.loop.run({ source.isEmpty && server.channel?.pendingBytes == 0 }) == false {
            #expect(await server.log.next() == .drained)
        }
        #expect(await bench.loop.run { source.mostPending } <= Source.pieceBytes)
        #expect(bench.budget.bytesUsed == 0)
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `a peer that has finished sending does not keep a blocked writer busy`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller) { limitSendBuffer($0) }
        let peer = try RawPeer(bench.address, receiveBytes: 16_384)
        peer.send("x")
        #expect(await bench.server.log.next() == .received("x"))
        let answer = patternBytes(1 << 20)
        #expect(try await bench.onChannel { $0.write(answer[...]) } == .pending)
        peer.finishSending()
        #expect(await bench.server.log.next() == .end)
        #expect(await bench.loop.isQuiet())
        let received = peer.receive(answer.count)
        #expect(received == answer)
        #expect(await bench.server.log.next() == .drained)
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `writes stay in order behind one that is pending`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller) { limitSendBuffer($0) }
        let peer = try RawPeer(bench.address, receiveBytes: 16_384)
        peer.send("x")
        #expect(await bench.server.log.next() == .received("x"))
        let first = patternBytes(1 << 20)
        let outcomes = try await bench.onChannel { [$0.write(first[...]), $0.write("end".utf8)] }
        #expect(outcomes == [.pending, .pending])
        let received = peer.receive(first.count + 3)
        #expect(received == first + Array("end".utf8))
        #expect(await bench.server.log.next() == .drained)
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `closing drops what is pending and is told once, after the caller`(poller: PollerKind) async throws {
        let server = RecordingHandler()
        server.receive = { channel, bytes in
            _ = channel.write(patternBytes(1 << 20)[...])
            channel.close()
            #expect(channel.isClosed)
            #expect(channel.write("late".utf8) == .closed)
            channel.close()
            channel.closeAfterFlush()
            channel.reparse()
            channel.resumeReading()
            channel.deadline = channel.loop.now
            return bytes.count
        }
        let bench = try TransportBench(poller, server: server) { limitSendBuffer($0) }
        let peer = try RawPeer(bench.address, receiveBytes: 16_384)
        peer.send("x")
        #expect(await server.log.next() == .received("x"))
        #expect(await server.log.next() == .closed(.closed))
        #expect(bench.budget.bytesUsed == 0)
        bench.stop()
        server.log.append(.end)
        #expect(await server.log.next() == .end)
    }

    @Test(arguments: PollerKind.allCases)
    func `writing to a peer that is gone closes the channel`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller) { $0.pauseReading() }
        let peer = try RawPeer(bench.address)
        peer.leave()
        #expect(await bench.server.log.next() == .end)
        // The first one is answered by a reset.
        #expect(try await bench.onChannel { $0.write("a".utf8) } == .sent)
        let last = await bench.server.log.next()
        #expect([.closed(.failed(EPIPE)), .closed(.failed(ECONNRESET))].contains(last))
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `an answer survives closing although the request was not read`(poller: PollerKind) async throws {
        let server = RecordingHandler()
        let answer = patternBytes(1 << 20)
        server.receive = { channel, _ in
            _ = channel.write(answer[...])
            channel.closeAfterFlush()
            #expect(channel.write("more".utf8) == .closed)
            return 0
        }
        let bench = try TransportBench(poller, server: server) { limitSendBuffer($0) }
        let peer = try RawPeer(bench.address, receiveBytes: 16_384)
        peer.send(patternBytes(100_000))
        let received = peer.receive(answer.count)
        #expect(received == answer)
        let isAtEnd = peer.reachesEnd()
        #expect(isAtEnd)
        // What comes now is discarded without a reset, until the peer leaves too.
        let sent = peer.send(patternBytes(10_000))
        #expect(sent == 10_000)
        peer.leave()
        guard case .received = await server.log.next() else { return #expect(Bool(false), "nothing was received") }
        #expect(await server.log.next() == .closed(.closed))
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `lingering ends after a second`(poller: PollerKind) async throws {
        let time = SteppedTime()
        let bench = try TransportBench(poller, time: time)
        let peer = try RawPeer(bench.address)
        peer.send("x")
        #expect(await bench.server.log.next() == .received("x"))
        _ = try await bench.onChannel { $0.closeAfterFlush() }
        let isAtEnd = peer.reachesEnd()
        #expect(isAtEnd)
        time.advance(by: .milliseconds(999))
        #expect(await bench.loop.run { bench.loop.counters.open } == 1)
        time.advance(by: .milliseconds(2))
        await bench.loop.run {}
        #expect(await bench.server.log.next() == .closed(.closed))
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `lingering ends when too much comes`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller, time: SteppedTime())
        let peer = try RawPeer(bench.address)
        peer.send("x")
        #expect(await bench.server.log.next() == .received("x"))
        _ = try await bench.onChannel { $0.closeAfterFlush() }
        peer.send(patternBytes(300_000))
        #expect(await bench.server.log.next() == .closed(.closed))
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `output that exceeds the common budget closes the channel`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller, bufferBytesMax: 10_000) { limitSendBuffer($0) }
        let peer = try RawPeer(bench.address, receiveBytes: 16_384)
        peer.send("x")
        #expect(await bench.server.log.next() == .received("x"))
        #expect(try await bench.onChannel { $0.write(patternBytes(1 << 20)[...]) } == .closed)
        #expect(await bench.server.log.next() == .closed(.buffersExhausted))
        #expect(bench.budget.bytesUsed == 0)
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `a deadline can be moved, and is told once`(poller: PollerKind) async throws {
        let time = SteppedTime()
        let bench = try TransportBench(poller, time: time) { $0.deadline = $0.loop.now + .seconds(10) }
        let peer = try RawPeer(bench.address)
        peer.send("x")
        #expect(await bench.server.log.next() == .received("x"))
        // Later: the alarm of the first one passes unnoticed.
        _ = try await bench.onChannel { $0.deadline = $0.loop.now + .seconds(20) }
        time.advance(by: .seconds(19))
        await bench.loop.run {}
        #expect(try await bench.onChannel { $0.deadline != nil })
        time.advance(by: .seconds(1))
        await bench.loop.run {}
        #expect(await bench.server.log.next() == .timedOut)
        #expect(try await bench.onChannel { $0.deadline == nil })
        // Earlier.
        _ = try await bench.onChannel { $0.deadline = $0.loop.now + .seconds(20) }
        _ = try await bench.onChannel { $0.deadline = $0.loop.now + .seconds(2) }
        time.advance(by: .seconds(2))
        await bench.loop.run {}
        #expect(await bench.server.log.next() == .timedOut)
        // Never.
        _ = try await bench.onChannel { $0.deadline = $0.loop.now + .seconds(2) }
        _ = try await bench.onChannel { $0.deadline = nil }
        time.advance(by: .seconds(100))
        await bench.loop.run {}
        peer.send("y")
        #expect(await bench.server.log.next() == .received("y"))
        bench.stop()
    }
}

/// Something long that is written in pieces, each when the one before is sent; used on the loop's thread.
private final class Source: @unchecked Sendable {
    static let pieceBytes = 65_536

    private var rest: ArraySlice<UInt8>
    private(set) var mostPending = 0

    init(bytes: [UInt8]) {
        rest = bytes[...]
    }

    var isEmpty: Bool { rest.isEmpty }

    func pump(into channel: Channel) {
        while !rest.isEmpty {
            let piece = rest.prefix(Source.pieceBytes)
            rest = rest.dropFirst(piece.count)
            let outcome = channel.write(piece)
            mostPending = max(mostPending, channel.pendingBytes)
            guard outcome == .sent else { return }
        }
    }
}
