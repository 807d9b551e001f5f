import Broker
import Testing

@testable import HTTPFront

/// What GET and POST /v1/poll read.
struct PollQueryTests {
    /// All that a query holds, on one line.
    static func described(_ request: Request) throws(Problem) -> String {
        let query = try PollQuery(request)
        let read = query.request
        var parts = [read.recipients.map(\.name).joined(separator: ","), read.mode.described, "\(query.timeout)"]
        parts.append("limit \(read.limit)")
        #expect(read.bytesMax == nil)
        if let session = read.session { parts.append("session \(session)") }
        if query.tellsCursor { parts.append("tells") }
        if read.isObserving { parts.append("observes") }
        return parts.joined(separator: " | ")
    }

    private static func problem(_ request: String) throws -> String? {
        let problem = try RequestBench.problem(request, described)
        #expect(problem?.code == .invalidRequest)
        #expect(problem?.status == 400)
        return problem?.detail
    }

    @Test(arguments: [
        ("recipient=u", "u | take | 40.0 seconds | limit 100"),
        ("recipient=u&timeout=0", "u | take | 0.0 seconds | limit 100"),
        ("recipient=u&timeout=300", "u | take | 300.0 seconds | limit 100"),
        ("recipient=u&timeout=0.5", "u | take | 0.5 seconds | limit 100"),
        // A fraction of a millisecond is a millisecond: 0.0001 is not 0.
        ("recipient=u&timeout=0.0001", "u | take | 0.001 seconds | limit 100"),
        ("recipient=u&limit=1", "u | take | 40.0 seconds | limit 1"),
        ("recipient=u&limit=1000", "u | take | 40.0 seconds | limit 1000"),
        ("recipient=u&lease=1", "u | lease 1.0 seconds | 40.0 seconds | limit 100"),
        ("recipient=u&lease=3600", "u | lease 3600.0 seconds | 40.0 seconds | limit 100"),
        ("recipient=u&cursor=0", "u | follow 0 | 40.0 seconds | limit 100"),
        ("recipient=u&cursor=now", "u | follow now | 40.0 seconds | limit 100 | tells"),
        ("recipient=u&cursor=k3Qz9.18", "u | follow k3Qz9.18 | 40.0 seconds | limit 100"),
        ("recipient=u&cursor=k3Qz9%2E18", "u | follow k3Qz9.18 | 40.0 seconds | limit 100"),
        ("recipient=a&recipient=b&cursor=k3Qz9.18~Zw0aB.7", "a,b | follow k3Qz9.18~Zw0aB.7 | 40.0 seconds | limit 100"),
        ("recipient=b&recipient=a&cursor=now", "b,a | follow now | 40.0 seconds | limit 100 | tells"),
        ("session=tab+7&recipient=u", "u | take | 40.0 seconds | limit 100 | session tab 7"),
        ("recipient=u&cursor=0&observe=1", "u | follow 0 | 40.0 seconds | limit 100 | observes"),
        ("recipient=u&cursor=now&observe=true", "u | follow now | 40.0 seconds | limit 100 | tells | observes"),
        ("recipient=u&observe=0", "u | take | 40.0 seconds | limit 100"),
        ("recipient=u&lease=5&observe=false", "u | lease 5.0 seconds | 40.0 seconds | limit 100"),
        ("recipient=room:lobby%2Fa", "room:lobby/a | take | 40.0 seconds | limit 100"),
    ])
    func `a query and a form are read alike`(fields: String, expected: String) throws {
        #expect(try RequestBench.read(RequestBench.get("/v1/poll?\(fields)"), Self.described) == expected)
        #expect(try RequestBench.read(RequestBench.form("/v1/poll", fields), Self.described) == expected)
        // Without a body a POST may have them in its query.
        let post = RequestBench.post("/v1/poll?\(fields)", "")
        #expect(try RequestBench.read(post, Self.described) == expected)
    }

