import Broker
import HTTPFront
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ChannelPostingTests {
    @Test(arguments: PollerKind.allCases)
    func `what several calls post leaves in their order, and not before the turn's other work`(
        poller: PollerKind
    ) async throws {
        let server = RecordingHandler()
        let bench = try TransportBench(poller, server: server)
        let unsent = TransportLog<Bool>()
        await bench.receive { channel, bytes in
            channel.post("one ")
            channel.post("two ")
            channel.loop.later(ClosureLoopWork { _, _ in unsent.append(channel.hasUnsent) })
            return bytes.count
        }
        let peer = try RawPeer(bench.address)
        peer.send("go")
        #expect(await unsent.next())
        let received = peer.receive(8)
        #expect(received == Array("one two ".utf8))
        #expect(try await bench.onChannel { !$0.hasUnsent })
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `writing goes behind what was posted`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller)
        await bench.receive { channel, bytes in
            channel.post("posted ")
            #expect(channel.write("written ".utf8) == .sent)
            channel.post("posted")
            return bytes.count
        }
        let peer = try RawPeer(bench.address)
        peer.send("go")
        let received = peer.receive(21)
        #expect(received == Array("posted written posted".utf8))
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `closing after the flush sends what was posted, then ends`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller)
        await bench.receive { channel, bytes in
            channel.post("last words")
            channel.closeAfterFlush()
            channel.post("too late")
            return bytes.count
        }
        let peer = try RawPeer(bench.address)
        peer.send("go")
        let received = peer.receive(10)
        #expect(received == Array("last words".utf8))
        let hasEnded = peer.reachesEnd()
        #expect(hasEnded)
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `closing drops what was posted, and nothing of what others are to be sent`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller)
        let first = try RawPeer(bench.address)
        first.send("first")
        #expect(await bench.server.log.next() == .received("first"))
        let other = try await bench.onChannel { LoopConfined($0) }
        await bench.receive { channel, bytes in
            channel.post("dropped")
            other.value.post("kept")
            channel.close()
            return bytes.count
        }
        let second = try RawPeer(bench.address)
        second.send("second")
        let receivedByFirst = first.receive(4)
        #expect(receivedByFirst == Array("kept".utf8))
        let receivedBySecond = second.receive(7)
        #expect(receivedBySecond.isEmpty)
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `a slow reader's handler hears that it stalls, then that it has drained`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller) { limitSendBuffer($0) }
        let answer = patternBytes(1 << 20)
        await bench.receive { channel, bytes in
            answer.withUnsafeBufferPointer { channel.post($0) }
            return bytes.count
        }
        let peer = try RawPeer(bench.address, receiveBytes: 16_384)
        peer.send("go")
        #expect(await bench.server.log.next() == .received("go"))
        #expect(await bench.server.log.next() == .stalled)
        let received = peer.receive(answer.count)
        #expect(received == answer)
        #expect(await bench.server.log.next() == .drained)
        #expect(bench.budget.bytesUsed == 0)
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `who asks is told that everything is with the kernel, once`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller)
        await bench.receive { channel, bytes in
            channel.post("a")
            channel.tellWhenDrained()
            channel.post("b")
            return bytes.count
        }
        let peer = try RawPeer(bench.address)
        peer.send("1")
        #expect(await bench.server.log.next() == .received("1"))
        #expect(await bench.server.log.next() == .drained)
        await bench.receive { channel, bytes in
            channel.post("c")
            return bytes.count
        }
        peer.send("2")
        #expect(await bench.server.log.next() == .received("2"))
        let received = peer.receive(3)
        #expect(received == Array("abc".utf8))
        peer.finishSending()
        #expect(await bench.server.log.next() == .end)
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `posting more than the loop keeps for a turn loses nothing`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller)
        let piece = patternBytes(1000)
        await bench.receive { channel, bytes in
            for _ in 0..<200 { piece.withUnsafeBufferPointer { channel.post($0) } }
            return bytes.count
        }
        let peer = try RawPeer(bench.address)
        peer.send("go")
        let received = peer.receive(200_000)
        #expect(received == Array(repeatElement(piece, count: 200).joined()))
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `what was posted in the loop's last turn still leaves`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller)
        await bench.receive { channel, bytes in
            channel.post("bye")
            channel.loop.stop()
            return bytes.count
        }
        let peer = try RawPeer(bench.address)
        peer.send("go")
        let received = peer.receive(3)
        #expect(received == Array("bye".utf8))
        bench.loop.join()
    }
}

extension Channel {
    /// Posts text.
    fileprivate func post(_ text: String) {
        Array(text.utf8).withUnsafeBufferPointer { post($0) }
    }
}
