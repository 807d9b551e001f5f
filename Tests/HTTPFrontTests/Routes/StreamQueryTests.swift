import Broker
import Testing

@testable import HTTPFront

/// What GET /v1/stream reads.
struct StreamQueryTests {
    /// All that a query holds, on one line.
    static func described(_ request: Request) throws(Problem) -> String {
        let query = try StreamQuery(request)
        var parts = [query.request.recipients.map(\.name).joined(separator: ","), query.request.mode.described]
        parts.append("\(query.format)")
        if let session = query.request.session { parts.append("session \(session)") }
        if query.request.isObserving { parts.append("observes") }
        if query.callback != "parent.comet" { parts.append(query.callback) }
        #expect(query.request.limit == 64)
        return parts.joined(separator: " | ")
    }

    @Test(arguments: [
        ("recipient=u", "u | follow unread | sse"), ("recipient=u&take=1", "u | take | sse"),
        ("recipient=u&take=true", "u | take | sse"), ("recipient=u&take=0", "u | follow unread | sse"),
        ("recipient=u&take=false", "u | follow unread | sse"), ("recipient=u&cursor=0", "u | follow 0 | sse"),
        ("recipient=u&cursor=now", "u | follow now | sse"),
        ("recipient=u&cursor=0&take=0", "u | follow 0 | sse"),
        ("recipient=a&recipient=b&cursor=k3Qz9.18~Zw0aB.7", "a,b | follow k3Qz9.18~Zw0aB.7 | sse"),
        ("recipient=u&as=sse", "u | follow unread | sse"), ("recipient=u&as=ndjson", "u | follow unread | ndjson"),
        ("recipient=u&as=iframe", "u | follow unread | iframe"),
        ("recipient=u&as=iframe&callback=top.app.on_message", "u | follow unread | iframe | top.app.on_message"),
        ("recipient=u&as=iframe&callback=$", "u | follow unread | iframe | $"),
        ("recipient=u&as=iframe&callback=_a1.$b", "u | follow unread | iframe | _a1.$b"),
        ("recipient=u&session=s", "u | follow unread | sse | session s"),
        ("recipient=u&observe=1", "u | follow unread | sse | observes"),
        ("recipient=u&observe=true&cursor=0", "u | follow 0 | sse | observes"),
        ("recipient=u&observe=0&take=1", "u | take | sse"),
    ])
    func `a query is read`(query: String, expected: String) throws {
        #expect(try RequestBench.read(RequestBench.get("/v1/stream?\(query)"), Self.described) == expected)
    }

    @Test(arguments: [
        ("recipient=u", "text/html", "u | follow unread | iframe"),
        ("recipient=u", "application/x-ndjson, text/html;q=0.5", "u | follow unread | ndjson"),
        ("recipient=u", "*/*", "u | follow unread | sse"), ("recipient=u", "", "u | follow unread | sse"),
        // What the query says wins, whatever is accepted.
        ("recipient=u&as=ndjson", "text/html", "u | follow unread | ndjson"),
        ("recipient=u&as=sse", "image/png", "u | follow unread | sse"),
        ("recipient=u&callback=f", "text/html", "u | follow unread | iframe | f"),
    ])
    func `the format is chosen by as, else by Accept`(query: String, accept: String, expected: String) throws {
        let request = RequestBench.get("/v1/stream?\(query)", "Accept: \(accept)")
        #expect(try RequestBench.read(request, Self.described) == expected)
    }

