import Broker
import Testing

@testable import HTTPFront

/// Polls and streams of several inboxes, which may be on several loops.
struct SeveralInboxesTests {
    private static func query(_ recipients: [Recipient]) -> String {
        recipients.map { "recipient=\($0)" }.joined(separator: "&")
    }

    private static func cursor(_ body: String) throws -> String {
        String(try #require(body.firstMatch(of: /"cursor":"([^"]+)"/)?.1))
    }

    // MARK: Polls

    @Test(arguments: Setup.all)
    func `a poll takes from all of them`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try live.recipients(4)
            let peer = try await live.connect()
            for recipient in recipients { try await live.send("to \(recipient)", to: recipient) }
            let answer = try await peer.exchange(RequestBench.get("/v1/poll?\(Self.query(recipients))"))
            for recipient in recipients { #expect(answer.body.contains("\"content\":\"to \(recipient)\"")) }
            #expect(answer.body.contains(#""unread":0}"#))
            #expect(try Self.cursor(answer.body).split(separator: "~").count == 4)
        }
    }

    @Test(arguments: Setup.all)
    func `a parked poll is answered by a message to any of them`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try live.recipients(3)
            let peer = try await live.connect()
            for recipient in recipients {
                try await peer.send(RequestBench.get("/v1/poll?\(Self.query(recipients))"))
                for each in recipients { try await live.waits(at: each, polls: 1) }
                #expect(try await live.send("hi", to: recipient).online == 1)
                #expect(try await peer.answer().body.contains("\"recipient\":\"\(recipient)\",\"content\":\"hi\""))
                for each in recipients { try await live.waits(at: each) }
            }
        }
    }

    @Test(arguments: Setup.all)
    func `a poll of them that times out, or whose client leaves, waits at none of them`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try live.recipients(3)
            let peer = try await live.connect()
            let target = "/v1/poll?\(Self.query(recipients))"
            #expect(try await peer.exchange(RequestBench.get("\(target)&timeout=0")).body == #"{"success":"0"}"#)
            for each in recipients { try await live.waits(at: each) }
            try await peer.send(RequestBench.get("\(target)&timeout=5"))
            for each in recipients { try await live.waits(at: each, polls: 1) }
            await live.pass(.milliseconds(5100))
            #expect(try await peer.answer().body == #"{"success":"0"}"#)
            for each in recipients { try await live.waits(at: each) }
            try await peer.send(RequestBench.get(target))
            for each in recipients { try await live.waits(at: each, polls: 1) }
            await peer.leave()
            for each in recipients {
                try await live.waits(at: each)
                #expect(try await live.send("hi", to: each).unread == 1)
            }
        }
    }

    @Test(arguments: Setup.all)
    func `following them, the cursor has a part for each`(setup: Setup) async throws {
        try await LiveServer.run(setup, isFrozen: false) { live in
            let recipients = try live.recipients(3)
            let peer = try await live.connect()
            let target = "/v1/poll?\(Self.query(recipients))"
            let first = try await peer.exchange(RequestBench.get("\(target)&cursor=now&timeout=0.01"))
            #expect(first.body.hasPrefix(#"{"success":"0","cursor":""#))
            var cursor = try Self.cursor(first.body)
            for (place, recipient) in recipients.enumerated() {
                let before = cursor.split(separator: "~")
                #expect(before.count == 3)
                let id = try await live.send("hi", to: recipient).id
                let answer = try await peer.exchange(RequestBench.get("\(target)&cursor=\(cursor)"))
                cursor = try Self.cursor(answer.body)
                var expected = before.map(String.init)
                expected[place] = "\(id)"
                #expect(cursor == expected.joined(separator: "~"))
            }
            // In another order, or for others, it means nothing.
            let fewer = try await peer.exchange(
                RequestBench.get("/v1/poll?\(Self.query(Array(recipients.dropLast())))&cursor=\(cursor)")
            )
            #expect(fewer.status == 400)
            #expect(fewer.body.contains("has 3 parts for 2 recipients"))
            #expect(try await peer.exchange(RequestBench.get("/health/live")).status == 200)
        }
    }

    // MARK: Streams

    @Test(arguments: Setup.all)
    func `a stream tells the position in all of them with each message`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try live.recipients(3)
            let target = "/v1/stream?\(Self.query(recipients))"
            let peer = try await live.connect()
            try await peer.send(RequestBench.get("\(target)&cursor=now"))
            let opening = try await peer.beginning().body
            var last = String(try #require(opening.firstMatch(of: /\nid: (\S+)\n/)?.1))
            #expect(last.split(separator: "~").map { $0.split(separator: ".").last } == ["0", "0", "0"])
            for recipient in recipients { try await live.waits(at: recipient, streams: 1) }
            var positions: [String?] = [nil, nil, nil]
            for round in 1...3 {
                for (place, recipient) in recipients.enumerated() {
                    let id = try await live.send("\(round)", to: recipient).id
                    positions[place] = "\(id)"
                    let event = try await peer.receive(through: "\n\n")
                    let match = try #require(event.prefixMatch(of: /id: (\S+)\ndata: (.*)\n\n/))
                    #expect(
                        match.2.hasPrefix("{\"id\":\"\(id)\",\"recipient\":\"\(recipient)\",\"content\":\"\(round)\"")
                    )
                    last = String(match.1)
                    for (part, position) in zip(last.split(separator: "~"), positions) where position != nil {
                        #expect(String(part) == position)
                    }
                }
            }
            await peer.leave()
            for recipient in recipients { try await live.waits(at: recipient) }
            // Whoever comes back with it goes on exactly there.
            var expected: Set<String> = []
            for recipient in recipients { expected.insert("\(try await live.send("later", to: recipient).id)") }
            let again = try await live.connect()
            try await again.send(RequestBench.get("\(target)&as=ndjson", "Last-Event-ID: \(last)"))
            #expect(try await again.beginning().body == "{\"event\":\"open\",\"cursor\":\"\(last)\"}\n")
            for _ in recipients {
                let line = try await again.receive(through: "\n")
                #expect(line.contains(#""content":"later""#))
                let id = try #require(line.firstMatch(of: /"id":"([^"]+)"/)?.1)
                #expect(expected.remove(String(id)) != nil)
                #expect(try Self.cursor(line).split(separator: "~").count == 3)
            }
            #expect(expected.isEmpty)
            await again.leave()
        }
    }

    @Test(arguments: Setup.all)
    func `a taking stream takes from all of them`(setup: Setup) async throws {
        try await LiveServer.run(setup, isFrozen: false) { live in
            let recipients = try live.recipients(2)
            let peer = try await live.connect()
            try await peer.send(RequestBench.get("/v1/stream?\(Self.query(recipients))&take=1"))
            #expect(try await peer.beginning().body == "retry: 2000\n\n")
            for recipient in recipients {
                try await live.send("hi", to: recipient)
                let event = try await peer.receive(through: "\n\n")
                #expect(event.hasPrefix("data: ") && event.contains("\"recipient\":\"\(recipient)\""))
                try await live.turns {
                    let summary = await live.broker.summary(of: recipient)
                    return summary.unread == 0 && summary.leased == 0
                }
            }
            await peer.leave()
        }
    }

    @Test(arguments: Setup.all, [0, 1])
    func `a stream ends when one of them is deleted`(setup: Setup, deleted: Int) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try live.recipients(2)
            let peer = try await live.connect()
            try await peer.send(RequestBench.get("/v1/stream?\(Self.query(recipients))&as=ndjson"))
            try await peer.beginning()
            for recipient in recipients { try await live.waits(at: recipient, streams: 1) }
            await live.broker.delete(recipients[deleted])
            #expect(try await peer.receive(through: "\n") == "{\"event\":\"bye\",\"reason\":\"deleted\"}\n")
            #expect(try await peer.reachesEnd())
            for recipient in recipients { try await live.waits(at: recipient) }
        }
    }

    @Test(arguments: Setup.all)
    func `a stream that ends before all of it was opened says so`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try live.recipients(2)
            let request = RequestBench.get("/v1/stream?\(Self.query(recipients))&as=ndjson")
            let peer = try await live.connect(loop: 0)
            try await live.turns { live.server.state.openCount == 1 }
            // The first inbox goes in the turn that opens the stream, when the second may not know of it yet.
            await live.turn(of: 0, receiving: request) { [shard = live.broker.shards[0]] _ in
                shard.assumeIsolated { $0.delete(recipients[0]) }
            }
            #expect(try await peer.beginning().status == 200)
            #expect(try await peer.receive(through: "\n") == "{\"event\":\"bye\",\"reason\":\"deleted\"}\n")
            #expect(try await peer.reachesEnd())
            for recipient in recipients { try await live.waits(at: recipient) }
        }
    }

    @Test(arguments: Setup.all)
    func `a newer stream of the session ends the older in all of them`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try live.recipients(2)
            let (older, newer) = (try await live.connect(), try await live.connect())
            let request = RequestBench.get("/v1/stream?\(Self.query(recipients))&as=ndjson&session=tab")
            try await older.send(request)
            try await older.beginning()
            try await newer.send(request)
            try await newer.beginning()
            #expect(try await older.receive(through: "\n") == "{\"event\":\"bye\",\"reason\":\"replaced\"}\n")
            #expect(try await older.reachesEnd())
            for recipient in recipients {
                try await live.waits(at: recipient, streams: 1)
                try await live.send("hi", to: recipient)
                #expect(try await newer.receive(through: "\n").contains("\"recipient\":\"\(recipient)\""))
            }
            await newer.leave()
        }
    }

    @Test(arguments: Setup.all)
    func `a stream that one of them refuses is not opened in the others`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try live.recipients(2)
            var cursors: [String] = []
            for recipient in recipients { cursors.append("\(try await live.send("hi", to: recipient).id)") }
            cursors[1].replace(/[0-9]+$/, with: "99")
            let peer = try await live.connect()
            let answer = try await peer.exchange(
                RequestBench.get("/v1/stream?\(Self.query(recipients))&cursor=\(cursors.joined(separator: "~"))")
            )
            #expect(answer.status == 400)
            for recipient in recipients { try await live.waits(at: recipient) }
            #expect(try await peer.exchange(RequestBench.get("/health/live")).status == 200)
        }
    }
}
