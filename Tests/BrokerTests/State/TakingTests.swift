import BrokerTestSupport
import Testing

@testable import Broker

@Suite struct TakingTests {
    let bench = Bench()

    @Test func `messages are taken oldest first, each once`() throws {
        try bench.send(["1", "2", "3"])
        let first = try bench.take(limit: 2)
        #expect(first.texts == ["1", "2"])
        #expect(first.unread == 1)
        #expect(first.isTaken)
        #expect(try bench.take().texts == ["3"])
        #expect(try bench.take().isEmpty)
    }

    @Test func `a cursor of a taken batch points behind its last message`() throws {
        try bench.send(["1", "2"])
        let batch = try bench.take()
        #expect(batch.cursor == .after(batch.ids[1]))
        #expect(try bench.follow(from: batch.cursor).isEmpty)
    }

    @Test func `what is on its way to a taker counts as leased until it has arrived`() throws {
        try bench.send("1")
        let batch = try bench.take()
        #expect(try bench.summary().leased == 1)
        #expect(try bench.summary().unread == 0)
        bench.confirm(batch)
        #expect(try bench.summary().leased == 0)
        #expect(try bench.summary().kept == 1)
    }

    @Test func `a message that did not arrive is unread again at its old place`() throws {
        try bench.send(["1", "2", "3"])
        let batch = try bench.take(limit: 2)
        try bench.send("4")
        bench.giveBack(batch)
        #expect(try bench.take().texts == ["1", "2", "3", "4"])
    }

    @Test func `a message that did not arrive goes to whoever waits`() throws {
        try bench.send(["1", "2"])
        let batch = try bench.take()
        let first = try bench.wait(limit: 1)
        let second = try bench.wait(limit: 1)
        let third = try bench.wait()
        bench.giveBack(batch)
        #expect(first.texts == [["1"]])
        #expect(second.texts == [["2"]])
        #expect(third.isQuiet)
    }

    @Test func `a message that was confirmed cannot be given back`() throws {
        try bench.send("1")
        let batch = try bench.take()
        bench.confirm(batch)
        bench.giveBack(batch)
        #expect(try bench.take().isEmpty)
    }

    @Test func `a message that was given back cannot be confirmed for another taker`() throws {
        try bench.send("1")
        let batch = try bench.take()
        bench.giveBack(batch)
        bench.confirm(batch)
        #expect(try bench.take().texts == ["1"])
    }

    @Test func `a message that was acked on its way stays read if it does not arrive`() throws {
        try bench.send("1")
        let batch = try bench.take()
        try bench.ack(ids: batch.ids)
        bench.giveBack(batch)
        #expect(try bench.summary().unread == 0)
        #expect(try bench.summary().kept == 1)
    }

    @Test func `what becomes of a batch does not concern a later life of its inbox`() throws {
        try bench.send("1")
        let batch = try bench.take()
        try bench.delete()
        try bench.send("2")
        bench.giveBack(batch)
        bench.confirm(batch)
        #expect(try bench.take().texts == ["2"])
    }

    @Test func `the longest waiting taker comes first`() throws {
        let takers = try (0..<3).map { _ in try bench.wait() }
        try bench.send(["1", "2"])
        #expect(takers.map(\.texts) == [[["1"]], [["2"]], []])
        #expect(try bench.summary().waiting == 1)
    }

    @Test func `a taker that has left gets nothing`() throws {
        let gone = try bench.wait()
        let next = try bench.wait()
        bench.leave(gone)
        #expect(try bench.send("1").online == 1)
        #expect(gone.isQuiet)
        #expect(next.texts == [["1"]])
    }

    @Test func `a poll that has waited in vain is told so once`() throws {
        let taker = try bench.wait(within: .seconds(2))
        bench.pass(.milliseconds(1999))
        #expect(taker.isQuiet)
        bench.pass(.milliseconds(1))
        #expect(taker.reason == .timedOut)
        try bench.send("1")
        #expect(taker.batches.isEmpty)
        #expect(bench.state.totals.timeouts == 1)
    }

    @Test func `an answer carries so many bytes, though always one message`() throws {
        try bench.send([String(repeating: "x", count: 50), "2", "3"])
        #expect(try bench.poll(bytesMax: 10).batch?.messages.count == 1)
        #expect(try bench.poll(bytesMax: 1).batch?.texts == ["2"])
        #expect(try bench.poll(bytesMax: 0).batch?.texts == ["3"])
    }

    @Test func `a stream takes one batch after the other, as it is written`() throws {
        try bench.send(["1", "2", "3"])
        let stream = try bench.stream(mode: .take, limit: 2)
        #expect(stream.texts == [["1", "2"]])
        try bench.send("4")
        #expect(stream.texts.count == 1)
        bench.wrote(stream)
        #expect(stream.texts == [["1", "2"], ["3", "4"]])
        #expect(try bench.summary().leased == 2)
        bench.wrote(stream)
        #expect(try bench.summary().leased == 0)
        try bench.send("5")
        #expect(stream.texts.last == ["5"])
    }

    @Test func `a busy stream leaves new messages to the others`() throws {
        let stream = try bench.stream(mode: .take)
        let poll = try bench.wait()
        try bench.send(["1", "2"])
        #expect(stream.texts == [["1"]])
        #expect(poll.texts == [["2"]])
    }

    @Test func `a message that expires on its way stays until its taker has answered`() throws {
        try bench.send("1", timeToLive: .seconds(1))
        let batch = try bench.take()
        bench.pass(.seconds(10))
        #expect(try bench.summary().kept == 1)
        bench.giveBack(batch)
        bench.pass(.milliseconds(1))
        #expect(try bench.summary().kept == 0)
        #expect(bench.state.totals.expired == 1)
    }
}
