import Broker
import Testing

@testable import HTTPFront

/// A client that has said all that it will and still receives: it is treated alike whichever loops hold its inboxes.
struct EndedClientTests {
    /// Where the inboxes of a poll are, seen from the loop of its connection.
    enum Place: CaseIterable {
        case own, other, both

        /// One or two recipients; the last is in the last shard, unless the place says otherwise.
        func recipients(_ live: LiveServer) throws -> [Recipient] {
            let own = try live.recipient("own", shard: 0)
            let other = try live.recipient("other", shard: live.loops.count - 1)
            return switch self {
            case .own: [own]
            case .other: [other]
            case .both: [own, other]
            }
        }
    }

    private static func poll(_ recipients: [Recipient], _ fields: String = "") -> String {
        RequestBench.get("/v1/poll?" + recipients.map { "recipient=\($0)" }.joined(separator: "&") + fields)
    }

    /// The only connection of a server, on its first loop.
    private static func connect(_ live: LiveServer) async throws -> LivePeer {
        let peer = try await live.connect(loop: 0)
        try await live.turns { live.server.state.openCount == 1 }
        return peer
    }

    /// Waits for the end of the connection, after which nobody waits and the messages have such counts.
    private static func ends(_ live: LiveServer, _ recipients: [Recipient], unread: Int) async throws {
        try await live.turns { live.server.state.openCount == 0 }
        try await live.turns {
            var (waiting, leased, found) = (0, 0, 0)
            for recipient in recipients {
                let summary = await live.broker.summary(of: recipient)
                waiting += summary.waiting
                leased += summary.leased
                found += summary.unread
            }
            return waiting == 0 && leased == 0 && found == unread
        }
    }

    // A request and the end come in one turn: no other loop can have looked for messages yet.

    @Test(arguments: Setup.all, Place.allCases)
    func `what is there is answered, and is read`(setup: Setup, place: Place) async throws {
        try await LiveServer.run(setup, isFrozen: false) { live in
            let recipients = try place.recipients(live)
            for recipient in recipients { try await live.send("hi", to: recipient) }
            let peer = try await Self.connect(live)
            await live.turn(of: 0, receiving: Self.poll(recipients)) { $0.handler?.channelReachedEnd($0) }
            let answer = try await peer.answer()
            #expect(answer.body.matches(of: /"content":"hi"/).count == recipients.count)
            #expect(try await peer.reachesEnd())
            try await Self.ends(live, recipients, unread: 0)
        }
    }

