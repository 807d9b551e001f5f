import Broker
import Testing

@testable import HTTPFront

/// Requests that concern several inboxes, which may be on several loops.
struct SeveralInboxesTests {
    /// Recipients in turn in each shard.
    private static func recipients(_ live: LiveServer, _ setup: Setup, count: Int = 2) throws -> [Recipient] {
        try (0..<count).map { try live.recipient("r\($0)-", shard: $0 % setup.loops) }
    }

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
            let recipients = try Self.recipients(live, setup, count: 4)
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
            let recipients = try Self.recipients(live, setup, count: 3)
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
    func `a poll of them times out once, and leaves all of them`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try Self.recipients(live, setup, count: 3)
            let peer = try await live.connect()
            for timeout in ["0", "0.02"] {
                let target = "/v1/poll?\(Self.query(recipients))&timeout=\(timeout)"
                #expect(try await peer.exchange(RequestBench.get(target)).body == #"{"success":"0"}"#)
            }
            #expect(await live.broker.statistics().timeouts == 2)
            try await peer.send(RequestBench.get("/v1/poll?\(Self.query(recipients))"))
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
        try await LiveServer.run(setup) { live in
            let recipients = try Self.recipients(live, setup, count: 3)
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
            let recipients = try Self.recipients(live, setup, count: 3)
            let target = "/v1/stream?\(Self.query(recipients))"
            let peer = try await live.connect()
            try await peer.send(RequestBench.get("\(target)&cursor=now"))
            _ = try await peer.receive(through: "retry: 2000\n\n")
            for recipient in recipients { try await live.waits(at: recipient, streams: 1) }
            var positions: [String?] = [nil, nil, nil]
            var last = ""
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
            _ = try await again.answer()
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
        try await LiveServer.run(setup) { live in
            let recipients = try Self.recipients(live, setup)
            let peer = try await live.connect()
            try await peer.send(RequestBench.get("/v1/stream?\(Self.query(recipients))&take=1"))
            _ = try await peer.receive(through: "retry: 2000\n\n")
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
            let recipients = try Self.recipients(live, setup)
            let peer = try await live.connect()
            try await peer.send(RequestBench.get("/v1/stream?\(Self.query(recipients))&as=ndjson"))
            _ = try await peer.answer()
            for recipient in recipients { try await live.waits(at: recipient, streams: 1) }
            await live.broker.delete(recipients[deleted])
            #expect(try await peer.receive(through: "\n") == "{\"event\":\"bye\",\"reason\":\"deleted\"}\n")
            #expect(try await peer.reachesEnd())
            for recipient in recipients { try await live.waits(at: recipient) }
        }
    }

    @Test(arguments: Setup.all)
    func `a newer stream of the session ends the older in all of them`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try Self.recipients(live, setup)
            let (older, newer) = (try await live.connect(), try await live.connect())
            let request = RequestBench.get("/v1/stream?\(Self.query(recipients))&as=ndjson&session=tab")
            try await older.send(request)
            _ = try await older.answer()
            try await newer.send(request)
            _ = try await newer.answer()
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
            let recipients = try Self.recipients(live, setup)
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

    // MARK: Sends and the rest

    @Test(arguments: Setup.all)
    func `a send to several is answered for each in order`(setup: Setup) async throws {
        try await LiveServer.run(setup) { configuration in
            configuration.limits.inboxMessagesMax = 1
        } _: { live in
            let recipients = try Self.recipients(live, setup, count: 4)
            let names = recipients.map { "\"\($0)\"" }.joined(separator: ",")
            let peer = try await live.connect()
            let request = RequestBench.json("/v1/send", "{\"recipients\":[\(names)],\"content\":1}")
            try await live.send("full", to: recipients[1])
            try await live.send("full", to: recipients[2])
            let some = try await peer.exchange(request)
            #expect(some.status == 207)
            let places = recipients.map { recipient in some.body.firstRange(of: "\"recipient\":\"\(recipient)\"") }
            #expect(places.map { $0?.lowerBound }.compactMap(\.self) == places.compactMap { $0?.lowerBound }.sorted())
            #expect(some.body.matches(of: /"error":\{"code":"inbox_full","status":429,/).count == 2)
            #expect(some.body.matches(of: /"id":"/).count == 2)
            #expect(try await peer.exchange(request).status == 207)
            for recipient in recipients { await live.broker.delete(recipient) }
            #expect(try await peer.exchange(request).status == 201)
        }
    }

