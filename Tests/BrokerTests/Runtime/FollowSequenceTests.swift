import BrokerTestSupport
import Synchronization
import Testing

@testable import Broker

@Suite struct FollowSequenceTests {
    let stage = Stage()

    /// What a follower has been given so far, in words.
    private final class Story: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }

        func add(_ event: FollowEvent) {
            let line =
                switch event {
                case .message(let message): message.text
                case .gap(let lost): "lost \(lost)"
                case .reset: "reset"
                }
            lines.withLock { $0.append(line) }
        }
    }

    private func following(from cursor: Cursor, _ story: Story) throws -> Stage.Call<Void> {
        let recipient = try Recipient("a")
        return stage.call { broker in
            for try await event in broker.follow(recipient, from: cursor) { story.add(event) }
        }
    }

    @Test func `a follower gets what is there, then what comes`() throws {
        try stage.send("1")
        try stage.send("2")
        let story = Story()
        let follower = try following(from: .oldest, story)
        stage.run()
        #expect(story.all == ["1", "2"])
        try stage.send("3")
        try stage.send("4")
        #expect(story.all == ["1", "2", "3", "4"])
        #expect(!follower.isOver)
    }

    @Test func `two followers are independent`() throws {
        let stories = [Story(), Story()]
        _ = try following(from: .now, stories[0])
        stage.run()
        try stage.send("1")
        _ = try following(from: .now, stories[1])
        stage.run()
        try stage.send("2")
        #expect(stories.map(\.all) == [["1", "2"], ["2"]])
    }

    @Test func `a follower that falls behind is told how many it has missed`() throws {
        let stage = Stage { limits in
            limits.inboxMessagesMax = 2
            limits.whenFull = .dropOldest
        }
        let story = Story()
        let recipient = try Recipient("a")
        let follower = stage.call { broker in
            for try await event in broker.follow(recipient) { story.add(event) }
        }
        runAll([stage.hosts[0].manual, follower.executor])
        // The first message is on its way to the follower, who does not get on; meanwhile four more come.
        for number in 1...5 {
            let text = "\(number)"
            let sender = stage.call { try await $0.send(text, to: recipient) }
            runAll([stage.hosts[0].manual, sender.executor])
        }
        #expect(story.all == [])
        stage.run()
        #expect(story.all == ["1", "lost 2", "4", "5"])
    }

    /// Messages that are gone, of 6 that were sent, and what a follower is told that began with the first.
    @Test(arguments: [
        ([], ["1", "2", "3", "4", "5", "6"]), ([2, 4], ["1", "lost 1", "3", "lost 1", "5", "6"]),
        ([1, 2, 5], ["lost 2", "3", "4", "lost 1", "6"]), ([3, 4, 5, 6], ["1", "2", "lost 4"]),
        ([1, 2, 3, 4, 5, 6], ["lost 6"]),
    ])
    func `each gap is told between the messages that it lies between`(gone: [Int], told: [String]) throws {
        let recipient = try Recipient("a")
        for number in 1...6 {
            let life: Duration? = gone.contains(number) ? .seconds(1) : nil
            _ = try stage.now { try await $0.send("\(number)", to: recipient, timeToLive: life) }
        }
        let first = try stage.now { try await $0.follow([recipient], from: .oldest, within: .zero) }.ids[0]
        stage.pass(.seconds(1))
        let story = Story()
        _ = try following(from: .after(MessageID(epoch: first.epoch, sequence: 0)), story)
        stage.run()
        #expect(story.all == told)
    }

    @Test func `an iterator's cursor goes on behind whatever was told last`() throws {
        let recipient = try Recipient("a")
        for number in 1...5 {
            let life: Duration? = [2, 4].contains(number) ? .seconds(1) : nil
            _ = try stage.now { try await $0.send("\(number)", to: recipient, timeToLive: life) }
        }
        stage.pass(.seconds(1))
        let cursors = try stage.now { broker in
            var iterator = broker.follow(recipient, from: .oldest).makeAsyncIterator()
            var cursors: [Cursor] = []
            for _ in 0..<5 {
                _ = try await iterator.next()
                cursors.append(iterator.cursor)
            }
            return cursors
        }
        #expect(cursors.map { $0.positions.map(\.sequence) } == [[1], [2], [3], [4], [5]])
    }

    @Test(arguments: [false, true])
    func `what a follower has gone on from is delivered, what an observer has is not`(isObserving: Bool) throws {
        let stage = Stage { $0.inboxMessagesMax = 2 }
        try stage.send("1")
        try stage.send("2")
        let recipient = try Recipient("a")
        let story = Story()
        _ = stage.call { broker in
            for try await event in broker.follow(recipient, from: .oldest, observing: isObserving) { story.add(event) }
        }
        stage.run()
        #expect(story.all == ["1", "2"])
        if isObserving {
            #expect(throws: BrokerError.self) { try stage.send("3") }
        } else {
            #expect(try stage.send("3").evicted == 1)
        }
    }

    @Test func `a follower of an inbox that is removed goes on with a reset`() throws {
        try stage.send("1")
        let story = Story()
        let follower = try following(from: .oldest, story)
        stage.run()
        let recipient = try Recipient("a")
        try stage.now { await $0.delete(recipient) }
        stage.run()
        try stage.send("2")
        #expect(story.all == ["1", "reset", "2"])
        #expect(!follower.isOver)
    }

    @Test func `a follower ends when the broker is drained`() throws {
        let follower = try following(from: .now, Story())
        stage.run()
        try stage.now { await $0.drain() }
        stage.run()
        #expect(follower.isOver)
        #expect(follower.value != nil)
    }

    @Test func `a follower that is cancelled says so`() throws {
        let follower = try following(from: .now, Story())
        stage.run()
        follower.cancel()
        stage.run()
        #expect(follower.isCancelled)
        #expect(try stage.waiting() == 0)
    }

    @Test func `a cursor that is not one of this inbox is refused`() throws {
        let id = try stage.send("1").id
        let ahead = MessageID(epoch: id.epoch, sequence: 7)
        let follower = try following(from: .after(ahead), Story())
        stage.run()
        #expect(throws: BrokerError.self) { try follower.result?.get() }
    }

    @Test func `an iterator's cursor is behind a gap once the gap was told`() throws {
        let recipient = try Recipient("a")
        let first = try stage.send("1").id
        try stage.send("2")
        stage.pass(.seconds(86_400))
        let told = try stage.now { broker in
            var iterator = broker.follow(recipient, from: .after(first)).makeAsyncIterator()
            guard case .gap(1) = try await iterator.next() else { return Cursor.now }
            return iterator.cursor
        }
        #expect(told.positions.map(\.sequence) == [2])
    }

    @Test func `an iterator's cursor is never ahead of what it has given`() throws {
        for number in 1...3 { try stage.send("\(number)") }
        let recipient = try Recipient("a")
        let cursors = try stage.now { broker in
            var iterator = broker.follow(recipient, from: .oldest).makeAsyncIterator()
            var cursors = [iterator.cursor]
            for _ in 0..<3 {
                _ = try await iterator.next()
                cursors.append(iterator.cursor)
            }
            return cursors
        }
        #expect(cursors.first == .oldest)
        #expect(cursors.dropFirst().map { $0.positions.map(\.sequence) } == [[1], [2], [3]])
        let rest = try stage.now { broker in try await broker.follow([recipient], from: cursors[2], within: .zero) }
        #expect(rest.texts == ["3"])
    }
}
