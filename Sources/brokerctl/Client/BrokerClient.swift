internal import Foundation

#if canImport(FoundationNetworking)
internal import FoundationNetworking
#endif

/// Speaks to one broker.
struct BrokerClient: Sendable {
    /// Where it is.
    let url: ServerURL
    private let http: HTTPClient
    /// What one answer may hold: a poll's 1 MiB of content, a page of inboxes, a batch's results, with room to spare.
    private static let answerBytesMax = 64 << 20

    /// Makes a client.
    init(url: ServerURL) throws(Failure) {
        self.url = url
        http = try HTTPClient()
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// - Throws: ``Failure`` unless the status is 2xx.
    func answer(to request: HTTPRequest) async throws(Failure) -> HTTPAnswer {
        var answer: HTTPAnswer?
        do {
            for try await event in http.open(request, at: url) {
                switch event {
                case .head(let head): answer = HTTPAnswer(head: head, body: [])
                case .bytes(let bytes): answer?.body += bytes
                }
                if let size = answer?.body.count, size > BrokerClient.answerBytesMax {
                    throw Failure.unexpected("the answer of \(url) to \(request.path) is too large")
                }
            }
        } catch {
            throw failure(error)
        }
        guard let answer else {
            throw .unreachable(url: url.description, reason: "the connection ended without an answer")
        }
        guard (200..<300).contains(answer.head.status) else { throw failure(answer) }
        return answer
    }

    /// Sends a request and waits for an answer that is one JSON object.
    func object(_ request: HTTPRequest) async throws(Failure) -> JSONObject {
        let answer = try await answer(to: request)
        guard let object = JSONObject(answer.body) else {
            throw .unexpected("\(url)\(request.path) answered something that is not a JSON object; is it a broker?")
        }
        return object
    }

    /// Sends a request whose answer has no end.
    ///
    /// - Returns: The head, whatever its status, then the body in pieces. The errors want `failure(_:)`.
    func open(_ request: HTTPRequest) -> HTTPEvents {
        http.open(request, at: url)
    }

    // MARK: Failures

    /// What an answer that is not 2xx means.
    func failure(_ answer: HTTPAnswer) -> Failure {
        let status = answer.head.status
        if answer.head.mediaType == "application/problem+json", let problem = JSONObject(answer.body),
            let code = problem.string("code")
        {
            let detail = problem.string("detail") ?? problem.string("title") ?? "status \(status)"
            var refusal = Refusal(code: code, detail: detail, retryAfterSeconds: answer.head.retryAfterSeconds)
            refusal.parts = SendReport.refusals(in: problem)
            return .refused(refusal)
        }
        if let location = answer.head.location {
            return .unexpected(
                "\(url) answered \(status) and points to \(TerminalText.escaped(location)); name that with --url"
            )
        }
        // What proxies answer when there is nothing behind them.
        if [502, 503, 504].contains(status) {
            return .unreachable(url: url.description, reason: "a proxy answered with status \(status)")
        }
        return .unexpected("\(url) answered with status \(status), but not as a broker does; is a proxy in between?")
    }

    /// What an error of the connection means.
    func failure(_ error: any Error) -> Failure {
        if let failure = error as? Failure { return failure }
        guard let error = error as? URLError else {
            return .unreachable(url: url.description, reason: "\(error)")
        }
        let reason =
            switch error.code {
            case .cannotConnectToHost:
                "nothing listens there; start 'brokerctl serve', or name another broker with --url or BROKER_URL"
            case .cannotFindHost, .dnsLookupFailed: "the host '\(url.host)' is not known"
            case .timedOut: "no answer in time"
            case .networkConnectionLost: "the connection was lost"
            case .badURL: "the URL cannot be used"
            // Nobody cancels but the watch over silence.
            case .cancelled: "nothing came for too long"
            default: error.localizedDescription
            }
        return .unreachable(url: url.description, reason: reason)
    }
}
