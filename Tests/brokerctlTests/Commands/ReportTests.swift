import Foundation
import HTTPFront
import Testing

@testable import brokerctl

@Suite struct ReportTests {
    private func object(_ text: String) throws -> JSONObject {
        try #require(JSONObject(Array(text.utf8)))
    }

    @Test func `an inbox is shown`() throws {
        let inbox = try object(
            """
            {"recipient":"u42","unread":2,"leased":1,"kept":3,"bytes":4120,"first":"k3Qz9.16","last":"k3Qz9.18",\
            "waiting":1,"streaming":0,"lag":{"messages":0,"seconds":0},"lastSeen":null}
            """
        )
        #expect(
            Inbox.lines(of: inbox) == [
                "recipient  u42", "unread     2", "leased     1", "kept       3", "bytes      4120 (4.0 KiB)",
                "first      k3Qz9.16", "last       k3Qz9.18", "waiting    1", "streaming  0", "lag        0",
                "last seen  not known",
            ]
        )
        #expect(Inboxes.row(of: inbox) == ["u42", "2", "1", "3", "4120", "1", "0", "0", "not known"])
    }

    @Test(arguments: [
        ("null", nil), (#"{"messages":0,"seconds":0}"#, "0"), (#"{"messages":3,"seconds":0.04}"#, "3, oldest 40 ms"),
        (#"{"messages":3,"seconds":9.999}"#, "3, oldest 9999 ms"),
        (#"{"messages":1,"seconds":119.5}"#, "1, oldest 119 s"),
        (#"{"messages":9,"seconds":7199}"#, "9, oldest 119 min"),
        (#"{"messages":9,"seconds":90000.5}"#, "9, oldest 25 h"),
        (#"{"messages":9,"seconds":-1e300}"#, "9, oldest 0 ms"),
        (#"{"messages":9,"seconds":1e300}"#, "9, oldest 277777777 h"),
    ])
    func `a lag is shown as messages and the age of the oldest`(json: String, text: String?) throws {
        #expect(Inbox.lag(of: try object(#"{"lag":\#(json)}"#)) == text)
    }

    private let stats = """
        {"version":"0.1.0","uptimeSeconds":93784.5,"draining":true,"loops":2,"inboxes":7,\
        "messages":{"kept":30,"unread":20,"leased":1},"readers":{"waiting":4,"streaming":5,"lag":{"messages":12,"seconds":64.25}},\
        "memory":{"bytes":1048576,"bytesMax":1073741824},\
        "connections":{"open":3,"max":1000,"accepted":99,"refused":0},\
        "totals":{"requests":1000,"sent":500,"duplicates":0,"delivered":400,"acked":1,"expired":0,"evicted":0,"gaps":0,\
        "lost":0,"refused":2,"timeouts":9}}
        """

    @Test func `figures are shown, with rates where they are watched`() throws {
        let now = try object(stats)
        let lines = Stats.lines(of: now, rates: nil)
        #expect(lines.first == "broker 0.1.0, up 1 d 2 h 3 min 4 s, loops 2, draining")
        #expect(lines.contains { $0.hasPrefix("memory") && $0.hasSuffix(" 1.0 MiB  of 1.0 GiB") })
        #expect(lines.contains { $0.hasPrefix("slowest reader's lag") && $0.hasSuffix(" 12    64 s old") })
        #expect(lines.contains { $0.hasPrefix("total requests") && $0.hasSuffix("  1000") })

        let before = try object(stats.replacing("\"requests\":1000", with: "\"requests\":400"))
        let rates = Stats.Rates(since: before, elapsed: .seconds(2))
        let watched = Stats.lines(of: now, rates: rates)
        #expect(watched.contains { $0.hasPrefix("total requests") && $0.hasSuffix("  300/s") })
        // Whatever the other end says, it is shown.
        let absurd = try object(stats.replacing("93784.5", with: "1e300"))
        #expect(Stats.lines(of: absurd, rates: nil).first?.hasPrefix("broker 0.1.0, up 11574074 d") == true)
        // A broker that was restarted counts from the beginning.
        #expect(Stats.Rates(since: now, elapsed: .seconds(1)).text("requests", now: 5) == "0/s")
    }

    @Test(arguments: [
        (0, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (3600, "1 h 0 min 0 s"), (86_400, "1 d 0 h 0 min 0 s"),
    ])
    func `an uptime begins with its largest unit`(seconds: Int, text: String) {
        #expect(Stats.uptime(seconds) == text)
    }

    @Test func `a poll asks in a body, for as many recipients as there are`() throws {
        var poll = Poll()
        poll.recipients = ["u42"]
        #expect(
            poll.request.body.map { String(decoding: $0, as: UTF8.self) }
                == #"{"recipient":"u42","timeout":40,"limit":100}"#
        )
        #expect(poll.request.timeout == .seconds(55))
        poll.recipients = ["a", "b"]
        poll.cursor = "0"
        poll.timeout = .milliseconds(1500)
        poll.session = "s"
        #expect(
            poll.request.body.map { String(decoding: $0, as: UTF8.self) }
                == #"{"recipient":["a","b"],"cursor":"0","timeout":1.5,"limit":100,"session":"s","observe":true}"#
        )
    }

    @Test func `a poll that the broker ended is told from one whose time was over`() {
        var poll = Poll()
        poll.timeout = .seconds(5)
        for elapsed in [4950, 5000, 5300] {
            #expect(poll.nothing(after: .milliseconds(elapsed)) == "nothing came within 5 s")
        }
        #expect(
            poll.nothing(after: .milliseconds(1234))
                == "the broker ended the poll after 1.2 s: an inbox was removed, or the broker is shutting down"
        )
        poll.session = "tab"
        #expect(
            poll.nothing(after: .zero) == "the broker ended the poll after 0 s: another reader of its session came, or "
                + "an inbox was removed, or the broker is shutting down"
        )
        poll.timeout = .zero
        #expect(poll.nothing(after: .zero) == "nothing came within 0 s")
    }

    @Test func `a line of the log has time, level, text and details without controls`() {
        let line = ConsoleLog.line(
            .warning,
            "connection refused",
            [("peer", "10.0.0.1"), ("why", "a\nb")],
            at: Date(timeIntervalSince1970: 1_795_241_728.5)
        )
        #expect(line == #"2026-11-21T06:15:28.500Z warning connection refused peer=10.0.0.1 why=a\nb"#)
    }
}
