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
