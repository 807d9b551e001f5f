import Broker
import HTTPFront
import Testing

/// An actor that lives on a loop, as a shard does.
private actor Resident {
    let loop: EventLoop
    private var parked: [UnsafeContinuation<Int, Never>] = []
    private(set) var count = 0
    var parkedCount: Int { parked.count }

    init(loop: EventLoop) {
        self.loop = loop
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    func add(_ more: Int) -> Bool {
        count += more
        return loop.isCurrent
    }

    func park(_ continuation: UnsafeContinuation<Int, Never>) { parked.append(continuation) }

    func resumeAll(_ value: Int) {
        for continuation in parked { continuation.resume(returning: value) }
        parked = []
    }
}

@Suite(.timeLimit(.minutes(5)))
struct ExecutorTests {
    @Test(arguments: PollerKind.allCases)
    func `an actor of a loop is entered from its handlers without a hop`(poller: PollerKind) async throws {
        let server = RecordingHandler()
        let bench = try TransportBench(poller, server: server)
        let resident = Resident(loop: bench.loop)
        await bench.receive { channel, bytes in
            let count = bytes.count
            let isHere = resident.assumeIsolated { $0.add(count) }
            #expect(isHere)
            #expect(channel.write("ok".utf8) == .sent)
            return bytes.count
        }
        let peer = try RawPeer(bench.address)
        peer.send("123")
        let answer = peer.receive(2)
        #expect(answer == Array("ok".utf8))
        #expect(await resident.count == 3)
        bench.stop()
    }

    @Test(arguments: PollerKind.allCases)
    func `calls from elsewhere run on the loop's thread`(poller: PollerKind) async throws {
        let loop = try EventLoop(index: 0, poller: poller, time: SystemTime())
        let resident = Resident(loop: loop)
        loop.start()
        await withTaskGroup { group in
            for _ in 0..<200 { group.addTask { await resident.add(1) } }
            for await isHere in group { #expect(isHere) }
        }
        #expect(await resident.count == 200)
        loop.stop()
        loop.join()
    }

    @Test(arguments: PollerKind.allCases)
    func `a parked task starts at once and goes on where it was, on the loop`(poller: PollerKind) async throws {
        let loop = try EventLoop(index: 0, poller: poller, time: SystemTime())
        let resident = Resident(loop: loop)
        loop.start()
        let seen = TransportLog<[Int]>()
        let parkedAtOnce = await loop.run {
            for number in 0..<100 {
                Task.immediate(executorPreference: loop.tasks) {
                    let value = await withUnsafeContinuation { continuation in
                        resident.assumeIsolated { $0.park(continuation) }
                    }
                    seen.append([number, value, loop.isCurrent ? 1 : 0])
                    // A second suspension: a call of the actor, and back.
                    let isHere = await resident.add(1)
                    seen.append([number, isHere ? 1 : 0, loop.isCurrent ? 1 : 0])
                }
            }
            return resident.assumeIsolated { $0.parkedCount }
        }
        #expect(parkedAtOnce == 100)
        await loop.run { resident.assumeIsolated { $0.resumeAll(42) } }
        var first: Set<[Int]> = []
        for _ in 0..<200 { first.insert(await seen.next()) }
        let expected = (0..<100).flatMap { [[$0, 42, 1], [$0, 1, 1]] }
        #expect(first == Set(expected))
        loop.stop()
        loop.join()
    }

    @Test(arguments: PollerKind.allCases)
    func `a task that another thread resumes goes on, on its loop`(poller: PollerKind) async throws {
        let loop = try EventLoop(index: 0, poller: poller, time: SystemTime())
        let resident = Resident(loop: loop)
        loop.start()
        let seen = TransportLog<Bool>()
        await loop.run {
            _ = Task.immediate(executorPreference: loop.tasks) {
                _ = await withUnsafeContinuation { continuation in
                    resident.assumeIsolated { $0.park(continuation) }
                }
                seen.append(loop.isCurrent)
            }
        }
        await resident.resumeAll(1)
        #expect(await seen.next())
        loop.stop()
        loop.join()
    }

    @Test(arguments: PollerKind.allCases)
    func `actors of two loops call each other, each on its own thread`(poller: PollerKind) async throws {
        let loops = try (0..<2).map { try EventLoop(index: $0, poller: poller, time: SystemTime()) }
        let residents = loops.map { Resident(loop: $0) }
        for loop in loops { loop.start() }
        let tasks = (0..<8).map { player in
            Task(executorPreference: loops[player % 2].tasks) {
                for round in 0..<500 {
                    guard await residents[(player + round) % 2].add(1), loops[player % 2].isCurrent else {
                        return false
                    }
                }
                return true
            }
        }
        for task in tasks { #expect(await task.value) }
        let counts = (await residents[0].count, await residents[1].count)
        #expect(counts == (2000, 2000))
        for loop in loops { loop.stop() }
        for loop in loops { loop.join() }
    }

    @Test
    func `an actor still answers after its loop has ended`() async throws {
        let loop = try EventLoop(index: 0, time: SystemTime())
        let resident = Resident(loop: loop)
        loop.start()
        #expect(await resident.add(1))
        loop.stop()
        loop.join()
        #expect(await resident.add(1))
        #expect(await resident.count == 2)
        let task = Task(executorPreference: loop.tasks) { await resident.add(1) }
        #expect(await task.value)
    }
}
