import Broker
import Testing

@testable import HTTPFront

/// Streams over a connection.
struct StreamTests {
    /// The end of a message object that follows its content.
    private static func pattern(_ content: String) -> String { "\"content\":\"\(content)\",\"sentAt\":" }

    @Test(arguments: Setup.all)
    func `a stream answers at once and stays`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            for shard in 0..<setup.loops {
                let recipient = try live.recipient("u", shard: shard)
                let peer = try await live.connect(loop: 0)
                try await peer.send(RequestBench.get("/v1/stream?recipient=\(recipient)"))
                let head = """
                    HTTP/1.1 200 OK\r
                    Content-Type: text/event-stream\r
                    Connection: close\r
                    Cache-Control: no-store\r
                    X-Accel-Buffering: no\r
                    Date:\u{20}
                    """
                #expect(try await peer.receive(head.utf8.count) == head)
                let opening = " GMT\r\n\r\nretry: 2000\nevent: ping\nid: "
                #expect(try await peer.receive(through: opening).utf8.count == 25 + opening.utf8.count)
                #expect(try await peer.receive(through: "\n\n").wholeMatch(of: /[0-9A-Za-z]+\.0\ndata: {}\n\n/) != nil)
                try await live.waits(at: recipient, streams: 1)
                for number in 1...3 {
                    let receipt = try await live.send("\(number)", to: recipient)
                    #expect(receipt.online == 1)
                    let event = try await peer.receive(through: "\n\n")
                    #expect(event.hasPrefix("id: \(receipt.id)\ndata: {\"id\":\"\(receipt.id)\",\"recipient\":"))
                    #expect(event.contains(Self.pattern("\(number)")))
                }
                // Following takes nothing.
                #expect(await live.broker.summary(of: recipient).unread == 3)
                await peer.leave()
            }
        }
    }

    @Test(arguments: Setup.all)
    func `a page that never ends calls its function`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipient = try Recipient("u")
            let peer = try await live.connect()
            try await peer.send(RequestBench.get("/v1/stream?recipient=u&as=iframe&callback=top.show"))
            let head = try await peer.answer()
            #expect(head["Content-Type"] == "text/html; charset=utf-8")
            let policy = try #require(head["Content-Security-Policy"])
            let nonce = try #require(policy.firstMatch(of: /'nonce-([0-9a-z]+)'/)?.1)
            #expect(nonce.count >= 16)
            #expect(try await peer.receive(through: "-->\n").hasPrefix("<!doctype html>"))
            let opening = try await peer.receive(through: "\n")
            #expect(opening.hasPrefix("<script nonce=\"\(nonce)\">top.show({\"event\":\"open\",\"cursor\":\""))
            try await live.send("</script>", to: recipient)
            let script = try await peer.receive(through: "\n")
            #expect(script.hasPrefix("<script nonce=\"\(nonce)\">top.show({\"id\":"))
            #expect(script.contains(#""content":"\u003c/script\u003e""#))
            #expect(script.hasSuffix("})</script>\n"))
            await peer.leave()
        }
    }

    @Test(arguments: Setup.all, StreamFormat.allCases)
    func `a stream says that it is alive`(setup: Setup, format: StreamFormat) async throws {
        try await LiveServer.run(setup) { live in
            let peer = try await live.connect()
            try await peer.send(RequestBench.get("/v1/stream?recipient=u&as=\(format)"))
            try await peer.beginning()
            // A message in between does not put it off.
            await live.pass(.seconds(10))
            try await live.send("hi", to: try Recipient("u"))
            _ = try await peer.receive(through: #""content":"hi""#)
            for _ in 1...3 {
                await live.pass(.milliseconds(15_100))
                switch format {
                case .sse: _ = try await peer.receive(through: "event: ping\ndata: {}\n\n")
                case .ndjson: _ = try await peer.receive(through: "{\"event\":\"ping\"}\n")
                case .iframe: _ = try await peer.receive(through: "parent.comet({\"event\":\"ping\"})</script>\n")
                }
            }
            await peer.leave()
        }
    }

    @Test(arguments: Setup.all, PollingTests.Leaving.allCases)
    func `a client that leaves streams no longer`(setup: Setup, leaving: PollingTests.Leaving) async throws {
        try await LiveServer.run(setup) { live in
            for shard in 0..<setup.loops {
                let recipient = try live.recipient("u", shard: shard)
                let peer = try await live.connect(loop: 0)
                try await peer.send(RequestBench.get("/v1/stream?recipient=\(recipient)"))
                try await live.waits(at: recipient, streams: 1)
                try await leaving.leave(peer)
                try await live.waits(at: recipient)
                #expect(try await live.send("hi", to: recipient).online == 0)
            }
            try await live.turns { live.server.state.openCount == 0 }
        }
    }

    @Test(arguments: Setup.all)
    func `a request that ends with its connection opens no stream`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            for shard in 0..<setup.loops {
                let recipient = try live.recipient("u", shard: shard)
                let peer = try await live.connect(loop: 0)
                try await live.turns { live.server.state.openCount == 1 }
                // Both in one turn, when a shard of another loop may not know of it yet.
                let request = RequestBench.get("/v1/stream?recipient=\(recipient)&as=ndjson")
                await live.turn(of: 0, receiving: request) { $0.handler?.channelReachedEnd($0) }
                try await live.turns { live.server.state.openCount == 0 }
                await peer.leave()
                try await live.waits(at: recipient)
            }
        }
    }

    @Test(arguments: Setup.all, ["now", "0", nil])
    func `a stream that is cut before its first message has told where to go on`(
        setup: Setup,
        cursor: String?
    ) async throws {
        try await LiveServer.run(setup) { live in
            for shard in 0..<setup.loops {
                let recipient = try live.recipient("u", shard: shard)
                try await live.send("before", to: recipient)
                // What was read before it began is not its own.
                _ = try await live.connect(loop: 0).exchange(RequestBench.get("/v1/poll?recipient=\(recipient)"))
                let target = "/v1/stream?recipient=\(recipient)" + (cursor.map { "&cursor=\($0)" } ?? "")
                let first = try await live.connect(loop: 0)
                try await first.send(RequestBench.get(target))
                let opening = try await first.beginning().body
                let position = try #require(opening.firstMatch(of: /\nid: (\S+)\n/)?.1)
                await first.leave()
                try await live.waits(at: recipient)
                try await live.send("meanwhile", to: recipient)
                let second = try await live.connect(loop: 0)
                try await second.send(RequestBench.get(target, "Last-Event-ID: \(position)"))
                #expect(try await second.beginning().body.contains("\nid: \(position)\n"))
                if cursor == "0" {
                    #expect(try await second.receive(through: "\n\n").contains(Self.pattern("before")))
                }
                #expect(try await second.receive(through: "\n\n").contains(Self.pattern("meanwhile")))
                await second.leave()
            }
        }
    }

    @Test(arguments: Setup.all)
    func `a stream goes on from where it was, and is told what it missed`(setup: Setup) async throws {
        try await LiveServer.run(setup) { configuration in
            configuration.limits.inboxMessagesMax = 3
            configuration.limits.whenFull = .dropOldest
        } _: { live in
            let recipient = try Recipient("u")
            var ids: [MessageID] = []
            for number in 1...3 { ids.append(try await live.send("\(number)", to: recipient).id) }
            func open(_ fields: String) async throws -> LivePeer {
                let peer = try await live.connect()
                try await peer.send(RequestBench.get("/v1/stream?recipient=u&cursor=0", fields))
                #expect(
                    try await peer.beginning().body.contains(fields.replacing("Last-Event-ID", with: "\nid") + "\n")
                )
                return peer
            }
            let first = try await open("Last-Event-ID: \(ids[1])")
            #expect(try await first.receive(through: "\n\n").hasPrefix("id: \(ids[2])\n"))
            await first.leave()
            try await live.waits(at: recipient)
            for number in 4...6 { ids.append(try await live.send("\(number)", to: recipient).id) }
            let second = try await open("Last-Event-ID: \(ids[1])")
            // The third was seen already and is gone.
            #expect(try await second.receive(through: "\n\n") == "event: gap\nid: \(ids[2])\ndata: {\"lost\":1}\n\n")
            for id in ids[3...] { #expect(try await second.receive(through: "\n\n").hasPrefix("id: \(id)\n")) }
            await second.leave()
            await live.broker.delete(recipient)
            let fresh = try await live.send("7", to: recipient).id
            let third = try await open("Last-Event-ID: \(ids[5])")
            let before = "\(fresh)".replacing(/[0-9]+$/, with: "\(fresh.sequence - 1)")
            #expect(try await third.receive(through: "\n\n") == "event: reset\nid: \(before)\ndata: {}\n\n")
            #expect(try await third.receive(through: "\n\n").hasPrefix("id: \(fresh)\n"))
            await third.leave()
        }
    }

    @Test(arguments: Setup.all)
    func `a cursor that is ahead of its inbox is refused, and the connection goes on`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            for shard in 0..<setup.loops {
                let recipient = try live.recipient("u", shard: shard)
                let id = try await live.send("hi", to: recipient).id
                let ahead = "\(id)".replacing(/[0-9]+$/, with: "99")
                let peer = try await live.connect(loop: 0)
                let answer = try await peer.exchange(
                    RequestBench.get("/v1/stream?recipient=\(recipient)&cursor=\(ahead)")
                )
                #expect(answer.status == 400)
                #expect(answer.body.contains("is ahead of the inbox '\(recipient)', whose last message is 1;"))
                #expect(try await peer.exchange(RequestBench.get("/health/live")).status == 200)
                try await live.waits(at: recipient)
            }
        }
    }

    @Test(arguments: Setup.all)
    func `a stream ends with its inbox, and with a newer one of its session`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipient = try Recipient("u")
            let (older, newer) = (try await live.connect(), try await live.connect())
            let request = RequestBench.get("/v1/stream?recipient=u&session=tab&as=ndjson")
            try await older.send(request)
            try await live.waits(at: recipient, streams: 1)
            try await older.beginning()
            try await newer.send(request)
            #expect(try await older.receive(through: "\n") == "{\"event\":\"bye\",\"reason\":\"replaced\"}\n")
            #expect(try await older.reachesEnd())
            try await newer.beginning()
            await live.broker.delete(recipient)
            #expect(try await newer.receive(through: "\n") == "{\"event\":\"bye\",\"reason\":\"deleted\"}\n")
            #expect(try await newer.reachesEnd())
        }
    }

    // MARK: Taking

    @Test(arguments: Setup.all)
    func `what a stream takes is read when it has arrived`(setup: Setup) async throws {
        try await LiveServer.run(setup, isFrozen: false) { live in
            for shard in 0..<setup.loops {
                let recipient = try live.recipient("u", shard: shard)
                for number in 1...3 { try await live.send("\(number)", to: recipient) }
                let peer = try await live.connect(loop: 0)
                try await peer.send(RequestBench.get("/v1/stream?recipient=\(recipient)&take=1"))
                #expect(try await peer.beginning().body == "retry: 2000\n\n")
                for number in 1...3 {
                    let event = try await peer.receive(through: "\n\n")
                    #expect(event.hasPrefix("data: {") && event.contains(Self.pattern("\(number)")))
                }
                try await live.turns {
                    let summary = await live.broker.summary(of: recipient)
                    return summary.unread == 0 && summary.leased == 0
                }
                try await live.send("4", to: recipient)
                #expect(try await peer.receive(through: "\n\n").contains(Self.pattern("4")))
                await peer.leave()
                try await live.waits(at: recipient)
            }
        }
    }

    @Test(arguments: Setup.all)
    func `what a stream took and its client never received is unread again`(setup: Setup) async throws {
        try await LiveServer.run(setup) { configuration in
            configuration.limits.messageBytesMax = 1 << 20
            configuration.limits.inboxBytesMax = 1 << 24
        } _: { live in
            let text = String(repeating: "x", count: 1_000_000)
            for shard in 0..<setup.loops {
                let recipient = try live.recipient("u", shard: shard)
                let peer = try await live.connect(loop: 0, receiveBytes: 65_536)
                try await peer.send(RequestBench.get("/v1/stream?recipient=\(recipient)&take=1"))
                try await live.waits(at: recipient, streams: 1)
                // More than the kernel holds: some are half written, some wait.
                for _ in 1...8 { try await live.send(text, to: recipient) }
                #expect(await live.broker.summary(of: recipient).leased > 0)
                await peer.reset()
                try await live.turns {
                    let summary = await live.broker.summary(of: recipient)
                    return summary.unread == 8 && summary.leased == 0 && summary.streaming == 0
                }
            }
        }
    }

    @Test(arguments: Setup.all)
    func `what a stream that is replaced was writing is not given to another as well`(setup: Setup) async throws {
        try await LiveServer.run(setup, isFrozen: false) { configuration in
            configuration.limits.messageBytesMax = 8 << 20
            configuration.limits.inboxBytesMax = 1 << 24
        } _: { live in
            let text = String(repeating: "x", count: 7_000_000)
            let recipient = try Recipient("u")
            let (older, newer) = (try await live.connect(receiveBytes: 65_536), try await live.connect())
            let request = RequestBench.get("/v1/stream?recipient=u&take=1&session=tab&as=ndjson")
            try await older.send(request)
            try await live.waits(at: recipient, streams: 1)
            try await live.send(text, to: recipient)
            try await live.send("second", to: recipient)
            try await newer.send(request)
            try await newer.beginning()
            // The newer gets what was not begun, the older all of what was.
            #expect(try await newer.receive(through: "\n").contains(Self.pattern("second")))
            try await older.beginning()
            #expect(try await older.receive(8).hasPrefix("{\"id\":"))
            let rest = try await older.receive(7_100_000)
            #expect(rest.hasSuffix("{\"event\":\"bye\",\"reason\":\"replaced\"}\n"))
            await older.leave()
            try await live.turns {
                let summary = await live.broker.summary(of: recipient)
                return summary.unread == 0 && summary.leased == 0
            }
            await newer.leave()
        }
    }
}
