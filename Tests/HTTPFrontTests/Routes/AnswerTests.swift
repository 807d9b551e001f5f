import Foundation
import Testing

@testable import Broker
@testable import HTTPFront

/// The bodies of answers, byte for byte.
struct AnswerTests {
    private static func poll(_ outcome: ReadOutcome, tellsCursor: Bool = false) -> String {
        ByteBuffer.text { PollAnswer.write(outcome, tellsCursor: tellsCursor, to: $0, RenderedMessage()) }
    }

    /// The text, if it is valid JSON.
    private static func json(_ text: String) throws -> String {
        _ = try JSONSerialization.jsonObject(with: Data(text.utf8))
        return text
    }

    // MARK: Polls

    @Test
    func `a timeout is 15 bytes and no others`() throws {
        let cursor = Cursor.after(try Sample.id("k3Qz9.18"))
        for reason in [EndReason.timedOut, .replaced, .deleted, .draining] {
            #expect(Self.poll(.ended(reason, cursor)) == #"{"success":"0"}"#)
        }
        #expect(Self.poll(.ended(.timedOut, cursor)).utf8.count == 15)
    }

    @Test
    func `only a poll that asked for now is told its cursor when it times out`() throws {
        let one = Cursor.after(try Sample.id("k3Qz9.18"))
        let two = Cursor([try Sample.id("k3Qz9.18"), try Sample.id("Zw0aB.0")])
        #expect(Self.poll(.ended(.timedOut, one), tellsCursor: true) == #"{"success":"0","cursor":"k3Qz9.18"}"#)
        #expect(Self.poll(.ended(.timedOut, two), tellsCursor: true) == #"{"success":"0","cursor":"k3Qz9.18~Zw0aB.0"}"#)
        for reason in [EndReason.replaced, .deleted, .draining] {
            #expect(Self.poll(.ended(reason, one), tellsCursor: true) == #"{"success":"0"}"#)
        }
    }

