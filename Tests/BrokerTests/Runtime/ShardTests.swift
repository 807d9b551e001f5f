import BrokerTestSupport
import Synchronization
import Testing

@testable import Broker

@Suite struct ShardTests {
    let stage = Stage()
    let recipient: Recipient

    init() throws {
        recipient = try Recipient("a")
    }

    /// A reader that does with its outcomes what a test says.
    private final class Receiver: Reader, @unchecked Sendable {
        var outcomes: [ReadOutcome] = []
        var then: (ReadOutcome) -> Bool = { _ in true }

        override func receive(_ outcome: ReadOutcome) -> Bool {
            outcomes.append(outcome)
            return then(outcome)
        }

        var texts: [[String]] {
            outcomes.map { outcome in
                switch outcome {
                case .batch(let batch): batch.texts
                case .ended(let reason, _): [reason.rawValue]
                }
            }
        }
    }

    private func draft(_ text: String) -> Draft {
        let payload = Array(text.utf8).withUnsafeBufferPointer { content in
            Payload.make(sender: nil, type: nil, content: content, sentAt: stage.time.wallNow)
        }
        return Draft(recipient: recipient, payload: payload)
    }

    private func request(_ mode: ReadMode) -> ReadRequest {
        ReadRequest(recipients: [recipient], mode: mode)
    }

    private func send(_ text: String) throws {
        let draft = draft(text)
        _ = try stage.shard.assumeIsolated { try $0.send(draft) }
    }

    /// A poll that waits.
    private func wait(_ mode: ReadMode = .take, within timeout: Duration? = nil) throws -> Receiver {
        let receiver = Receiver(isStream: false)
        let request = request(mode)
        let deadline = timeout.map { stage.time.now + $0 }
        let isWaiting = try stage.shard.assumeIsolated { try $0.read(receiver, request, until: deadline) == nil }
        try #require(isWaiting)
        return receiver
    }

    private func unread() -> Int {
        stage.shard.assumeIsolated { [recipient] in $0.summary(of: recipient).unread }
    }

    private func check() throws {
        try stage.shard.assumeIsolated { try $0.state.checkInvariants() }
    }

    @Test func `a poll is answered in the turn of the send`() throws {
        let poll = try wait()
        try send("1")
        #expect(poll.texts == [["1"]])
        try check()
    }

    @Test func `messages that nobody is there to receive go to the next, in the same turn`() throws {
        let gone = try wait()
        gone.then = { _ in false }
        let next = try wait()
        try send("1")
        #expect(next.texts == [["1"]])
        let last = try wait()
        last.then = { _ in false }
        try send("2")
        #expect(unread() == 1)
        try check()
    }

    @Test func `a receiver may call back into the shard`() throws {
        let poll = try wait()
        let shard = stage.shard
        let answer = draft("answer")
        let follower = try wait(.follow(.now))
        poll.then = { _ in
            shard.assumeIsolated { _ = try? $0.send(answer) }
            return true
        }
        try send("question")
        #expect(poll.texts == [["question"]])
        #expect(follower.texts == [["question"]])
        #expect(unread() == 1)
        try check()
    }

    @Test func `what a receiver sends comes to followers without another call`() throws {
        let poll = try wait()
        let other = try Recipient("b")
        let shard = stage.shard
        let follower = Receiver(isStream: false)
        let request = ReadRequest(recipients: [other], mode: .follow(.now))
        _ = try shard.assumeIsolated { try $0.read(follower, request, until: nil) }
        let answer = Draft(recipient: other, payload: draft("answer").payload)
        poll.then = { _ in
            shard.assumeIsolated { _ = try? $0.send(answer) }
            return true
        }
        try send("question")
        while stage.hosts[0].fireYield() {}
        #expect(follower.texts == [["answer"]])
        try check()
    }

