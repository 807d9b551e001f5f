import BrokerTestSupport
import Testing

@testable import Broker

/// Followers that only look.
@Suite struct ObservingTests {
    /// An inbox of 3 messages, full.
    private func fullBench(_ whenFull: Limits.WhenFull = .refuse) throws -> Bench {
        let bench = Bench { limits in
            limits.inboxMessagesMax = 3
            limits.whenFull = whenFull
        }
        try bench.send(["1", "2", "3"])
        return bench
    }

    private func observe(_ bench: Bench, from cursor: Cursor) throws -> Batch {
        switch try bench.poll(mode: .follow(cursor), isObserving: true) {
        case .batch(let batch): batch
        case .ended(_, let cursor): Batch(cursor: cursor)
        case .waits: preconditionFailure("it was not to wait")
        }
    }

    @Test(arguments: [ReadMode.followUnread, .follow(.oldest)])
    func `what an observer's stream has written does not count as delivered`(mode: ReadMode) throws {
        let bench = try fullBench()
        #expect(throws: BrokerError.self) { try bench.send("4") }
        let stream = try bench.stream(mode: mode, isObserving: true)
        #expect(stream.texts == [["1", "2", "3"]])
        bench.wrote(stream)
        #expect(throws: BrokerError.self) { try bench.send("4") }
        #expect(try bench.take().texts == ["1", "2", "3"])
    }

    @Test func `an observer's cursor confirms nothing, neither its own answer nor another's`() throws {
        let bench = try fullBench()
        let observed = try observe(bench, from: .oldest)
        #expect(observed.texts == ["1", "2", "3"])
        #expect(try observe(bench, from: observed.cursor).isEmpty)
        #expect(throws: BrokerError.self) { try bench.send("4") }
        let followed = try bench.follow(from: .oldest)
        #expect(followed.cursor == observed.cursor)
        _ = try observe(bench, from: observed.cursor)
        #expect(throws: BrokerError.self) { try bench.send("4") }
    }

    @Test(arguments: [false, true])
    func `an observer that begins where others' answers end leaves them what they confirm`(isStream: Bool) throws {
        let bench = try fullBench()
        let cursor = try bench.follow(from: .oldest).cursor
        if isStream {
            _ = try bench.stream(mode: .follow(.now), isObserving: true)
            _ = try bench.stream(mode: .follow(.oldest), isObserving: true)
        } else {
            #expect(try observe(bench, from: .now).cursor == cursor)
        }
        _ = try bench.follow(from: cursor)
        #expect(try bench.send("4").evicted == 1)
    }

    @Test func `an observer is told of drops, and leaves them to be told`() throws {
        let bench = try fullBench(.dropOldest)
        try bench.send("4")
        #expect(try observe(bench, from: .oldest).lost == 1)
        #expect(try observe(bench, from: .oldest).lost == 1)
        let stream = try bench.stream(mode: .followUnread, isObserving: true)
        #expect(stream.batches.map(\.lost) == [1])
        let position = try #require(try bench.summary().first)
        // Its gap covers the drop, and it has told nobody of it.
        #expect(try observe(bench, from: Cursor.after(position).moved(by: -2)).lost == 1)
        #expect(try bench.follow(from: .oldest).lost == 1)
        #expect(try bench.follow(from: .oldest).lost == 0)
        #expect(try observe(bench, from: .oldest).lost == 0)
    }

    @Test func `an observer sees what a follower sees`() throws {
        let bench = Bench()
        let observer = try bench.stream(mode: .follow(.now), isObserving: true)
        try bench.send(["1", "2"])
        bench.wrote(observer)
        bench.wrote(observer)
        #expect(observer.texts.flatMap(\.self) == ["1", "2"])
        #expect(try bench.summary().streaming == 1)
    }
}