    @Test(arguments: Setup.all, Place.allCases)
    func `a poll that was not to wait is answered`(setup: Setup, place: Place) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try place.recipients(live)
            let peer = try await Self.connect(live)
            let request = Self.poll(recipients, "&timeout=0")
            await live.turn(of: 0, receiving: request) { $0.handler?.channelReachedEnd($0) }
            #expect(try await peer.answer().body == #"{"success":"0"}"#)
            #expect(try await peer.reachesEnd())
            try await Self.ends(live, recipients, unread: 0)
        }
    }

    @Test(arguments: Setup.all, Place.allCases)
    func `a poll that would wait is ended, and takes nothing`(setup: Setup, place: Place) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try place.recipients(live)
            let peer = try await Self.connect(live)
            await live.turn(of: 0, receiving: Self.poll(recipients)) { $0.handler?.channelReachedEnd($0) }
            #expect(try await peer.reachesEnd())
            try await Self.ends(live, recipients, unread: 0)
            for recipient in recipients { #expect(try await live.send("hi", to: recipient).online == 0) }
            try await Self.ends(live, recipients, unread: recipients.count)
        }
    }

    @Test(arguments: Setup.all, Place.allCases)
    func `a poll that waits is ended, and takes nothing`(setup: Setup, place: Place) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try place.recipients(live)
            let peer = try await Self.connect(live)
            try await peer.send(Self.poll(recipients))
            for recipient in recipients { try await live.waits(at: recipient, polls: 1) }
            try await peer.finishSending()
            #expect(try await peer.reachesEnd())
            try await Self.ends(live, recipients, unread: 0)
            for recipient in recipients { #expect(try await live.send("hi", to: recipient).online == 0) }
            try await Self.ends(live, recipients, unread: recipients.count)
        }
    }

    /// Has a shard give a message away while the first loop, whose thread this is, does nothing else.
    private static func give(_ live: LiveServer, _ draft: Draft) {
        let index = live.broker.shardIndex(of: draft.recipient)
        let shard = live.broker.shards[index]
        guard index > 0 else {
            shard.assumeIsolated { shard in #expect(throws: Never.self) { try shard.send(draft) } }
            return
        }
        let gate = ThreadGate()
        live.loops[index].execute {
            shard.assumeIsolated { shard in #expect(throws: Never.self) { try shard.send(draft) } }
            gate.open()
        }
        gate.wait()
    }

    @Test(arguments: Setup.all, Place.allCases)
    func `what is on its way when the end comes is written`(setup: Setup, place: Place) async throws {
        try await LiveServer.run(setup, isFrozen: false) { live in
            let recipients = try place.recipients(live)
            let peer = try await Self.connect(live)
            try await peer.send(Self.poll(recipients, "&timeout=300"))
            for recipient in recipients { try await live.waits(at: recipient, polls: 1) }
            for recipient in recipients.suffix(1) {
                let draft = Draft(recipient: recipient, payload: try Sample.message("1.1", "1").payload)
                await live.turn(of: 0) { channel in
                    Self.give(live, draft)
                    channel.handler?.channelReachedEnd(channel)
                }
            }
            #expect(try await peer.answer().body.contains(#""content":1,"#))
            #expect(try await peer.reachesEnd())
            try await Self.ends(live, recipients, unread: 0)
        }
    }

    @Test(arguments: Setup.all.filter { $0.loops > 1 }, [Place.other, .both])
    func `what another loop gives to a connection that has gone is unread again`(
        setup: Setup,
        place: Place
    ) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try place.recipients(live)
            for recipient in recipients { try await live.send("hi", to: recipient) }
            let peer = try await Self.connect(live)
            await live.turn(of: 0, receiving: Self.poll(recipients)) { channel in
                channel.handler?.channelReachedEnd(channel)
                channel.close()
            }
            try await Self.ends(live, recipients, unread: recipients.count)
            await peer.leave()
        }
    }

    @Test(arguments: Setup.all, Place.allCases)
    func `an ended poll does not take back what was answered before`(setup: Setup, place: Place) async throws {
        try await LiveServer.run(setup) { configuration in
            configuration.limits.messageBytesMax = 1 << 20
        } _: { live in
            let recipients = try place.recipients(live)
            let first = try live.recipient("first", shard: 0)
            let text = String(repeating: "x", count: 400_000)
            try await live.send(text, to: first)
            // It does not read: the first answer is on its way when the second poll is ended.
            let peer = try await live.connect(loop: 0, receiveBytes: 65_536)
            try await peer.send(Self.poll([first]) + Self.poll(recipients))
            try await peer.finishSending()
            try await live.turns { await live.hasEnded() }
            for recipient in recipients { try await live.waits(at: recipient) }
            #expect(await live.broker.summary(of: first).leased == 1)
            #expect(try await peer.answer().body.utf8.count > text.utf8.count)
            try await live.turns {
                await live.pass(.milliseconds(20))
                return live.server.state.openCount == 0
            }
            #expect(try await peer.reachesEnd())
            try await Self.ends(live, [first] + recipients, unread: 0)
            #expect(await live.broker.summary(of: first).kept == 1)
        }
    }
}

extension LiveServer {
    /// Whether a client has said all that it will and is still there.
    fileprivate func hasEnded() async -> Bool {
        await connections { $0.hasEnded }.contains(true)
    }
}