    @Test(arguments: ["image/png", "text/plain", "application/json, text/plain", "text/event-stream;q=0", "nonsense"])
    func `a stream that nobody accepts is refused`(accept: String) throws {
        let request = RequestBench.get("/v1/stream?recipient=u", "Accept: \(accept)")
        #expect(
            try RequestBench.problem(request, Self.described)
                == Problem(
                    .notAcceptable,
                    "a stream is text/event-stream, application/x-ndjson or text/html; accept one of them, or say as=sse"
                )
        )
    }

    @Test(arguments: [
        ("recipient=u", "k3Qz9.18", "u | follow k3Qz9.18 | sse"),
        ("recipient=u&cursor=0", "k3Qz9.18", "u | follow k3Qz9.18 | sse"),
        ("recipient=a&recipient=b&cursor=now", "k3Qz9.18~Zw0aB.7", "a,b | follow k3Qz9.18~Zw0aB.7 | sse"),
        // A browser that has seen no id yet sends none, or an empty one.
        ("recipient=u&cursor=now", "", "u | follow now | sse"), ("recipient=u", "", "u | follow unread | sse"),
    ])
    func `Last-Event-ID wins over the cursor`(query: String, last: String, expected: String) throws {
        let request = RequestBench.get("/v1/stream?\(query)", "Last-Event-ID: \(last)")
        #expect(try RequestBench.read(request, Self.described) == expected)
    }

    @Test(arguments: ["18", "k3Qz9.18~", "k3Qz9.18 x", "k3Qz9.018", "\u{FC}"])
    func `a Last-Event-ID that is no cursor is refused`(last: String) throws {
        let request = RequestBench.get("/v1/stream?recipient=u", "Last-Event-ID: \(last)")
        #expect(
            try RequestBench.problem(request, Self.described)
                == Problem(
                    .invalidRequest,
                    "the header Last-Event-ID is no cursor; send the id of the last event as it came, or leave it out"
                )
        )
    }

    private static let takes =
        "this request takes 'recipient', 'cursor', 'session', 'take', 'observe', 'as', 'callback', 'presence'"
    private static let path = "give a path of JavaScript names such as parent.comet"
    private static let both = "'take' together with a cursor; a cursor follows and takes nothing, so leave one out"

    @Test(arguments: [
        ("", "'recipient' is missing; say whose inbox to read"),
        ("recipient=a&recipient=a", "recipient 'a' is named twice; name it once"),
        ("recipient=u&timeout=1", "unknown field 'timeout'; \(takes)"),
        ("recipient=u&lease=1", "unknown field 'lease'; \(takes)"),
        ("recipient=u&take=yes", "'take' is 'yes'; give 1 or 0"), ("recipient=u&take=", "'take' is ''; give 1 or 0"),
        ("recipient=u&take=1&take=1", "'take' is given twice; give it once"),
        ("recipient=u&take=1&cursor=0", both),
        (
            "recipient=u&take=1&observe=1",
            "'take' and 'observe' together; an observer takes nothing, so leave one out"
        ),
        ("recipient=u&observe=yes", "'observe' is 'yes'; give 1 or 0"),
        ("recipient=u&as=xml", "'as' is 'xml'; give sse, ndjson or iframe"),
        ("recipient=u&as=SSE", "'as' is 'SSE'; give sse, ndjson or iframe"),
        ("recipient=u&callback=f", "'callback' is for as=iframe; leave it out"),
        ("recipient=u&as=ndjson&callback=f", "'callback' is for as=iframe; leave it out"),
        ("recipient=u&presence=a&presence=a", "recipient 'a' is named twice; name it once"),
        ("recipient=u&presence=", "presence is empty; give it 1 to 256 bytes of UTF-8"),
        (
            "recipient=u" + (0...100).map { "&presence=\($0)" }.joined(),
            "'presence' names 101 recipients; name at most 100"
        ),
        ("recipient=u&as=iframe&callback=", "'callback' is ''; \(path)"),
        ("recipient=u&as=iframe&callback=1a", "'callback' is '1a'; \(path)"),
        ("recipient=u&as=iframe&callback=a.", "'callback' is 'a.'; \(path)"),
        ("recipient=u&as=iframe&callback=.a", "'callback' is '.a'; \(path)"),
        ("recipient=u&as=iframe&callback=a..b", "'callback' is 'a..b'; \(path)"),
        ("recipient=u&as=iframe&callback=a-b", "'callback' is 'a-b'; \(path)"),
        ("recipient=u&as=iframe&callback=a[0]", "'callback' is 'a[0]'; \(path)"),
        ("recipient=u&as=iframe&callback=alert(1)", "'callback' is 'alert(1)'; \(path)"),
        ("recipient=u&as=iframe&callback=a%0A", "'callback' is 'a\n'; \(path)"),
        ("recipient=u&as=iframe&callback=%3C/script%3E", "'callback' is '</script>'; \(path)"),
        ("recipient=u&as=iframe&callback=%C3%A9", "'callback' is 'é'; \(path)"),
    ])
    func `a wrong query is refused by name`(query: String, detail: String) throws {
        let problem = try RequestBench.problem(RequestBench.get("/v1/stream?\(query)"), Self.described)
        #expect(problem == Problem(.invalidRequest, detail))
    }

    @Test
    func `a taker has no Last-Event-ID`() throws {
        let request = RequestBench.get("/v1/stream?recipient=u&take=1", "Last-Event-ID: k3Qz9.18")
        #expect(try RequestBench.problem(request, Self.described)?.detail == Self.both)
    }

    @Test
    func `a callback has 128 bytes at most`() throws {
        let callback = String(repeating: "a", count: 128)
        let request = RequestBench.get("/v1/stream?recipient=u&as=iframe&callback=\(callback)")
        #expect(try RequestBench.read(request) { try StreamQuery($0).callback } == callback)
        let longer = RequestBench.get("/v1/stream?recipient=u&as=iframe&callback=\(callback)a")
        #expect(
            try RequestBench.problem(longer, Self.described)?.detail
                == "'callback' is '\(callback.prefix(80))'; \(Self.path)"
        )
    }
}