    @Test(arguments: Setup.all)
    func `a batch has a result for each line, in order`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try Self.recipients(live, setup, count: 4)
            let names = recipients.map { "\"\($0)\"" }.joined(separator: ",")
            let lines = [
                "{\"recipient\":\"\(recipients[0])\",\"content\":1}",
                "{\"recipient\":\"\(recipients[1])\",\"content\":2}",
                "{\"recipient\":\"\(recipients[0])\"}", "{\"recipients\":[\(names)],\"content\":3}", "nonsense",
                "{\"recipient\":\"\(recipients[1])\",\"content\":4}",
            ]
            let peer = try await live.connect()
            let answer = try await peer.exchange(
                RequestBench.post("/v1/send", lines.joined(separator: "\r\n"), "Content-Type: application/x-ndjson")
            )
            #expect(answer.status == 200)
            #expect(answer["Content-Type"] == "application/x-ndjson")
            let results = answer.body.split(separator: "\n", omittingEmptySubsequences: false)
            try #require(results.count == 7)
            #expect(results[0].hasPrefix(#"{"success":"1","id":""#) && results[0].hasSuffix(#""unread":1}"#))
            #expect(results[1].hasSuffix(#""unread":1}"#))
            #expect(
                results[2] == #"{"error":{"code":"invalid_request","status":400,"#
                    + #""detail":"'content' is missing; send any JSON value"}}"#
            )
            #expect(results[3].matches(of: /"unread":2/).count == 2 && results[3].matches(of: /"unread":1/).count == 2)
            #expect(results[4].contains(#""code":"invalid_request""#))
            #expect(results[5].hasSuffix(#""unread":3}"#))
            #expect(results[6] == "")
            // Each inbox has its messages in the order of the lines.
            let first = try await peer.exchange(RequestBench.get("/v1/poll?recipient=\(recipients[1])"))
            #expect(first.body.matches(of: /"content":([0-9])/).map(\.1) == ["2", "3", "4"])
        }
    }

    @Test(arguments: Setup.all)
    func `every operation works on an inbox of any loop`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            for recipient in try Self.recipients(live, setup) {
                let peer = try await live.connect(loop: 0)
                let sent = try await peer.exchange(
                    RequestBench.json("/v1/send", "{\"recipient\":\"\(recipient)\",\"content\":1}")
                )
                let id = try #require(sent.body.firstMatch(of: /"id":"([^"]+)"/)?.1)
                func post(_ path: String, _ fields: String) async throws -> LiveAnswer {
                    try await peer.exchange(
                        RequestBench.json(
                            "/v1/\(path)",
                            "{\"recipient\":\"\(recipient)\",\"ids\":[\"\(id)\"]\(fields)}"
                        )
                    )
                }
                let leased = try await peer.exchange(RequestBench.get("/v1/poll?recipient=\(recipient)&lease=10"))
                #expect(leased.body.contains(#""attempt":1}"#))
                #expect(try await post("extend", ",\"lease\":20").body == #"{"success":"1","unread":0}"#)
                #expect(try await post("release", "").body == #"{"success":"1","unread":1}"#)
                let gone = try await post("extend", ",\"lease\":20")
                #expect(gone.status == 404)
                #expect(gone.body.contains("message '\(id)' is not leased"))
                #expect(try await post("ack", "").body == #"{"success":"1","unread":0}"#)
                let inbox = try await peer.exchange(RequestBench.get("/v1/inbox?recipient=\(recipient)"))
                #expect(inbox.body.hasPrefix("{\"recipient\":\"\(recipient)\",\"unread\":0,\"leased\":0,\"kept\":1,"))
                let head = try await peer.exchange(
                    "HEAD /v1/inbox?recipient=\(recipient) HTTP/1.1\r\nHost: localhost\r\n\r\n",
                    hasBody: false
                )
                #expect(head["Content-Length"] == inbox["Content-Length"])
                #expect(try await peer.exchange(RequestBench.delete("/v1/inbox?recipient=\(recipient)")).status == 204)
                #expect(await live.broker.summary(of: recipient).kept == 0)
            }
            #expect(await live.broker.statistics().inboxes == 0)
        }
    }

    @Test(arguments: Setup.all)
    func `inboxes are listed in order over all loops, page by page`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let names = (10..<30).map { "r\($0)" }
            for name in names.shuffled() { try await live.send("hi", to: try Recipient(name)) }
            let peer = try await live.connect()
            var listed: [String] = []
            var target = "/v1/inboxes?prefix=r&limit=7"
            while true {
                let answer = try await peer.exchange(RequestBench.get(target))
                listed += answer.body.matches(of: /"recipient":"([^"]+)"/).map { String($0.1) }
                guard let next = answer.body.firstMatch(of: /"next":"([^"]+)"/)?.1 else { break }
                target = "/v1/inboxes?prefix=r&limit=7&after=\(next)"
            }
            #expect(listed == names)
            let stats = try await peer.exchange(RequestBench.get("/v1/stats"))
            #expect(stats.body.contains("\"loops\":\(setup.loops),\"inboxes\":20,"))
            #expect(try await peer.exchange(RequestBench.get("/metrics")).body.contains("broker_inboxes 20\n"))
        }
    }
}
