#if canImport(Darwin)
internal import Darwin
#else
internal import CLinux
#endif

/// What waiting and keeping take of the heap, in bytes for each.
enum Memory {
    private static let count = 1000

    /// Holds each kind of thing many times and prints what the heap grew by.
    static func run() throws {
        #if os(Linux)
        // The figures of the heap are those of its first arena.
        mallopt(M_ARENA_MAX, 1)
        #endif
        try measure("idle-connection") { _ in RequestBytes.get("/health/live") }
        try measure("parked-poll", waits: true) { RequestBytes.poll(of: "recipient-\($0)") }
        try measure("stream") { RequestBytes.follow("recipient-\($0)") }
        let rig = try Rig(StoppedTime())
        let client = rig.client()
        let requests = (0..<count).map { RequestBytes.message(to: "recipient-\($0)") }
        client.exchange(requests[0])
        let before = bytesInUse
        for request in requests.dropFirst() { client.exchange(request) }
        print("message-alone-in-inbox", (bytesInUse - before) / (count - 1))
        rig.stop()
    }

    private static func measure(_ name: String, waits: Bool = false, _ request: (Int) -> [UInt8]) throws {
        let rig = try Rig(StoppedTime())
        let last = rig.client()
        last.exchange(RequestBytes.get("/health/live"))
        let requests = (0..<count).map(request)
        let before = bytesInUse
        let clients = Clients(rig, count: count)
        clients.withEach { index, client in
            client.send(requests[index])
            if !waits { client.receiveAnswer() }
        }
        // The loop has read all that came before.
        last.exchange(RequestBytes.get("/health/live"))
        print(name, (bytesInUse - before) / count)
        withExtendedLifetime(clients) { rig.stop() }
    }

    private static var bytesInUse: Int {
        #if canImport(Darwin)
        Int(mstats().bytes_used)
        #else
        let figures = mallinfo2()
        return figures.uordblks + figures.hblkhd
        #endif
    }
}
