import Broker
import Testing

@testable import HTTPFront

/// A reader's places in several inboxes are memory, for which there is a budget.
struct ReaderChargeTests {
    private static let placeBytes = 320

    private static func query(_ recipients: [Recipient]) -> String {
        recipients.map { "recipient=\($0)" }.joined(separator: "&")
    }

    @Test(arguments: Setup.all)
    func `a poll is charged for its places until it is answered`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try live.recipients(5)
            let peer = try await live.connect()
            for _ in 1...2 {
                try await peer.send(RequestBench.get("/v1/poll?\(Self.query(recipients))"))
                for recipient in recipients { try await live.waits(at: recipient, polls: 1) }
                #expect(live.server.state.budget.bytesUsed == 4 * Self.placeBytes)
                try await live.send("hi", to: recipients[3])
                #expect(try await peer.answer().body.contains(#""content":"hi""#))
                #expect(live.server.state.budget.bytesUsed == 0)
            }
            // Whoever reads one inbox is not.
            try await peer.send(RequestBench.get("/v1/poll?recipient=\(recipients[0])"))
            try await live.waits(at: recipients[0], polls: 1)
            #expect(live.server.state.budget.bytesUsed == 0)
            await peer.leave()
        }
    }

    @Test(arguments: Setup.all)
    func `a stream is charged for its places until it ends`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try live.recipients(5)
            let peer = try await live.connect()
            try await peer.send(RequestBench.get("/v1/stream?\(Self.query(recipients))&as=ndjson"))
            _ = try await peer.answer()
            try await live.send("hi", to: recipients[3])
            _ = try await peer.receive(through: "\n")
            #expect(live.server.state.budget.bytesUsed == 4 * Self.placeBytes)
            await peer.leave()
            try await live.turns { live.server.state.openCount == 0 }
            #expect(live.server.state.budget.bytesUsed == 0)
        }
    }

    @Test(arguments: Setup.all, ["/v1/poll?timeout=0&", "/v1/stream?"])
    func `a reader for whose places there is no room is refused`(setup: Setup, target: String) async throws {
        try await LiveServer.run(setup) { configuration in
            configuration.buffersBytesMax = 4 * Self.placeBytes - 1
        } _: { live in
            let recipients = try live.recipients(5)
            let peer = try await live.connect()
            let refused = try await peer.exchange(RequestBench.get(target + Self.query(recipients)))
            #expect(refused.status == 503)
            #expect(refused["Retry-After"] == "5")
            #expect(refused.body.contains(#""code":"overloaded""#))
            #expect(refused.body.contains("read later or fewer inboxes, or raise --buffers-bytes-max"))
            for recipient in recipients { try await live.waits(at: recipient) }
            // With one less there is, on the same connection.
            try await peer.send(RequestBench.get(target + Self.query(recipients.dropLast())))
            #expect(try await peer.answer().status == 200)
            await peer.leave()
        }
    }
}
