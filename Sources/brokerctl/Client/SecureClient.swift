internal import Foundation
internal import Synchronization

#if canImport(FoundationNetworking)
internal import FoundationNetworking
#endif

/// Sends requests with Foundation's URLSession, for the sake of its TLS.
///
/// It keeps neither cookies nor answers.
struct SecureClient: Sendable {
    private let session: URLSession
    private let delegate = SecureClientDelegate()

    init() {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.urlCache = nil
        configuration.httpShouldSetCookies = false
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        session = URLSession(configuration: configuration, delegate: delegate, delegateQueue: nil)
    }

    /// Sends a request, and hands out what comes, until nobody wants it any more.
    func send(_ request: HTTPRequest, to url: ServerURL, _ continuation: HTTPEvents.Continuation) {
        guard let target = URL(string: url.description + request.target) else {
            return continuation.finish(throwing: URLError(.badURL))
        }
        var message = URLRequest(url: target, timeoutInterval: request.timeout.inSeconds)
        message.httpMethod = request.method
        message.setValue("brokerctl/\(Brokerctl.version)", forHTTPHeaderField: "User-Agent")
        for field in request.fields { message.setValue(field.value, forHTTPHeaderField: field.name) }
        if let body = request.body { message.httpBody = Data(body) }
        let task = session.dataTask(with: message)
        delegate.expect(task, continuation)
        // On Linux the timeout of the request does not see that a stream falls silent.
        let watch = Task { [delegate] in
            while let silence = delegate.silence(of: task) {
                if silence >= request.timeout { return task.cancel() }
                try await Task.sleep(for: request.timeout - silence)
            }
        }
        continuation.onTermination = { _ in
            watch.cancel()
            task.cancel()
        }
        task.resume()
    }
}

/// Hands what URLSession tells to those who wait for it.
private final class SecureClientDelegate: NSObject, URLSessionDataDelegate, Sendable {
    private struct Waiting {
        let continuation: HTTPEvents.Continuation
        var lastHeard = ContinuousClock.now
    }

    private let waiting = Mutex<[Int: Waiting]>([:])

    func expect(_ task: URLSessionTask, _ continuation: HTTPEvents.Continuation) {
        waiting.withLock { $0[task.taskIdentifier] = Waiting(continuation: continuation) }
    }

    /// For how long nothing came; nil if nothing is waited for any more.
    func silence(of task: URLSessionTask) -> Duration? {
        waiting.withLock { $0[task.taskIdentifier].map { ContinuousClock.now - $0.lastHeard } }
    }

    private func hand(_ event: HTTPEvent, of task: URLSessionTask) {
        let continuation = waiting.withLock { waiting in
            waiting[task.taskIdentifier]?.lastHeard = .now
            return waiting[task.taskIdentifier]?.continuation
        }
        // Whoever reads too slowly is not to cost memory without end.
        if case .dropped = continuation?.yield(event) { task.cancel() }
    }

    func urlSession(
        _ session: URLSession,
        dataTask: URLSessionDataTask,
        didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        if let response = response as? HTTPURLResponse {
            let head = HTTPHead(
                status: response.statusCode,
                contentType: response.value(forHTTPHeaderField: "Content-Type"),
                location: response.value(forHTTPHeaderField: "Location"),
                retryAfter: response.value(forHTTPHeaderField: "Retry-After")
            )
            hand(.head(head), of: dataTask)
        }
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        hand(.bytes(Array(data)), of: dataTask)
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        let waiting = waiting.withLock { $0.removeValue(forKey: task.taskIdentifier) }
        waiting?.continuation.finish(throwing: error)
    }

    func urlSession(
        _ session: URLSession,
        task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}
