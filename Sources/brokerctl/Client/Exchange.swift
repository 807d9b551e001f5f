internal import Broker
internal import HTTPFront

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// One request and its answer, on a connection of its own over the broker's transport.
///
/// Unchecked, because all that changes is touched on the loop's thread only.
final class Exchange: ChannelHandler, @unchecked Sendable {
    private let request: HTTPRequest
    private let url: ServerURL
    private let loop: EventLoop
    private let continuation: HTTPEvents.Continuation
    /// Those that have not been tried.
    private var addresses: ArraySlice<SocketAddress>
    private var channel: Channel?
    private var decoder = ResponseDecoder()
    private var isConnected = false
    private var isOver = false

    /// How long a connection may take to stand.
    private static let connectTimeout = Duration.seconds(10)

    /// Makes an exchange that has not begun.
    init(
        _ request: HTTPRequest,
        _ url: ServerURL,
        addresses: [SocketAddress],
        _ loop: EventLoop,
        _ continuation: HTTPEvents.Continuation
    ) {
        self.request = request
        self.url = url
        self.addresses = addresses[...]
        self.loop = loop
        self.continuation = continuation
    }

    /// Connects and sends the request; from any thread.
    func begin() {
        loop.execute { self.connect(after: "it has no address") }
    }

    /// Nobody waits for the answer any more; from any thread.
    func giveUp() {
        loop.execute { self.end(nil) }
    }

    /// Tries the next address.
    private func connect(after reason: String) {
        guard !isOver else { return }
        guard let address = addresses.popFirst() else { return end(unreachable(reason)) }
        do throws(TransportError) {
            let channel = try loop.connect(to: address, handler: self)
            channel.deadline = loop.now + min(Exchange.connectTimeout, request.timeout)
            self.channel = channel
        } catch {
            connect(after: error.detail)
        }
    }

    /// Ends it, with a failure or well; what comes after that is nobody's.
    private func end(_ failure: Failure?) {
        guard !isOver else { return }
        isOver = true
        channel?.close()
        channel = nil
        continuation.finish(throwing: failure)
    }

    private func unreachable(_ reason: String) -> Failure {
        .unreachable(url: url.description, reason: reason)
    }

    // MARK: What happens to the channel

    func channelConnected(_ channel: Channel) {
        isConnected = true
        channel.deadline = loop.now + request.timeout
        let head = loop.output
        head.reset()
        head.append(text: request.head(for: url))
        if let body = request.body { head.append(body) }
        _ = channel.write(head)
    }

    func channel(_ channel: Channel, received bytes: UnsafeBufferPointer<UInt8>) -> Int {
        channel.deadline = loop.now + request.timeout
        var isTooSlow = false
        do throws(ResponseMistake) {
            let consumed = try decoder.decode(bytes.span) { event in
                if case .dropped = self.continuation.yield(event) { isTooSlow = true }
            }
            if isTooSlow {
                end(unreachable("it sends faster than the output is read"))
            } else if decoder.isComplete {
                end(nil)
            }
            return consumed
        } catch {
            end(.unexpected("\(url) sent an answer that is none: \(error); is it a broker?"))
            return bytes.count
        }
    }

    func channelReachedEnd(_ channel: Channel) {
        end(decoder.mayEndHere ? nil : unreachable("the connection was closed before the answer was there"))
    }

    func channelDrained(_ channel: Channel) {}

    func channelClosed(_ channel: Channel, reason: CloseReason) {
        guard !isOver else { return }
        self.channel = nil
        guard isConnected else { return connect(after: reason.words) }
        end(unreachable(reason.words))
    }

    func channelTimedOut(_ channel: Channel) {
        if isConnected {
            end(unreachable("nothing came for \(Duration.decimalText(request.timeout.inSeconds)) s"))
        } else {
            addresses.isEmpty ? end(unreachable("no connection in time")) : channel.close()
        }
    }
}

extension CloseReason {
    /// Why a connection to a broker ended, for people.
    var words: String {
        switch self {
        case .failed(ECONNREFUSED):
            "nothing listens there; start 'brokerctl serve', or name another broker with --url or BROKER_URL"
        case .failed(ECONNRESET), .failed(EPIPE): "the connection was lost"
        case .closed, .failed, .buffersExhausted, .loopStopped: description
        }
    }
}

extension HTTPRequest {
    /// The head as it goes on the wire, with the empty line behind it.
    func head(for url: ServerURL) -> String {
        let isDefaultPort = url.port == 80
        let host = url.host.contains(":") ? "[\(url.host)]" : url.host
        var lines = [
            "\(method) \(url.path)\(target) HTTP/1.1",
            "Host: \(host)\(isDefaultPort ? "" : ":\(url.port)")",
            "User-Agent: brokerctl/\(Brokerctl.version)",
        ]
        lines += fields.map { "\($0.name): \($0.value)" }
        if let body { lines.append("Content-Length: \(body.count)") }
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }
}