    @Test func `a great fan-out lets other work come between`() throws {
        let followers = try (0..<150).map { _ in try wait(.follow(.now)) }
        let host = stage.hosts[0]
        try send("1")
        #expect(followers.filter { !$0.outcomes.isEmpty }.count == 64)
        #expect(host.hasYielded)
        // A message that comes meanwhile waits in line, and is given along.
        try send("2")
        #expect(followers.filter { !$0.outcomes.isEmpty }.count == 64)
        #expect(host.fireYield())
        #expect(followers.filter { !$0.outcomes.isEmpty }.count == 128)
        #expect(host.fireYield())
        #expect(!host.fireYield())
        #expect(followers.filter { $0.texts == [["1"]] }.count == 64)
        #expect(followers.filter { $0.texts == [["1", "2"]] }.count == 86)
        try check()
    }

    @Test func `the readers of an inbox that is deleted are told in slices, and others between them`() throws {
        let followers = try (0..<150).map { _ in try wait(.follow(.now)) }
        let host = stage.hosts[0]
        let recipient = try Recipient("a")
        stage.shard.assumeIsolated { $0.delete(recipient) }
        #expect(followers.filter { $0.texts == [["deleted"]] }.count == 64)
        #expect(host.hasYielded)
        // The inbox has another life by now.
        let newcomer = try wait()
        try send("1")
        #expect(newcomer.texts == [["1"]])
        // Whoever leaves before it is told why is not told anything else.
        let gone = try #require(followers.last { $0.outcomes.isEmpty })
        stage.shard.assumeIsolated { $0.leave(gone) }
        while host.fireYield() {}
        #expect(followers.filter { $0.texts == [["deleted"]] }.count == 150)
        try check()
    }

    @Test func `many watchers are told in slices, and none twice`() throws {
        let sinks = (0..<150).map { _ in PresenceTests.Notes() }
        let recipient = try Recipient("a")
        for sink in sinks {
            stage.shard.assumeIsolated { _ = $0.watch(PresenceWatcher(sink: sink), [recipient]) }
        }
        let host = stage.hosts[0]
        _ = try wait(.follow(.now))
        #expect(host.hasYielded)
        #expect(host.fireYield())
        #expect(sinks.count { !$0.told.isEmpty } == 64)
        while host.fireYield() {}
        #expect(sinks.allSatisfy { $0.told == ["a on"] })
    }

    @Test func `the host is asked to wake for the earliest deadline, once`() throws {
        let host = stage.hosts[0]
        #expect(host.wakesAt == nil)
        let late = try wait(within: .seconds(40))
        #expect(host.wakeCount == 1)
        _ = try wait(within: .seconds(50))
        #expect(host.wakeCount == 1)
        let early = try wait(within: .seconds(10))
        #expect(host.wakesAt.map { $0 <= stage.time.now + .seconds(10) } == true)
        stage.pass(.milliseconds(9999))
        #expect(early.outcomes.isEmpty)
        stage.pass(.milliseconds(1))
        #expect(early.texts == [["timeout"]])
        stage.pass(.seconds(30))
        #expect(late.texts == [["timeout"]])
    }

    @Test func `a poll that is not to wait does not`() throws {
        let receiver = Receiver(isStream: false)
        let request = request(.follow(.now))
        let now = stage.time.now
        let outcome = try stage.shard.assumeIsolated { try $0.read(receiver, request, until: now) }
        guard case .ended(.timedOut, let cursor) = outcome else {
            Issue.record("\(String(describing: outcome))")
            return
        }
        #expect(cursor.positions.map(\.sequence) == [0])
        #expect(receiver.outcomes.isEmpty)
    }

    @Test func `a poll that leaves is told so, once`() throws {
        let poll = try wait()
        stage.shard.assumeIsolated { $0.leave(poll) }
        stage.shard.assumeIsolated { $0.leave(poll) }
        #expect(poll.texts == [["left"]])
        try send("1")
        #expect(unread() == 1)
    }

    @Test func `a parked poll is resumed once, on its shard`() throws {
        let poll = ParkedPoll()
        let request = request(.take)
        let shard = stage.shard
        let isWaiting = try shard.assumeIsolated { try $0.read(poll, request, until: nil) == nil }
        try #require(isWaiting)
        let parked = stage.call { _ in
            await withUnsafeContinuation { poll.park($0) }
            return poll.takeOutcome()
        }
        stage.run()
        try send("1")
        try send("2")
        stage.run()
        #expect(parked.batch?.texts == ["1"])
        #expect(unread() == 1)
    }