    @Test
    func `a batch has its messages, its cursor and what is left unread`() throws {
        var batch = Batch(cursor: .after(try Sample.id("k3Qz9.19")))
        batch.messages = [
            try Sample.message("k3Qz9.18", #""hi""#, from: "admin"),
            try Sample.message("k3Qz9.19", #"{"a":[1,"é"]}"#, from: "a\"b\\", type: "order\u{2028}", attempt: 2),
        ]
        batch.unread = 3
        let text = try Self.json(Self.poll(.batch(batch)))
        #expect(
            text == #"{"success":"1","messages":[{"id":"k3Qz9.18","recipient":"u42","sender":"admin","content":"hi","#
                + #""sentAt":"2026-11-21T06:15:28.123Z"},{"id":"k3Qz9.19","recipient":"u42","sender":"a\"b\\","#
                + "\"type\":\"order\u{2028}\","
                + #""content":{"a":[1,"é"]},"sentAt":"2026-11-21T06:15:28.123Z","attempt":2}],"#
                + #""cursor":"k3Qz9.19","unread":3}"#
        )
    }

    @Test
    func `a gap and a reset are told`() throws {
        var batch = Batch(cursor: .after(try Sample.id("k3Qz9.18")))
        batch.lost = 12
        #expect(
            try Self.json(Self.poll(.batch(batch)))
                == #"{"success":"1","messages":[],"cursor":"k3Qz9.18","unread":0,"gap":{"lost":12}}"#
        )
        batch.isReset = true
        #expect(
            try Self.json(Self.poll(.batch(batch)))
                == #"{"success":"1","messages":[],"cursor":"k3Qz9.18","unread":0,"gap":{"lost":12},"reset":true}"#
        )
    }

    @Test
    func `a message that is rendered once is the same each time`() throws {
        let rendered = RenderedMessage()
        let first = try Sample.message("k3Qz9.18", "1")
        let second = try Sample.message("k3Qz9.18", "2")
        let leased = try Sample.message("k3Qz9.18", "1", attempt: 1)
        func text(_ message: Message) -> String { ByteBuffer.text { rendered.append(message, to: $0) } }
        let one = text(first)
        #expect(text(first) == one)
        // The same id, but another message: two brokers in one process, say.
        #expect(text(second) != one)
        #expect(text(leased) == one.dropLast() + #","attempt":1}"#)
        #expect(text(first) == one)
    }

    // MARK: Sends

    private static func receipt(_ id: String, evicted: Int = 0, isDuplicate: Bool = false) throws -> SendReceipt {
        SendReceipt(id: try Sample.id(id), online: 2, unread: 3, evicted: evicted, isDuplicate: isDuplicate)
    }

    @Test
    func `a send is answered with its id and who is there`() throws {
        let plain = try Self.receipt("k3Qz9.18")
        #expect(
            try Self.json(ByteBuffer.text { SendAnswer.write(plain, to: $0) })
                == #"{"success":"1","id":"k3Qz9.18","online":2,"unread":3}"#
        )
        let more = try Self.receipt("k3Qz9.18", evicted: 4, isDuplicate: true)
        #expect(
            try Self.json(ByteBuffer.text { SendAnswer.write(more, to: $0) })
                == #"{"success":"1","id":"k3Qz9.18","online":2,"unread":3,"evicted":4,"duplicate":true}"#
        )
    }

    @Test
    func `a send to several is answered with a result for each`() throws {
        let full = BrokerError(.inboxFull, "inbox 'b\"' is full", remedy: "poll")
        let results: [(Recipient, Result<SendReceipt, BrokerError>)] = [
            (try Recipient("a"), .success(try Self.receipt("k3Qz9.18"))), (try Recipient("b\""), .failure(full)),
        ]
        #expect(
            try Self.json(ByteBuffer.text { SendAnswer.write(results, to: $0) })
                == #"{"success":"1","results":[{"recipient":"a","id":"k3Qz9.18","online":2,"unread":3},"#
                + #"{"recipient":"b\"","error":{"code":"inbox_full","status":429,"detail":"inbox 'b\"' is full; poll"}}]}"#
        )
    }

    @Test
    func `a send that none of several got is an error, with the code that all share or that of the first`() throws {
        let full = BrokerError(.inboxFull, "it is full", remedy: "poll")
        let large = BrokerError(.tooLarge, "it is large", remedy: "send less")
        let (a, b) = (try Recipient("a"), try Recipient("b"))
        #expect(SendAnswer.refusal([(a, .failure(full)), (b, .success(try Self.receipt("k3Qz9.18")))]) == nil)
        let one = try #require(SendAnswer.refusal([(a, .failure(full))]))
        #expect(one == Problem(.inboxFull, "it is full; poll"))
        let results: SendAnswer.Results = [(a, .failure(large)), (b, .failure(full))]
        let two = try #require(SendAnswer.refusal(results))
        #expect((two.code, two.status) == (.tooLarge, 413))
        #expect(two.detail.hasSuffix("for the first, 'a': it is large; send less"))
        let response = SendAnswer.response(two, results)
        #expect(response.status == 413)
        #expect(response.contentType == "application/problem+json")
        let text = try Self.json(String(decoding: response.body, as: UTF8.self))
        #expect(!text.contains("success"))
        let list =
            #""results":[{"recipient":"a","error":{"code":"too_large","status":413,"detail":"it is large; send less"}},"#
            + #"{"recipient":"b","error":{"code":"inbox_full","status":429,"detail":"it is full; poll"}}]}"#
        #expect(text.hasSuffix(#","code":"too_large","# + list))
        let line = try Self.json(ByteBuffer.text { SendAnswer.write(two, results, to: $0) })
        #expect(line.hasPrefix(#"{"error":{"code":"too_large","status":413,"detail":""#))
        #expect(line.hasSuffix("}," + list))
    }

    @Test
    func `a line that was refused is answered with its error`() throws {
        #expect(
            try Self.json(ByteBuffer.text { SendAnswer.write(Problem.invalid("a \"b\"\n"), to: $0) })
                == #"{"error":{"code":"invalid_request","status":400,"detail":"a \"b\"\n"}}"#
        )
    }

    // MARK: Inboxes

    private static func summary(_ name: String) throws -> InboxSummary {
        var summary = InboxSummary(recipient: try Recipient(name))
        summary.unread = 1
        summary.leased = 2
        summary.kept = 3
        summary.bytes = 4
        summary.first = try Sample.id("k3Qz9.16")
        summary.last = try Sample.id("k3Qz9.18")
        summary.waiting = 5
        summary.streaming = 6
        summary.lag = ReaderLag(messages: 7, age: .milliseconds(8_009))
        summary.lastSeen = Sample.sentAt
        return summary
    }

    private static func text(_ name: String) -> String {
        #"{"recipient":"\#(name)","unread":1,"leased":2,"kept":3,"bytes":4,"first":"k3Qz9.16","last":"k3Qz9.18","#
            + #""waiting":5,"streaming":6,"lag":{"messages":7,"seconds":8.009},"lastSeen":"\#(Sample.sentAtText)"}"#
    }

    @Test
    func `an inbox is shown with all its figures`() throws {
        let summary = try Self.summary("u\"42")
        #expect(try Self.json(ByteBuffer.text { InboxAnswer.write(summary, to: $0) }) == Self.text(#"u\"42"#))
    }

    @Test(arguments: [
        (0, "0"), (1, "0.001"), (20, "0.020"), (999, "0.999"), (1000, "1"), (61_500, "61.500"), (86_400_000, "86400"),
    ])
    func `a lag is told to the millisecond`(milliseconds: Int, text: String) throws {
        let lag = ReaderLag(messages: 1, age: .milliseconds(milliseconds))
        let expected = #"{"messages":1,"seconds":\#(text)}"#
        #expect(try Self.json(ByteBuffer.text { ReadersAnswer.writeLag(lag, to: $0) }) == expected)
    }

    @Test
    func `an inbox that nobody has used is shown with zeros`() throws {
        let summary = InboxSummary(recipient: try Recipient("u"))
        #expect(
            try Self.json(ByteBuffer.text { InboxAnswer.write(summary, to: $0) })
                == #"{"recipient":"u","unread":0,"leased":0,"kept":0,"bytes":0,"first":null,"last":null,"#
                + #""waiting":0,"streaming":0,"lag":null,"lastSeen":null}"#
        )
    }

    @Test(arguments: [
        (0, 2, #"{"inboxes":[]}"#), (1, 2, #"{"inboxes":[1]}"#), (2, 2, #"{"inboxes":[1,2]}"#),
        // One more than asked for shows that there are more.
        (3, 2, #"{"inboxes":[1,2],"next":"2\""}"#), (2, 1, #"{"inboxes":[1],"next":"1\""}"#),
    ])
    func `a page says where the next one begins, if there is one`(count: Int, limit: Int, expected: String) throws {
        let summaries = try (0..<count).map { try Self.summary("\($0 + 1)\"") }
        let text = try Self.json(ByteBuffer.text { InboxAnswer.write(summaries, limit: limit, to: $0) })
        #expect(text == expected.replacing(/[0-9](?=[,\]])/) { Self.text("\($0.output)\\\"") })
    }

    @Test
    func `an ack is answered with what is left`() throws {
        #expect(try Self.json(ByteBuffer.text { AckAnswer.write(7, to: $0) }) == #"{"success":"1","unread":7}"#)
    }
}
