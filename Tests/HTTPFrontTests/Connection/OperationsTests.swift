import Broker
import Testing

@testable import HTTPFront

/// What is neither a poll nor a stream, on inboxes of any loop, one or several.
struct OperationsTests {
    @Test(arguments: Setup.all)
    func `a send to several is answered for each in order`(setup: Setup) async throws {
        try await LiveServer.run(setup) { configuration in
            configuration.limits.inboxMessagesMax = 1
        } _: { live in
            let recipients = try live.recipients(4)
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
            let none = try await peer.exchange(request)
            #expect(none.status == 429)
            #expect(none["Content-Type"] == "application/problem+json")
            #expect(none["Retry-After"] == "5")
            #expect(none.body.contains(#""code":"inbox_full","results":[{"recipient":""#))
            #expect(none.body.matches(of: /"error":\{"code":"inbox_full","status":429,/).count == 4)
            #expect(!none.body.contains("success"))
            for recipient in recipients { await live.broker.delete(recipient) }
            #expect(try await peer.exchange(request).status == 201)
        }
    }

    @Test(arguments: Setup.all)
    func `a batch has a result for each line, in order`(setup: Setup) async throws {
        try await LiveServer.run(setup) { live in
            let recipients = try live.recipients(4)
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
            for recipient in try live.recipients(2) {
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
