internal import Broker
internal import HTTPFront

/// What comes of a request: the head, then the body in pieces, then the end, or an error.
typealias HTTPEvents = AsyncThrowingStream<HTTPEvent, any Error>

/// Sends requests, and gives out what comes as it comes.
///
/// `http` goes over the broker's own transport, since on Linux a URLSession that waits for an answer keeps a core busy,
/// and does not notice silence; `https` goes over URLSession, which brings TLS.
final class HTTPClient: Sendable {
    private let loop: EventLoop
    private let secure = SecureClient()

    /// How many pieces, of at most 64 KiB each, may wait for whoever reads them; then the connection is given up.
    static let pendingPiecesMax = 1024

    /// Makes a client with a thread of its own.
    ///
    /// - Throws: ``Failure`` if the system has no descriptors left for it.
    init() throws(Failure) {
        do throws(TransportError) {
            loop = try EventLoop(index: 0, time: SystemTime())
        } catch {
            throw .system("\(error)")
        }
        loop.start()
    }

    deinit {
        loop.stop()
    }

    /// Sends a request, on a connection of its own.
    ///
    /// It follows no redirections, since they turn a POST into a GET.
    /// - Returns: What comes. The request is given up when nobody reads that any more.
    func open(_ request: HTTPRequest, at url: ServerURL) -> HTTPEvents {
        let (events, continuation) = HTTPEvents.makeStream(
            bufferingPolicy: .bufferingOldest(HTTPClient.pendingPiecesMax)
        )
        guard url.scheme == "http" else {
            secure.send(request, to: url, continuation)
            return events
        }
        do throws(TransportError) {
            // Looking up a name blocks, which must not be on the loop.
            let addresses = try SocketAddress.resolve(host: url.host, port: url.port)
            let exchange = Exchange(request, url, addresses: addresses, loop, continuation)
            continuation.onTermination = { _ in exchange.giveUp() }
            exchange.begin()
        } catch {
            continuation.finish(throwing: Failure.unreachable(url: url.description, reason: error.detail))
        }
        return events
    }
}
