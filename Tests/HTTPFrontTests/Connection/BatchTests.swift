import Broker
import Testing

@testable import HTTPFront

/// Bounds of a batch: a loop is busy with it meanwhile.
struct BatchTests {
    private static func batch(_ lines: [String], _ fields: String..., query: String = "") -> String {
        let fields = (["Content-Type: application/x-ndjson"] + fields).joined(separator: "\r\n")
        return RequestBench.post("/v1/send" + query, lines.joined(separator: "\n"), fields)
    }

    private static func refused(_ answer: LiveAnswer, _ detail: String) {
        #expect(answer.status == 400)
        #expect(answer.body.contains(detail))
        // The connection goes on.
        #expect(answer["Connection"] == nil)
    }

    @Test(arguments: Setup.all)
    func `a batch has 1000 lines at most`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let peer = try await live.connect()
            let lines = Array(repeating: #"{"recipient":"u","content":1}"#, count: 1000)
            Self.refused(try await peer.exchange(Self.batch(lines + lines.prefix(1))), "more than 1000 lines;")
            #expect(await live.broker.statistics().kept == 0)
            // Empty ones do not count.
            let answer = try await peer.exchange(Self.batch(lines + ["", " \r", ""]))
            #expect(answer.status == 200)
            #expect(answer.body.matches(of: /"success":"1"/).count == 1000)
            #expect(await live.broker.statistics().kept == 1000)
        }
    }

    @Test(arguments: Setup.all)
    func `a batch comes to 10000 messages at most`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let peer = try await live.connect()
            let names = (0..<1000).map { "\"\($0)\"" }.joined(separator: ",")
            let lines = Array(repeating: "{\"recipients\":[\(names)],\"content\":1}", count: 10)
            let one = [#"{"recipient":"u","content":1}"#]
            Self.refused(try await peer.exchange(Self.batch(lines + one)), "more than 10000 messages in one batch;")
            #expect(await live.broker.statistics().kept == 0)
            let answer = try await peer.exchange(Self.batch(lines.dropLast() + one))
            #expect(answer.status == 200)
            #expect(await live.broker.statistics().kept == 9001)
        }
    }

    @Test(arguments: Setup.all)
    func `what concerns all lines of a batch stands in none but them`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let peer = try await live.connect()
            let line = #"{"recipient":"u","content":1}"#
            let key = try await peer.exchange(Self.batch([line], "Idempotency-Key: k"))
            Self.refused(key, "give each line its own 'key'")
            let query = try await peer.exchange(Self.batch([line], query: "?sender=me"))
            Self.refused(query, "fields in the query of a batch; send them in its lines")
            Self.refused(try await peer.exchange(Self.batch([" ", "\r", ""])), "the batch has no line;")
            #expect(await live.broker.statistics().kept == 0)
            #expect(try await peer.exchange(Self.batch([line])).body.contains(#""unread":1}"#))
        }
    }
}
