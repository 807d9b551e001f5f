import Testing

@testable import HTTPFront

struct RequestLogTests {
    private final class Client {}

    @Test(arguments: LogLevel.allCases)
    func `there is one at the level debug only`(level: LogLevel) {
        #expect((RequestLog(CollectedLog(level)) != nil) == (level == .debug))
        #expect(RequestLog(nil) == nil)
    }

    @Test
    func `a request is one line when it is answered, or when its client has gone`() throws {
        let log = CollectedLog(.debug)
        let requests = try #require(RequestLog(log))
        let (first, second, third) = (Client(), Client(), Client())
        requests.began(first, method: "GET", path: "/v1/poll")
        requests.began(second, method: "POST", path: "/v1/send")
        #expect(log.lines == [])
        requests.answered(second, status: 201)
        requests.closed(first)
        // Nothing that could be read had come, and nothing is said of a connection that waits for its next request.
        requests.answered(third, status: 400)
        requests.closed(second)
        requests.closed(third)
        #expect(
            log.lines == [
                "debug request method=POST path=/v1/send status=201", "debug request method=GET path=/v1/poll status=-",
                "debug request method=- path=- status=400",
            ]
        )
    }

    @Test
    func `the query is left out, and a long path is cut`() throws {
        let log = CollectedLog(.debug)
        let requests = try #require(RequestLog(log))
        let client = Client()
        try RequestBench.read("GET /v1/poll?recipient=secret HTTP/1.1\r\nHost: localhost\r\n\r\n") { request in
            requests.began(client, request)
        }
        requests.answered(client, status: 200)
        requests.began(client, method: "GET", path: "/" + String(repeating: "a", count: 5000))
        requests.answered(client, status: 404)
        let long = "/" + String(repeating: "a", count: 199)
        #expect(
            log.lines == [
                "debug request method=GET path=/v1/poll status=200", "debug request method=GET path=\(long) status=404",
            ]
        )
    }
}
