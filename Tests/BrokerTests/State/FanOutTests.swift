import BrokerTestSupport
import Testing

@testable import Broker

@Suite struct FanOutTests {
    let bench: Bench

    init() {
        bench = Bench()
        bench.servesFollowers = false
    }

    @Test func `a fan-out is cut into slices`() throws {
        let followers = try (0..<5).map { _ in try bench.wait(mode: .follow(.now)) }
        try bench.send("1")
        #expect(followers.filter { !$0.isQuiet }.isEmpty)
        bench.fanOut(budget: 2)
        #expect(followers.map(\.batches.count) == [1, 1, 0, 0, 0])
        #expect(bench.isFanningOut)
        bench.fanOut(budget: 2)
        bench.fanOut(budget: 2)
        #expect(followers.map(\.texts) == Array(repeating: [["1"]], count: 5))
        #expect(!bench.isFanningOut)
    }

    @Test func `inboxes take turns, so that a great room does not hold up a small one`() throws {
        let room = try (0..<10).map { _ in try bench.wait("room", mode: .follow(.now)) }
        let small = try bench.wait("small", mode: .follow(.now))
        try bench.send("1", to: "room")
        try bench.send("2", to: "small")
        bench.fanOut(budget: 4)
        bench.fanOut(budget: 4)
        #expect(room.filter { !$0.isQuiet }.count == 7)
        #expect(small.texts == [["2"]])
        bench.fanOut(budget: 4)
        #expect(room.allSatisfy { $0.texts == [["1"]] })
    }

    @Test func `what comes during a fan-out is given along with it`() throws {
        let followers = try (0..<3).map { _ in try bench.wait(mode: .follow(.now)) }
        try bench.send("1")
        bench.fanOut(budget: 1)
        try bench.send("2")
        bench.fanOut(budget: 10)
        #expect(followers.map(\.texts) == [[["1"]], [["1", "2"]], [["1", "2"]]])
    }

    @Test func `a stream that has been served and is ready again waits behind those who have not`() throws {
        let streams = try (0..<3).map { _ in try bench.stream(mode: .follow(.now)) }
        try bench.send("1")
        bench.fanOut(budget: 1)
        bench.wrote(streams[0])
        try bench.send("2")
        bench.fanOut(budget: 2)
        #expect(streams.map(\.texts) == [[["1"]], [["1", "2"]], [["1", "2"]]])
        bench.fanOut(budget: 1)
        #expect(streams[0].texts == [["1"], ["2"]])
    }

    @Test func `streams that are done with a write keep the order in which they were served`() throws {
        let streams = try (0..<3).map { _ in try bench.stream(mode: .follow(.now)) }
        try bench.send("1")
        bench.fanOut(budget: 3)
        for stream in streams.reversed() { bench.wrote(stream) }
        try bench.send("2")
        bench.fanOut(budget: 1)
        #expect(streams.map(\.texts) == [[["1"], ["2"]], [["1"]], [["1"]]])
    }

    @Test func `streams that still write when their turn comes hold up nobody, and read on by themselves`() throws {
        let streams = try (0..<3).map { _ in try bench.stream(mode: .follow(.now)) }
        try bench.send("1")
        bench.fanOut(budget: 3)
        let follower = try bench.wait(mode: .follow(.now))
        try bench.send("2")
        bench.fanOut(budget: 1)
        #expect(follower.texts == [["2"]])
        #expect(!bench.isFanningOut)
        for stream in streams { bench.wrote(stream) }
        #expect(streams.map(\.texts) == Array(repeating: [["1"], ["2"]], count: 3))
    }

    @Test func `whoever comes during a fan-out reads at once`() throws {
        _ = try (0..<3).map { _ in try bench.wait(mode: .follow(.now)) }
        try bench.send("1")
        #expect(try bench.poll(mode: .follow(.oldest)).batch?.texts == ["1"])
        let late = try bench.wait(mode: .follow(.now))
        bench.fanOut(budget: 10)
        #expect(late.isQuiet)
    }

    @Test func `an inbox that goes leaves the queue`() throws {
        let readers = try ["a", "b", "c"].map { try bench.wait($0, mode: .follow(.now)) }
        for name in ["a", "b", "c"] { try bench.send("1", to: name) }
        try bench.delete("b")
        bench.fanOut(budget: 10)
        #expect(readers[0].texts == [["1"]])
        #expect(readers[1].reason == .deleted)
        #expect(readers[2].texts == [["1"]])
    }

    @Test func `a reader of several inboxes is served once for all of them`() throws {
        let reader = try bench.wait("a", "b", mode: .follow(.now))
        try bench.send("1", to: "a")
        try bench.send("2", to: "b")
        bench.fanOut(budget: 10)
        #expect(reader.texts == [["1", "2"]])
        #expect(!bench.isFanningOut)
    }
}
