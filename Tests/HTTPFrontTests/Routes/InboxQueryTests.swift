import Broker
import Testing

@testable import HTTPFront

/// What GET and DELETE /v1/inbox, and GET /v1/inboxes read.
struct InboxQueryTests {
    private static func page(_ request: Request) throws(Problem) -> String {
        let query = try InboxesQuery(request)
        return "'\(query.prefix)' \(query.after.map { "after '\($0)'" } ?? "from the start") limit \(query.limit)"
    }

    private static func problem<Value>(
        _ request: String,
        _ read: (Request) throws(Problem) -> Value
    ) throws -> String? {
        let problem = try RequestBench.problem(request, read)
        #expect(problem?.code == .invalidRequest)
        return problem?.detail
    }

    @Test
    func `an inbox is named in the query`() throws {
        for request in [
            RequestBench.get("/v1/inbox?recipient=u%2042"), RequestBench.delete("/v1/inbox?recipient=u+42"),
        ] {
            #expect(try RequestBench.read(request, InboxQuery.recipient).name == "u 42")
        }
    }

    @Test(arguments: [
        ("", "'recipient' is missing; say whose inbox it is about"),
        ("?recipient=", "recipient is empty; give it 1 to 256 bytes of UTF-8"),
        ("?recipient=a&recipient=b", "'recipient' is given twice; give it once"),
        ("?recipient=a&limit=1", "unknown field 'limit'; this request takes 'recipient'"),
    ])
    func `a wrong inbox query is refused by name`(query: String, detail: String) throws {
        for request in [RequestBench.get("/v1/inbox\(query)"), RequestBench.delete("/v1/inbox\(query)")] {
            #expect(try Self.problem(request, InboxQuery.recipient) == detail)
        }
    }

    @Test
    func `a DELETE has no body`() throws {
        let request = "DELETE /v1/inbox HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\nrecipient=u"
        #expect(
            try Self.problem(request, InboxQuery.recipient)
                == "a DELETE request with a body; send the fields in the query"
        )
    }

    @Test(arguments: [
        ("", "'' from the start limit 100"), ("?", "'' from the start limit 100"),
        ("?limit=1", "'' from the start limit 1"), ("?limit=1000", "'' from the start limit 1000"),
        ("?prefix=room:", "'room:' from the start limit 100"), ("?prefix=", "'' from the start limit 100"),
        ("?after=room:a%20b&prefix=room:&limit=7", "'room:' after 'room:a b' limit 7"),
        ("?after=", "'' after '' limit 100"),
    ])
    func `a page of inboxes is read`(query: String, expected: String) throws {
        #expect(try RequestBench.read(RequestBench.get("/v1/inboxes\(query)"), Self.page) == expected)
    }

    @Test(arguments: [
        ("limit=0", "'limit' is '0'; give an integer from 1 to 1000"),
        ("limit=1001", "'limit' is '1001'; give an integer from 1 to 1000"),
        ("limit=1&limit=2", "'limit' is given twice; give it once"),
        ("recipient=u", "unknown field 'recipient'; this request takes 'limit', 'prefix', 'after'"),
        (
            "prefix=" + String(repeating: "x", count: 257),
            "'prefix' or 'after' is longer than a recipient can be, 256 bytes"
        ),
        (
            "after=" + String(repeating: "x", count: 257),
            "'prefix' or 'after' is longer than a recipient can be, 256 bytes"
        ),
    ])
    func `a wrong page of inboxes is refused by name`(query: String, detail: String) throws {
        #expect(try Self.problem(RequestBench.get("/v1/inboxes?\(query)"), Self.page) == detail)
    }
}
