import Broker
import Testing

@testable import HTTPFront

/// Polls over a connection: parked, answered, left.
struct PollingTests {
    @Test(arguments: Setup.all)
    func `a parked poll is answered by a send`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipient = try Recipient("u")
            let (reader, sender) = (try await live.connect(), try await live.connect())
            // Twice on the same connection.
            for number in 1...2 {
                try await reader.send(RequestBench.get("/v1/poll?recipient=u"))
                try await live.waits(at: recipient, polls: 1)
                let receipt = try await sender.exchange(
                    RequestBench.json("/v1/send", #"{"recipient":"u","content":\#(number)}"#)
                )
                #expect(receipt.status == 201)
                #expect(receipt.body.contains(#""online":1,"#))
                let answer = try await reader.answer()
                #expect(answer.status == 200)
                #expect(answer["Content-Type"] == "application/json")
                #expect(answer["Cache-Control"] == "no-store")
                #expect(answer["Connection"] == nil)
                #expect(answer.body.hasPrefix(#"{"success":"1","messages":[{"id":""#))
                #expect(answer.body.contains(#""recipient":"u","content":\#(number),"#))
                try await live.waits(at: recipient)
            }
        }
    }

    @Test(arguments: Setup.all)
    func `a poll that finds nothing is answered when its time is over`(setup: Setup) async throws {
        try await LiveServer.run(setup, isFrozen: false) { live in
            let peer = try await live.connect()
            for timeout in ["0.02", "0"] {
                try await peer.send(RequestBench.get("/v1/poll?recipient=u&timeout=\(timeout)"))
                let answer = try await peer.receive(148)
                let (dates, others) = Self.lines(of: answer)
                #expect(dates.count == 1)
                let expected = [
                    "HTTP/1.1 200 OK",
                    "Content-Type: application/json",
                    "Cache-Control: no-store",
                    "Content-Length: 15",
                    "",
                    #"{"success":"0"}"#,
                ]
                #expect(others == expected)
                // It costs 150 bytes at most: those that were asked for above are all.
                #expect(answer.utf8.count == 148)
            }
        }
    }

    /// The lines of an answer that tell the date, and all others.
    private static func lines(of answer: String) -> (dates: [String], others: [String]) {
        let lines = answer.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        return (lines.filter { $0.hasPrefix("Date: ") }, lines.filter { !$0.hasPrefix("Date: ") })
    }

    @Test(arguments: Setup.all)
    func `a poll waits for 40 seconds unless it says otherwise`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let peer = try await live.connect()
            try await peer.send(RequestBench.get("/v1/poll?recipient=u"))
            try await live.waits(at: try Recipient("u"), polls: 1)
            await live.pass(.milliseconds(39_900))
            #expect(await live.broker.summary(of: try Recipient("u")).waiting == 1)
            await live.pass(.milliseconds(200))
            #expect(try await peer.answer().body == #"{"success":"0"}"#)
        }
    }

    @Test(arguments: Setup.all)
    func `a poll for what comes from now on is told its cursor when its time is over`(setup: Setup) async throws {
        try await LiveServer.run(setup, isFrozen: false) { live in
            let recipient = try Recipient("u")
            let id = try await live.send("old", to: recipient).id
            let peer = try await live.connect()
            let answer = try await peer.exchange(RequestBench.get("/v1/poll?recipient=u&cursor=now&timeout=0.02"))
            #expect(answer.body == #"{"success":"0","cursor":"\#(id)"}"#)
            // What comes in between is there for the next.
            try await live.send("new", to: recipient)
            let next = try await peer.exchange(RequestBench.get("/v1/poll?recipient=u&cursor=\(id)"))
            #expect(next.body.contains(#""content":"new""#))
            #expect(!next.body.contains("old"))
        }
    }

    /// Ways in which a client leaves.
    enum Leaving: CaseIterable {
        case close, reset, half

        func leave(_ peer: LivePeer) async throws {
            switch self {
            case .close: await peer.leave()
            case .reset: await peer.reset()
            case .half: try await peer.finishSending()
            }
        }
    }

    @Test(arguments: Setup.all, Leaving.allCases)
    func `a client that leaves waits no longer, and its message is kept`(setup: Setup, leaving: Leaving) async throws {
        try await LiveServer.run(setup) { live in
            for shard in 0..<setup.loops {
                let recipient = try live.recipient("u", shard: shard)
                let peer = try await live.connect(loop: 0)
                try await peer.send(RequestBench.get("/v1/poll?recipient=\(recipient)"))
                try await live.waits(at: recipient, polls: 1)
                try await leaving.leave(peer)
                try await live.waits(at: recipient)
                let receipt = try await live.send("hi", to: recipient)
                #expect(receipt.online == 0)
                #expect(receipt.unread == 1)
                #expect(await live.broker.summary(of: recipient).unread == 1)
                if leaving == .half { #expect(try await peer.reachesEnd()) }
            }
            try await live.turns { live.server.state.openCount == 0 }
        }
    }

    @Test(arguments: Setup.all, [false, true])
    func `a message that comes in the turn of a poll is its answer`(setup: Setup, hasPolled: Bool) async throws {
        try await LiveServer.run(setup) { live in
            let recipient = try live.recipient("u", shard: 0)
            let peer = try await live.connect(loop: 0)
            try await live.turns { live.server.state.openCount == 1 }
            let request = RequestBench.get("/v1/poll?recipient=\(recipient)")
            // The task that waits for the first poll waits for the later ones too, and is woken after the turn of each.
            if hasPolled {
                try await peer.send(request)
                try await live.waits(at: recipient, polls: 1)
                try await live.send("first", to: recipient)
                _ = try await peer.answer()
            }
            let draft = Draft(recipient: recipient, payload: try Sample.message("1.1", "1").payload)
            await live.turn(of: 0, receiving: request) { [shard = live.broker.shards[0]] _ in
                _ = try? shard.assumeIsolated { try $0.send(draft) }
            }
            #expect(try await peer.answer().body.contains(#""content":1,"#))
        }
    }

    @Test(arguments: Setup.all)
    func `of several polls the one that has waited longest is served`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipient = try Recipient("u")
            var peers: [LivePeer] = []
            for number in 1...3 {
                peers.append(try await live.connect())
                try await peers[number - 1].send(RequestBench.get("/v1/poll?recipient=u"))
                try await live.waits(at: recipient, polls: number)
            }
            for number in 1...3 { #expect(try await live.send("\(number)", to: recipient).online == 4 - number) }
            for number in 1...3 {
                #expect(try await peers[number - 1].answer().body.contains("\"content\":\"\(number)\""))
            }
        }
    }

    @Test(arguments: Setup.all)
    func `a newer poll of the same session ends the older`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipient = try Recipient("u")
            let (older, newer) = (try await live.connect(), try await live.connect())
            try await older.send(RequestBench.get("/v1/poll?recipient=u&session=tab"))
            try await live.waits(at: recipient, polls: 1)
            try await newer.send(RequestBench.get("/v1/poll?recipient=u&session=tab"))
            #expect(try await older.answer().body == #"{"success":"0"}"#)
            try await live.waits(at: recipient, polls: 1)
            try await live.send("hi", to: recipient)
            #expect(try await newer.answer().body.contains(#""content":"hi""#))
        }
    }

    @Test(arguments: Setup.all)
    func `deleting an inbox ends its polls`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let (reader, other) = (try await live.connect(), try await live.connect())
            try await reader.send(RequestBench.get("/v1/poll?recipient=u&cursor=now"))
            try await live.waits(at: try Recipient("u"), polls: 1)
            let deleted = try await other.exchange(RequestBench.delete("/v1/inbox?recipient=u"))
            #expect(deleted.status == 204)
            #expect(deleted.fields.map(\.name) == ["Date"])
            #expect(try await reader.answer().body == #"{"success":"0"}"#)
        }
    }

    @Test(arguments: Setup.all)
    func `a leased message comes again when its lease is over`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            try await live.send("hi", to: try Recipient("u"))
            let (first, second) = (try await live.connect(), try await live.connect())
            let answer = try await first.exchange(RequestBench.get("/v1/poll?recipient=u&lease=30"))
            #expect(answer.body.contains(#""attempt":1}"#))
            // Where it is known to have arrived, the lease outlives its connection.
            try await live.turns {
                await first.leave()
                return live.server.state.openCount == 1
            }
            try await second.send(RequestBench.get("/v1/poll?recipient=u&lease=30"))
            try await live.waits(at: try Recipient("u"), polls: 1)
            await live.pass(.milliseconds(30_100))
            #expect(try await second.answer().body.contains(#""attempt":2}"#))
        }
    }
}
