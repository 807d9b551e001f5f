import Broker
import Foundation
import Testing

@testable import HTTPFront

/// The figures of a server, as JSON and for Prometheus.
struct SnapshotTests {
    private static func snapshot(_ live: LiveServer) async -> Snapshot {
        await Snapshot(live.server.state, live.broker)
    }

    /// Messages of each kind: 2 sent, 1 taken, 1 left.
    private static func fill(_ live: LiveServer) async throws {
        let recipient = try Recipient("u")
        try await live.broker.send("1", to: recipient)
        try await live.broker.send("2", to: recipient, key: "k")
        try await live.broker.send("2", to: recipient, key: "k")
        _ = try await live.broker.take(from: recipient, limit: 1)
        _ = try await live.broker.take(from: Recipient("nobody"), within: .zero)
    }

    @Test(arguments: Setup.all)
    func `the figures are valid JSON`(setup: Setup) async throws {
        try await LiveServer.run(setup) { configuration in
            configuration.version = "1.2.3-\"x\""
            configuration.connectionsMax = 77
        } _: { live in
            try await Self.fill(live)
            let text = ByteBuffer.text { [snapshot = await Self.snapshot(live)] in snapshot.writeJSON(to: $0) }
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: any Sendable]
            )
            #expect(
                Set(object.keys) == [
                    "version", "uptimeSeconds", "draining", "loops", "inboxes", "messages", "readers", "memory",
                    "buffers", "connections", "totals",
                ]
            )
            #expect(object["version"] as? String == "1.2.3-\"x\"")
            #expect(object["draining"] as? Bool == false)
            #expect(object["loops"] as? Int == setup.loops)
            #expect(object["inboxes"] as? Int == 1)
            #expect(object["messages"] as? [String: Int] == ["kept": 2, "unread": 1, "leased": 0])
            let readers = try #require(object["readers"] as? [String: any Sendable])
            #expect(Set(readers.keys) == ["waiting", "streaming", "lag"])
            #expect(readers["waiting"] as? Int == 0 && readers["streaming"] as? Int == 0 && readers["lag"] is NSNull)
            #expect(
                object["connections"] as? [String: Int] == ["open": 0, "max": 77, "accepted": 0, "refused": 0]
            )
            let totals = try #require(object["totals"] as? [String: Int])
            #expect(
                totals == [
                    "requests": 0, "sent": 2, "duplicates": 1, "delivered": 1, "acked": 0, "expired": 0, "evicted": 0,
                    "gaps": 0, "lost": 0, "refused": 0, "timeouts": 1,
                ]
            )
        }
    }

    @Test(arguments: Setup.all)
    func `the metrics are well-formed`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            try await Self.fill(live)
            let text = ByteBuffer.text { [snapshot = await Self.snapshot(live)] in snapshot.writeMetrics(to: $0) }
            #expect(text.hasSuffix("\n"))
            var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
            var values: [String: Int] = [:]
            // Each figure has exactly its help, its type and its value.
            while lines.count > 1 {
                let help = try #require(lines.removeFirst().wholeMatch(of: /# HELP (broker_[a-z_]+) ([A-Z0-9].+\.)/))
                let type = try #require(lines.removeFirst().wholeMatch(of: /# TYPE (broker_[a-z_]+) (gauge|counter)/))
                let value = try #require(lines.removeFirst().wholeMatch(of: /(broker_[a-z_]+) ([0-9]+)/))
                #expect(help.1 == type.1)
                #expect(help.1 == value.1)
                // A counter is called a total, and nothing else is.
                #expect((type.2 == "counter") == value.1.hasSuffix("_total"))
                #expect(values.updateValue(try #require(Int(value.2)), forKey: String(value.1)) == nil)
            }
            #expect(values.count == 29)
            #expect(values["broker_messages_sent_total"] == 2)
            #expect(values["broker_duplicates_total"] == 1)
            #expect(values["broker_messages_unread"] == 1)
            #expect(values["broker_poll_timeouts_total"] == 1)
            #expect(values["broker_draining"] == 0)
            #expect(values["broker_slowest_reader_lag_messages"] == 0)
            #expect(values["broker_slowest_reader_lag_seconds"] == 0)
        }
    }
}
