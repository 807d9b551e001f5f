import Broker
import Synchronization
import Testing

@testable import HTTPFront

@Suite(.timeLimit(.minutes(5)))
struct EventLoopTests {
    @Test(arguments: PollerKind.allCases)
    func `bodies of one thread run in order, on the loop's thread`(poller: PollerKind) async throws {
        let loop = try EventLoop(index: 0, poller: poller, time: SystemTime())
        let seen = TransportLog<Int>()
        #expect(!loop.isCurrent)
        // Before the start, and after it.
        for number in 0..<500 { loop.execute { seen.append(loop.isCurrent ? number : -1) } }
        loop.start()
        for number in 500..<1000 { loop.execute { seen.append(loop.isCurrent ? number : -1) } }
        for number in 0..<1000 { #expect(await seen.next() == number) }
        loop.stop()
        loop.join()
    }

    @Test(arguments: PollerKind.allCases)
    func `no wake-up is lost`(poller: PollerKind) async throws {
        // Two loops that sleep again and again, and a third party that wakes both.
        let loops = try (0..<2).map { try EventLoop(index: $0, poller: poller, time: SystemTime()) }
        for loop in loops { loop.start() }
        let done = TransportLog<Int>()
        let rounds = 2000
        @Sendable func play(_ round: Int) {
            guard round < rounds else { return done.append(round) }
            loops[round % 2].execute { play(round + 1) }
        }
        play(0)
        for _ in 0..<rounds { await loops[0].run {} }
        #expect(await done.next() == rounds)
        for loop in loops { loop.stop() }
        for loop in loops { loop.join() }
    }

    @Test(arguments: PollerKind.allCases)
    func `jobs without end do not hold up the sockets`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller)
        let loop = bench.loop
        let goesOn = Flag()
        @Sendable func again() {
            if goesOn.isSet { loop.execute { again() } }
        }
        for _ in 0..<1000 { loop.execute { again() } }
        let peer = try RawPeer(bench.address)
        peer.send("through")
        #expect(await bench.server.log.next() == .received("through"))
        goesOn.clear()
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `deferred work runs in order, once, and at most 32 pieces in a turn`(poller: PollerKind) async throws {
        let loop = try EventLoop(index: 0, poller: poller, time: SystemTime())
        let seen = TransportLog<[Int]>()
        let pieces = (0..<100).map { number in
            ClosureLoopWork { work, loop in
                #expect(!work.isQueued)
                seen.append([number, loop.turnCount])
            }
        }
        for piece in pieces { loop.later(piece) }
        loop.later(pieces[0])
        loop.start()
        var turns: [Int: Int] = [:]
        for number in 0..<100 {
            let next = await seen.next()
            #expect(next[0] == number)
            turns[next[1], default: 0] += 1
        }
        #expect(turns.values.sorted() == [4, 32, 32, 32])
        loop.stop()
        loop.join()
    }