    @Test func `an outcome that comes before its poll is parked is kept for it, and no other`() throws {
        let poll = ParkedPoll()
        let request = request(.take)
        _ = try stage.shard.assumeIsolated { try $0.read(poll, request, until: nil) }
        try send("1")
        try send("2")
        #expect(unread() == 1)
        let parked = stage.call { _ in
            await withUnsafeContinuation { poll.park($0) }
            return poll.takeOutcome()
        }
        stage.run()
        #expect(parked.batch?.texts == ["1"])
        try send("3")
        #expect(unread() == 2)
    }

    @Test func `a stream's batches go to its sink`() throws {
        final class Sink: StreamSink, @unchecked Sendable {
            var parts: [Int] = []
            func stream(_ reader: StreamReader, received outcome: ReadOutcome) -> Bool {
                parts.append(reader.part)
                return true
            }
        }
        let sink = Sink()
        let stream = StreamReader(sink: sink, part: 3)
        let request = request(.follow(.now))
        _ = try stage.shard.assumeIsolated { try $0.open(stream, request) }
        try send("1")
        #expect(sink.parts == [3])
    }

    @Test func `a stream gets the next batch when the one before is written`() throws {
        try send("1")
        let stream = Receiver(isStream: true)
        let request = request(.followUnread)
        let cursor = try stage.shard.assumeIsolated { try $0.open(stream, request) }
        #expect(cursor.positions.map(\.sequence) == [0])
        try send("2")
        #expect(stream.texts == [["1"]])
        stage.shard.assumeIsolated { $0.wrote(stream, nil) }
        #expect(stream.texts == [["1"], ["2"]])
        stage.shard.assumeIsolated { $0.leave(stream) }
        #expect(stream.texts.last == ["left"])
        try check()
    }

    @Test func `a drained shard ends everybody, and gives what is there`() throws {
        let poll = try wait()
        let stream = Receiver(isStream: true)
        let request = request(.follow(.now))
        _ = try stage.shard.assumeIsolated { try $0.open(stream, request) }
        let draft = draft("1")
        stage.shard.assumeIsolated { $0.drain() }
        #expect(poll.texts == [["draining"]])
        #expect(stream.texts == [["draining"]])
        #expect(throws: BrokerError.self) { try stage.shard.assumeIsolated { try $0.open(stream, request) } }
        #expect(throws: BrokerError.self) { try stage.shard.assumeIsolated { try $0.send(draft) } }
        let late = Receiver(isStream: false)
        let outcome = try stage.shard.assumeIsolated { try $0.read(late, request, until: nil) }
        guard case .ended(.draining, _) = outcome else {
            Issue.record("\(String(describing: outcome))")
            return
        }
    }

    @Test func `the observer is told of refusals, drops, gaps and expiry`() throws {
        let stage = Stage { limits in
            limits.inboxMessagesMax = 1
            limits.whenFull = .dropOldest
            limits.messageBytesMax = 3
        }
        let recipient = try Recipient("a")
        try stage.send("1")
        try stage.send("2")
        #expect(throws: BrokerError.self) { try stage.send("1234") }
        _ = try stage.now { try await $0.take(from: recipient, within: .zero) }
        try stage.send("3")
        stage.pass(.seconds(86_400))
        #expect(
            stage.observer.events == [
                .evicted(recipient: recipient, count: 1),
                .refused(recipient: recipient, code: .tooLarge),
                .gap(recipient: recipient, lost: 1),
                .expired(recipient: recipient, count: 1),
            ]
        )
    }

    @Test func `a shard that nobody holds goes, whoever it was to wake`() {
        weak var shard: Shard?
        let host = ManualHost()
        do {
            let broker = Broker(limits: Limits(), hosts: [host], time: stage.time)
            shard = broker.shards[0]
            let draft = draft("1")
            _ = try? broker.shards[0].assumeIsolated { try $0.send(draft) }
        }
        #expect(shard == nil)
        #expect(!host.fireWake(at: .distantFuture))
    }
}