    @Test(arguments: [
        (#"{"recipient":"u"}"#, "u | take | 40.0 seconds | limit 100"),
        (#"{"recipient":["u"]}"#, "u | take | 40.0 seconds | limit 100"),
        (
            #"{"recipient":["a","b"],"cursor":"k3Qz9.18~Zw0aB.7","timeout":0.25,"limit":5,"session":"s"}"#,
            "a,b | follow k3Qz9.18~Zw0aB.7 | 0.25 seconds | limit 5 | session s"
        ),
        (#"{"recipient":"u","lease":30,"timeout":3e1}"#, "u | lease 30.0 seconds | 30.0 seconds | limit 100"),
        (#"{"recipient":"u","limit":10.0}"#, "u | take | 40.0 seconds | limit 10"),
        (#"{"recipient":"u","cursor":"0","observe":true}"#, "u | follow 0 | 40.0 seconds | limit 100 | observes"),
        (#"{"recipient":"u","observe":false}"#, "u | take | 40.0 seconds | limit 100"),
        (#"{"recipient":"u","cursor":"n\u006fw"}"#, "u | follow now | 40.0 seconds | limit 100 | tells"),
    ])
    func `a JSON object is read`(body: String, expected: String) throws {
        #expect(try RequestBench.read(RequestBench.json("/v1/poll", body), Self.described) == expected)
    }

    private static let takes =
        "this request takes 'recipient', 'cursor', 'timeout', 'limit', 'lease', 'session', 'observe'"
    private static let noCursor =
        "'observe' without a cursor; a poll without one takes, so give 'cursor' or leave 'observe' out"
    private static let unreadable =
        "is unreadable; pass on the cursor of an answer as it came, or '0' for the oldest message kept, or 'now'"

    @Test(arguments: [
        ("", "'recipient' is missing; say whose inbox to read"),
        ("timeout=1", "'recipient' is missing; say whose inbox to read"),
        ("recipient=u&x=1", "unknown field 'x'; \(takes)"),
        ("recipient=u&content=1", "unknown field 'content'; \(takes)"),
        ("recipients=u", "unknown field 'recipients'; \(takes)"),
        ("recipient=u&limit=1&limit=1", "'limit' is given twice; give it once"),
        ("recipient=a&recipient=b&recipient=a", "recipient 'a' is named twice; name it once"),
        ("recipient=", "recipient is empty; give it 1 to 256 bytes of UTF-8"),
        ("recipient=%7F", "recipient contains the control character U+007F; leave it out"),
        ("recipient=%C2%85", "recipient contains the control character U+0085; leave it out"),
        (
            "recipient=%FF",
            "'recipient' is malformed: at byte 0: the text is not valid UTF-8 once it is decoded; send UTF-8"
        ),
        ("recipient=u&timeout=-1", "'timeout' is '-1'; give a number of seconds from 0 to 300"),
        ("recipient=u&timeout=300.001", "'timeout' is '300.001'; give a number of seconds from 0 to 300"),
        ("recipient=u&timeout=", "'timeout' is ''; give a number of seconds from 0 to 300"),
        ("recipient=u&timeout=.", "'timeout' is '.'; give a number of seconds from 0 to 300"),
        ("recipient=u&timeout=1e1", "'timeout' is '1e1'; give a number of seconds from 0 to 300"),
        ("recipient=u&timeout=inf", "'timeout' is 'inf'; give a number of seconds from 0 to 300"),
        ("recipient=u&timeout=0x10", "'timeout' is '0x10'; give a number of seconds from 0 to 300"),
        ("recipient=u&limit=0", "'limit' is '0'; give an integer from 1 to 1000"),
        ("recipient=u&limit=1001", "'limit' is '1001'; give an integer from 1 to 1000"),
        ("recipient=u&limit=1.0", "'limit' is '1.0'; give an integer from 1 to 1000"),
        ("recipient=u&lease=0", "'lease' is '0'; give an integer from 1 to 3600"),
        ("recipient=u&lease=3601", "'lease' is '3601'; give an integer from 1 to 3600"),
        ("recipient=u&session=", "'session' is empty; give it 1 to 128 bytes of UTF-8"),
        (
            "recipient=u&cursor=0&lease=5",
            "'cursor' and 'lease' together; a cursor follows and takes nothing, so leave one out"
        ),
        ("recipient=u&observe=1", noCursor), ("recipient=u&observe=1&lease=5", noCursor),
        ("recipient=u&cursor=0&observe=", "'observe' is ''; give 1 or 0"),
        ("recipient=u&cursor=", "cursor '' \(unreadable)"), ("recipient=u&cursor=00", "cursor '00' \(unreadable)"),
        ("recipient=u&cursor=Now", "cursor 'Now' \(unreadable)"),
        ("recipient=u&cursor=k3Qz9", "cursor 'k3Qz9' \(unreadable)"),
        ("recipient=u&cursor=k3Qz9.", "cursor 'k3Qz9.' \(unreadable)"),
        ("recipient=u&cursor=.1", "cursor '.1' \(unreadable)"),
        ("recipient=u&cursor=k3Qz9.01", "cursor 'k3Qz9.01' \(unreadable)"),
        ("recipient=u&cursor=k3Qz9.1~", "cursor 'k3Qz9.1~' \(unreadable)"),
        ("recipient=u&cursor=k3Qz9.1+", "cursor 'k3Qz9.1 ' \(unreadable)"),
    ])
    func `a wrong query or form is refused by name`(fields: String, detail: String) throws {
        #expect(try Self.problem(RequestBench.get("/v1/poll?\(fields)")) == detail)
        guard !fields.isEmpty else { return }
        #expect(try Self.problem(RequestBench.form("/v1/poll", fields)) == detail)
    }

    @Test(arguments: [
        ("{}", "'recipient' is missing; say whose inbox to read"),
        (#"{"recipient":[]}"#, "'recipient' is empty; give 1 to 100 elements"),
        (#"{"recipient":["a",null]}"#, "'recipient' is wrong at byte 0: expected a string but found null"),
        (#"{"recipient":["a","a"]}"#, "recipient 'a' is named twice; name it once"),
        (#"{"recipient":"u","cursor":0}"#, "'cursor' is wrong at byte 0: expected a string but found a number"),
        (#"{"recipient":"u","timeout":"1"}"#, "'timeout' is \"1\"; give a number of seconds from 0 to 300"),
        (#"{"recipient":"u","timeout":-0.1}"#, "'timeout' is -0.1; give a number of seconds from 0 to 300"),
        (#"{"recipient":"u","timeout":null}"#, "'timeout' is null; give a number of seconds from 0 to 300"),
        (#"{"recipient":"u","timeout":{}}"#, "'timeout' is an object; give a number of seconds from 0 to 300"),
        (#"{"recipient":"u","limit":true}"#, "'limit' is true; give an integer from 1 to 1000"),
        (#"{"recipient":"u","observe":true}"#, noCursor),
        (#"{"recipient":"u","cursor":"0","observe":1}"#, "'observe' is 1; give true or false"),
        (#"{"recipient":"u","cursor":"0","observe":"1"}"#, "'observe' is \"1\"; give true or false"),
        (#"{"recipient":"u","session":1}"#, "'session' is wrong at byte 0: expected a string but found a number"),
    ])
    func `a wrong JSON object is refused by name`(body: String, detail: String) throws {
        #expect(try Self.problem(RequestBench.json("/v1/poll", body)) == detail)
    }

    @Test
    func `100 recipients are read and 101 are not`() throws {
        func fields(_ count: Int) -> String { (1...count).map { "recipient=r\($0)" }.joined(separator: "&") }
        func body(_ count: Int) -> String {
            "{\"recipient\":[" + (1...count).map { "\"r\($0)\"" }.joined(separator: ",") + "]}"
        }
        for request in [RequestBench.get("/v1/poll?" + fields(100)), RequestBench.json("/v1/poll", body(100))] {
            #expect(try RequestBench.read(request) { try PollQuery($0).request.recipients.count } == 100)
        }
        #expect(try Self.problem(RequestBench.get("/v1/poll?" + fields(101))) == "101 recipients; name 1 to 100")
        #expect(
            try Self.problem(RequestBench.json("/v1/poll", body(101)))
                == "'recipient' has more than 100 elements; give 1 to 100"
        )
    }

    @Test
    func `a session has 128 bytes at most`() throws {
        let session = String(repeating: "s", count: 128)
        let request = RequestBench.get("/v1/poll?recipient=u&session=\(session)")
        #expect(try RequestBench.read(request) { try PollQuery($0).request.session } == session)
        #expect(
            try Self.problem(RequestBench.get("/v1/poll?recipient=u&session=\(session)s"))
                == "'session' has 129 bytes; give it at most 128 bytes of UTF-8"
        )
    }

    @Test
    func `fields stand in one place`() throws {
        #expect(
            try Self.problem(RequestBench.json("/v1/poll?recipient=u", #"{"timeout":1}"#))
                == "fields in the query and in the body; send all of them in one place"
        )
        let get = "GET /v1/poll?recipient=u HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
        #expect(try Self.problem(get) == "a GET request with a body; send the fields in the query")
    }
}

extension ReadMode {
    /// The mode in the words of a test's table.
    var described: String {
        switch self {
        case .take: "take"
        case .lease(let duration): "lease \(duration)"
        case .follow(let cursor): "follow \(cursor)"
        case .followUnread: "follow unread"
        }
    }
}
