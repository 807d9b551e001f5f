import BrokerTestSupport
import Testing

@testable import Broker

/// The broker as a program embeds it: on Swift's own executors, with the machine's clocks.
@Suite(.timeLimit(.minutes(5))) struct LibraryTests {
    @Test func `a waiting taker gets what another task sends`() async throws {
        let broker = Broker()
        let recipient = try Recipient("a")
        async let taken = broker.take(from: recipient, within: nil)
        try await broker.send("1", to: recipient)
        #expect(try await taken.texts == ["1"])
    }

    @Test func `a timeout comes by itself`() async throws {
        let broker = Broker(shards: 1)
        let recipient = try Recipient("a")
        let clock = ContinuousClock()
        let start = clock.now
        let batch = try await broker.take(from: recipient, within: .milliseconds(30))
        #expect(batch.isEmpty)
        #expect(clock.now - start >= .milliseconds(30))
    }

    @Test func `a later deadline does not hold up an earlier one`() async throws {
        let broker = Broker(shards: 1)
        let recipient = try Recipient("a")
        async let late = broker.take(from: recipient, within: .seconds(3600))
        let early = try await broker.take(from: recipient, within: .milliseconds(10))
        #expect(early.isEmpty)
        try await broker.send("1", to: recipient)
        #expect(try await late.texts == ["1"])
    }

    @Test func `many senders, takers and followers on several cores lose nothing`() async throws {
        let broker = Broker(shards: 3)
        let names = try (0..<5).map { try Recipient("r\($0)") }
        let count = 60
        try await withThrowingTaskGroup(of: (taken: [MessageID], followed: [String]).self) { group in
            for name in names {
                for _ in 0..<2 {
                    group.addTask {
                        var ids: [MessageID] = []
                        while true {
                            let batch = try await broker.take(from: name, within: nil, limit: 3)
                            guard !batch.isEmpty else { return (ids, []) }
                            ids += batch.ids
                        }
                    }
                }
                group.addTask {
                    var texts: [String] = []
                    for try await event in broker.follow(name, from: .oldest) {
                        if case .message(let message) = event { texts.append(message.text) }
                        if texts.count == count { break }
                    }
                    return ([], texts)
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { senders in
                for name in names {
                    senders.addTask { for number in 0..<count { try await broker.send("\(number)", to: name) } }
                }
                try await senders.waitForAll()
            }
            var taken: [MessageID] = []
            var followers = 0
            while let (ids, texts) = try await group.next() {
                taken += ids
                guard !texts.isEmpty else { continue }
                #expect(texts == (0..<count).map(String.init))
                followers += 1
                // All followers have everything, so every taker has what it will get, or gets it now.
                if followers == names.count { await broker.drain() }
            }
            #expect(taken.count == names.count * count)
            #expect(Set(taken).count == taken.count)
        }
    }

    @Test func `a broker that nobody holds goes, whatever it was waiting for`() async throws {
        weak var shard: Shard?
        do {
            let broker = Broker(shards: 1)
            shard = broker.shards[0]
            try await broker.send("1", to: Recipient("a"))
        }
        #expect(shard == nil)
    }

    @Test func `a clock that is moved by hand ends a poll`() async throws {
        let time = ManualTime()
        let broker = Broker(shards: 1, time: time)
        let recipient = try Recipient("a")
        async let batch = broker.take(from: recipient, within: .seconds(40))
        let deadline = time.now + .seconds(40)
        await time.sleeperArrives(before: deadline)
        time.advance(to: deadline)
        #expect(try await batch.isEmpty)
        #expect(await broker.statistics().timeouts == 1)
    }

    @Test func `a clock that is moved by hand ends leases and lives`() async throws {
        let time = ManualTime()
        let broker = Broker(shards: 1, time: time)
        let recipient = try Recipient("a")
        try await broker.send("short", to: recipient, timeToLive: .seconds(3))
        try await broker.send("long", to: recipient)
        #expect(try await broker.lease(from: recipient, for: .seconds(9)).texts == ["short", "long"])
        // Whoever waits gets what comes back: the lease has outlived the first message.
        async let second = broker.take(from: recipient, within: nil)
        let end = time.now + .seconds(9)
        await time.sleeperArrives(before: end)
        time.advance(to: end)
        #expect(try await second.texts == ["long"])
        #expect(await broker.statistics().expired == 1)
    }

    @Test func `a later deadline that is made earlier is slept to anew`() async throws {
        let time = ManualTime()
        let broker = Broker(shards: 1, time: time)
        let recipient = try Recipient("a")
        async let late = broker.take(from: recipient, within: .seconds(3600))
        await time.sleeperArrives(before: time.now + .seconds(3600))
        async let early = broker.take(from: recipient, within: .seconds(1))
        let deadline = time.now + .seconds(1)
        await time.sleeperArrives(before: deadline)
        time.advance(to: deadline)
        #expect(try await early.isEmpty)
        try await broker.send("1", to: recipient)
        #expect(try await late.texts == ["1"])
    }

    @Test func `a sleep that is cancelled ends at once, on either clock`() async {
        for time in [ManualTime(), SystemTime()] as [any TimeSource] {
            let sleep = Task { try await time.sleep(until: time.now + .seconds(3600)) }
            sleep.cancel()
            await #expect(throws: CancellationError.self) { try await sleep.value }
        }
    }

    @Test func `a sleep to a moment that has passed is none`() async throws {
        for time in [ManualTime(), SystemTime()] as [any TimeSource] { try await time.sleep(until: time.now) }
    }

    @Test func `the machine's clocks move`() {
        let time = SystemTime()
        let start = time.now
        #expect(time.now >= start)
        // Later than the day on which this was written.
        #expect(time.wallNow.millisecondsSinceEpoch > 1_763_000_000_000)
    }
}
