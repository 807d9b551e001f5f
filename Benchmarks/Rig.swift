internal import Broker
internal import HTTPFront

/// A server on a free port of this machine, with one loop, in this process.
struct Rig {
    private let server: Server

    /// Starts a server that refuses nothing.
    init(_ time: any TimeSource, inboxMessagesMax: Int = 1000) throws {
        var configuration = ServerConfiguration()
        configuration.port = 0
        configuration.limits.whenFull = .dropOldest
        configuration.limits.inboxMessagesMax = inboxMessagesMax
        configuration.limits.memoryBytesMax = 16 << 30
        server = try Server(configuration, time: time)
        server.start()
    }

    /// A new connection.
    func client() -> Client { Client(port: server.port) }

    /// Ends the server.
    func stop() { server.stop() }
}

/// Clocks that stand still, so that nothing happens by itself while operations are counted.
struct StoppedTime: TimeSource {
    let now = MonotonicInstant(nanoseconds: 1_000_000_000)
    let wallNow = WallInstant(millisecondsSinceEpoch: 1_795_241_728_123)

    /// Waits until the task is cancelled.
    func sleep(until instant: MonotonicInstant) async throws {
        try await Task.sleep(for: .seconds(1 << 30))
    }
}
