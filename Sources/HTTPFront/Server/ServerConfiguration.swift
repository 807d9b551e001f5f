package import Broker

/// How a server is set up; each field is a flag of `brokerctl serve`.
package struct ServerConfiguration: Sendable {
    /// Where to listen: an address or a name.
    package var host = "127.0.0.1"
    /// The port, 0 for any that is free.
    package var port: UInt16 = 8080
    /// Event loops, each a thread; 1 or more.
    package var loops = 1
    /// How sockets are watched.
    package var poller = PollerKind.best
    /// The bounds of the inboxes.
    package var limits = Limits()
    /// The bounds of a request.
    package var http = HTTPLimits()
    /// Connections that may be open at once.
    package var connectionsMax = 100_000
    /// Bytes that the buffers of all connections may use together.
    package var buffersBytesMax = 256 << 20
    /// From the first byte of a request to the end of its head.
    package var headerTimeout: Duration = .seconds(10)
    /// From the end of a head to the end of its body.
    package var bodyTimeout: Duration = .seconds(60)
    /// Between two requests.
    package var idleTimeout: Duration = .seconds(75)
    /// How long a client may read nothing of what waits for it, or its system acknowledge nothing of what was sent.
    package var writeTimeout: Duration = .seconds(30)
    /// How often a stream says that it is alive.
    package var pingInterval: Duration = .seconds(15)
    /// Origins of other sites that may use the interface from a browser.
    package var allowedOrigins: [String] = []
    /// Names beside the loopback ones that may stand in `Host`.
    package var allowedHosts: [String] = []
    /// What `brokerctl serve` says that it is.
    package var version = "0.1.0"
    /// Who is told what happens.
    package var log: (any ServerLog)?

    /// Makes the configuration that `brokerctl serve` starts with.
    package init() {}
}

/// Who is told what an operator may want to know.
package protocol ServerLog: BrokerObserver {
    /// The last level that is written: who would have to collect something first looks at it.
    var level: LogLevel { get }

    /// Something happened; `text` is constant, what varies is in `details`.
    func record(_ level: LogLevel, _ text: StaticString, _ details: [(String, String)])
}

/// How much a log line matters.
package enum LogLevel: String, CaseIterable, Comparable, Sendable {
    /// It does not do what it was asked to.
    case error
    /// It goes on, but somebody should look: a limit is reached.
    case warning
    /// What happens once: it begins, it ends.
    case info
    /// Each request, and what happens to messages beside being read.
    case debug

    /// Whether `left` matters more than `right`.
    package static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.order < right.order
    }

    private var order: Int {
        switch self {
        case .error: 0
        case .warning: 1
        case .info: 2
        case .debug: 3
        }
    }
}
