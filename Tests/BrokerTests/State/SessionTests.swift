import BrokerTestSupport
import Testing

@testable import Broker

@Suite struct SessionTests {
    let bench = Bench()

    @Test func `a newer reader of a session ends the older`() throws {
        let older = try bench.wait(session: "tab")
        let newer = try bench.wait(session: "tab")
        #expect(older.reason == .replaced)
        try bench.send("1")
        #expect(older.batches.isEmpty)
        #expect(newer.texts == [["1"]])
    }

    @Test func `sessions are the same only if their bytes are`() throws {
        let older = try bench.wait(session: "caf\u{E9}")
        let other = try bench.wait(session: "cafe\u{301}")
        #expect(older.isQuiet)
        #expect(bench.state.sessions.count == 2)
        let newer = try bench.wait(session: "caf\u{E9}")
        #expect(older.reason == .replaced)
        #expect(other.isQuiet)
        #expect(newer.isQuiet)
    }

    @Test func `a newer reader that is answered at once ends the older as well`() throws {
        try bench.send("1")
        let older = try bench.wait(mode: .follow(.now), session: "tab")
        #expect(try bench.poll(mode: .follow(.oldest), session: "tab").batch?.texts == ["1"])
        #expect(older.reason == .replaced)
        #expect(bench.state.sessions.isEmpty)
    }

    @Test func `a newer reader that does not wait ends the older as well`() throws {
        let older = try bench.wait(session: "tab")
        #expect(try bench.poll(session: "tab").batch == nil)
        #expect(older.reason == .replaced)
    }

    @Test func `a request that is refused ends nobody`() throws {
        try bench.send("1")
        let older = try bench.wait(mode: .follow(.now), session: "tab")
        let ahead = try #require(try bench.summary().last.map { Cursor.after($0).moved(by: 1) })
        #expect(throws: BrokerError.self) { try bench.poll(mode: .follow(ahead), session: "tab") }
        #expect(older.isQuiet)
    }

    @Test func `other sessions and other recipients are left alone`() throws {
        let readers = [try bench.wait(session: "tab"), try bench.wait("b", session: "tab"), try bench.wait()]
        let newer = try bench.wait(session: "other")
        for reader in readers + [newer] { #expect(reader.isQuiet) }
    }

    @Test func `a poll and a stream of the same session end each other`() throws {
        let poll = try bench.wait(session: "tab")
        let stream = try bench.stream(mode: .follow(.now), session: "tab")
        #expect(poll.reason == .replaced)
        let newer = try bench.wait(session: "tab")
        #expect(stream.reason == .replaced)
        #expect(newer.isQuiet)
        #expect(try bench.summary().streaming == 0)
    }

    @Test func `a stream that is writing can be replaced, and what it took comes back`() throws {
        try bench.send("1")
        let stream = try bench.stream(mode: .take, session: "tab")
        let poll = try bench.wait(session: "tab")
        #expect(stream.reason == .replaced)
        bench.giveBack(stream.batches[0])
        #expect(poll.texts == [["1"]])
    }

    @Test func `a reader of several inboxes replaces at each of them`() throws {
        let first = try bench.wait("a", session: "tab")
        let second = try bench.wait("b", "c", session: "tab")
        let newer = try bench.wait("a", "c", "d", session: "tab")
        #expect(first.reason == .replaced)
        #expect(second.reason == .replaced)
        #expect(newer.isQuiet)
        #expect(bench.state.sessions.count == 3)
        bench.leave(newer)
        #expect(bench.state.sessions.isEmpty)
        #expect(bench.state.inboxes.isEmpty)
    }

    @Test func `an older reader that leaves late does not take the session from the newer`() throws {
        let older = try bench.wait(session: "tab")
        let newer = try bench.wait(session: "tab")
        bench.leave(older)
        let newest = try bench.wait(session: "tab")
        #expect(newer.reason == .replaced)
        #expect(newest.isQuiet)
    }
}
