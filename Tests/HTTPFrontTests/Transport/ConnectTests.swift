import Broker
import HTTPFront
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

@Suite(.timeLimit(.minutes(5)))
struct ConnectTests {
    @Test(arguments: PollerKind.allCases)
    func `what is written before the connection stands is sent when it does`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller)
        let client = RecordingHandler()
        let address = bench.address
        let outcome = await bench.loop.run {
            do {
                let channel = try bench.loop.connect(to: address, handler: client)
                return channel.write("hello".utf8)
            } catch {
                return .closed
            }
        }
        #expect(outcome == .pending)
        #expect(await client.log.next() == .connected)
        #expect(await client.log.next() == .drained)
        #expect(await bench.server.log.next() == .received("hello"))
        #expect(try await bench.onChannel { $0.write("and back".utf8) } == .sent)
        #expect(await client.log.next() == .received("and back"))
        let texts = try await bench.onChannel { [$0.peerAddressText, $0.peerAddress?.hostText] }
        #expect(texts == ["127.0.0.1", "127.0.0.1"])
        bench.stop()
        #expect(await client.log.next() == .closed(.loopStopped))
        #expect(await bench.server.log.next() == .closed(.loopStopped))
    }

    @Test(arguments: PollerKind.allCases)
    func `a refused connection is told as closed`(poller: PollerKind) async throws {
        let loop = try EventLoop(index: 0, poller: poller, time: SystemTime())
        let listener = try loop.listen(on: .loopback, backlog: 1, isShared: false) { _ in nil }
        let address = listener.address
        listener.close()
        let client = RecordingHandler()
        do throws(TransportError) {
            _ = try loop.connect(to: address, handler: client)
        } catch {
            // Some systems refuse at once.
            #expect(error.code == ECONNREFUSED)
            return
        }
        loop.start()
        #expect(await client.log.next() == .closed(.failed(ECONNREFUSED)))
        loop.stop()
        loop.join()
    }

    @Test(arguments: PollerKind.allCases)
    func `a channel that closes while it connects finishes first if asked to`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller)
        let client = RecordingHandler()
        let address = bench.address
        await bench.loop.run {
            let channel = try? bench.loop.connect(to: address, handler: client)
            _ = channel?.write("bye".utf8)
            channel?.closeAfterFlush()
        }
        #expect(await client.log.next() == .connected)
        #expect(await bench.server.log.next() == .received("bye"))
        #expect(await bench.server.log.next() == .end)
        _ = try await bench.onChannel { $0.close() }
        #expect(await client.log.next() == .closed(.closed))
        bench.stop()
    }
}
