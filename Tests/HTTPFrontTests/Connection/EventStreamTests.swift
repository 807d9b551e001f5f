import Testing

@testable import Broker
@testable import HTTPFront

/// A stream of several inboxes keeps the position in each.
struct EventStreamTests {
    private final class NoSink: StreamSink {
        func stream(_ reader: StreamReader, received outcome: ReadOutcome) -> Bool { false }
    }

    /// A stream of two inboxes that are in different shards, at 10 and 20.
    private static func stream(_ fields: String) throws -> (stream: EventStream, recipients: [Recipient]) {
        let broker = Broker(shards: 2)
        var recipients: [Recipient] = []
        for shard in 0..<2 {
            var number = 0
            while recipients.count == shard {
                let recipient = try Recipient("u\(number)")
                if broker.shardIndex(of: recipient) == shard { recipients.append(recipient) }
                number += 1
            }
        }
        let target = "/v1/stream?recipient=\(recipients[0])&recipient=\(recipients[1])\(fields)"
        let query = try RequestBench.read(RequestBench.get(target)) { try StreamQuery($0) }
        var randomness: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
        let parts = try broker.split(query.request)
        let stream = EventStream(query, parts, sink: NoSink(), randomness: &randomness)
        stream.positions = [try Sample.id("aaa.10"), try Sample.id("bbb.20")]
        return (stream, recipients)
    }

    private static func write(_ stream: EventStream, part: Int, _ batch: Batch) -> String {
        ByteBuffer.text { stream.write(EventStream.Writing(part: part, batch: batch), RenderedMessage(), $0) }
    }

    @Test
    func `each message tells where to go on in all of them`() throws {
        let (stream, recipients) = try Self.stream("")
        #expect(stream.parts.count == 2)
        var batch = Batch(cursor: .after(try Sample.id("bbb.22")))
        batch.messages = [
            try Sample.message("bbb.21", to: recipients[1].name, "1"),
            try Sample.message("bbb.22", to: recipients[1].name, "2"),
        ]
        let ids = Self.write(stream, part: 1, batch).matches(of: /id: (.*)\n/).map { String($0.1) }
        #expect(ids == ["aaa.10~bbb.21", "aaa.10~bbb.22"])
        batch = Batch(cursor: .after(try Sample.id("aaa.11")))
        batch.messages = [try Sample.message("aaa.11", to: recipients[0].name, "3")]
        #expect(Self.write(stream, part: 0, batch).hasPrefix("id: aaa.11~bbb.22\n"))
        #expect(stream.cursor.description == "aaa.11~bbb.22")
    }

    @Test
    func `a gap and a reset tell where to go on in all of them`() throws {
        let (stream, _) = try Self.stream("&as=ndjson")
        var batch = Batch(cursor: .after(try Sample.id("bbb.30")))
        batch.lost = 10
        #expect(Self.write(stream, part: 1, batch) == "{\"event\":\"gap\",\"lost\":10,\"cursor\":\"aaa.10~bbb.30\"}\n")
        batch = Batch(cursor: .after(try Sample.id("ccc.0")))
        batch.isReset = true
        #expect(Self.write(stream, part: 0, batch) == "{\"event\":\"reset\",\"cursor\":\"ccc.0~bbb.30\"}\n")
    }

    @Test
    func `a taker is told of a gap, but of no position`() throws {
        let (stream, recipients) = try Self.stream("&as=ndjson&take=1")
        var batch = Batch(cursor: .after(try Sample.id("bbb.21")))
        batch.isTaken = true
        batch.lost = 3
        batch.messages = [try Sample.message("bbb.21", to: recipients[1].name, "1")]
        let lines = Self.write(stream, part: 1, batch).split(separator: "\n")
        #expect(lines.first == "{\"event\":\"gap\",\"lost\":3}")
        #expect(lines.last?.hasSuffix("\"sentAt\":\"\(Sample.sentAtText)\"}") == true)
    }

    @Test
    func `every page that never ends has a nonce of its own`() throws {
        let nonces = try (0..<20).map { _ in try Self.stream("&as=iframe").stream.encoder.nonce }
        #expect(Set(nonces).count == 20)
        #expect(nonces.allSatisfy { $0.utf8.count >= 16 })
        #expect(try Self.stream("").stream.encoder.nonce == "")
    }
}