    @Test(arguments: PollerKind.allCases)
    func `work that defers itself does not hold up the sockets`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller)
        await bench.loop.run {
            bench.loop.later(ClosureLoopWork { work, loop in loop.later(work) })
        }
        let peer = try RawPeer(bench.address)
        peer.send("through")
        #expect(await bench.server.log.next() == .received("through"))
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `work that defers itself runs once in a turn`(poller: PollerKind) async throws {
        let loop = try EventLoop(index: 0, poller: poller, time: SystemTime())
        let turns = TransportLog<Int>()
        loop.later(
            ClosureLoopWork { work, loop in
                turns.append(loop.turnCount)
                if loop.turnCount < 4 { loop.later(work) }
            }
        )
        loop.start()
        for turn in 1...4 { #expect(await turns.next() == turn) }
        loop.stop()
        loop.join()
    }

    @Test(arguments: PollerKind.allCases)
    func `timers fire in the order of their deadlines unless they are cancelled`(poller: PollerKind) async throws {
        let time = SteppedTime()
        let loop = try EventLoop(index: 0, poller: poller, time: time)
        let fired = TransportLog<Int>()
        let cancelled = ClosureLoopTimer { _ in fired.append(-1) }
        loop.schedule(cancelled, at: loop.now + .milliseconds(5))
        for number in [3, 1, 2] {
            loop.schedule(ClosureLoopTimer { _ in fired.append(number) }, at: loop.now + .milliseconds(10 * number))
        }
        loop.cancel(cancelled)
        loop.start()
        time.advance(by: .milliseconds(9))
        await loop.run {}
        fired.append(0)
        time.advance(by: .milliseconds(21))
        await loop.run {}
        for number in 0...3 { #expect(await fired.next() == number) }
        loop.stop()
        loop.join()
    }

    @Test(arguments: PollerKind.allCases)
    func `a timer that is always due does not hold up the sockets`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller)
        await bench.loop.run {
            bench.loop.schedule(RestlessTimer(), at: bench.loop.now)
        }
        let peer = try RawPeer(bench.address)
        peer.send("through")
        #expect(await bench.server.log.next() == .received("through"))
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `the clock wakes a sleeping loop`(poller: PollerKind) async throws {
        let loop = try EventLoop(index: 0, poller: poller, time: SystemTime())
        loop.start()
        let fired = TransportLog<Bool>()
        await loop.run {
            let deadline = loop.now + .milliseconds(20)
            loop.schedule(ClosureLoopTimer { fired.append($0.now >= deadline) }, at: deadline)
        }
        #expect(await fired.next())
        loop.stop()
        loop.join()
    }

    @Test(arguments: PollerKind.allCases)
    func `a loop that has nothing to do makes no turns`(poller: PollerKind) async throws {
        let bench = try TransportBench(poller) { $0.deadline = $0.loop.now + .seconds(60) }
        let peer = try RawPeer(bench.address)
        peer.send("x")
        #expect(await bench.server.log.next() == .received("x"))
        #expect(await bench.loop.isQuiet())
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `stopping runs the jobs that are left and drops the timers`(poller: PollerKind) async throws {
        let loop = try EventLoop(index: 7, poller: poller, time: SystemTime())
        let seen = TransportLog<Int>()
        loop.schedule(ClosureLoopTimer { _ in seen.append(-1) }, at: .distantFuture)
        loop.execute {
            loop.stop()
            // More than one turn runs.
            for number in 0..<1000 { loop.execute { seen.append(number) } }
        }
        loop.runInCurrentThread()
        #expect(!loop.isCurrent)
        for number in 0..<1000 { #expect(await seen.next() == number) }
        // Late ones are run too, one at a time and in order, as if on the loop.
        for number in 0..<100 { loop.execute { seen.append(loop.isCurrent ? number : -1) } }
        for number in 0..<100 { #expect(await seen.next() == number) }
        let address = try SocketAddress.loopback
        let error = await loop.run { () -> TransportError? in
            do throws(TransportError) {
                _ = try loop.listen(on: address, backlog: 1, isShared: false) { _ in nil }
                return nil
            } catch {
                return error
            }
        }
        #expect(error?.detail == "event loop 7 has stopped")
    }

    @Test
    func `a stopped loop is freed with everything that it held`() async throws {
        let bench = try TransportBench(.best)
        let peer = try RawPeer(bench.address)
        peer.send("x")
        #expect(await bench.server.log.next() == .received("x"))
        weak let weakLoop = bench.loop
        weak let weakChannel = try await bench.onChannel { LoopConfined($0) }.value
        bench.stop()
        #expect(await bench.server.log.next() == .closed(.loopStopped))
        #expect(weakLoop != nil)
        #expect(weakChannel == nil)
    }
}

/// A timer that is due again as soon as it has fired.
private final class RestlessTimer: LoopTimer {
    override func fired(on loop: EventLoop) { loop.schedule(self, at: loop.now) }
}

/// Is set until it is cleared, by any thread.
private final class Flag: Sendable {
    private let value = Atomic<Bool>(true)

    var isSet: Bool { value.load(ordering: .relaxed) }

    func clear() { value.store(false, ordering: .relaxed) }
}
