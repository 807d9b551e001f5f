#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// One connection that asks and waits; it does so little that what is counted is the server's.
struct Client: ~Copyable {
    private let fd: Int32
    /// Whoever waits for an answer has it for the moment: there is one thread.
    nonisolated(unsafe) private static let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 1 << 20,
        alignment: 16
    )

    /// Connects to a server on this machine.
    init(port: UInt16) {
        #if canImport(Darwin)
        fd = socket(AF_INET, SOCK_STREAM, 0)
        #else
        fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(fd, $0, size) }
        }
        precondition(connected == 0, "cannot connect to port \(port): error \(errno)")
    }

    deinit {
        close(fd)
    }

    /// Writes a request.
    func send(_ bytes: [UInt8]) {
        let count = bytes.withUnsafeBytes { write(fd, $0.baseAddress, $0.count) }
        precondition(count == bytes.count, "a request was not written in one go: \(count), error \(errno)")
    }

    /// Waits for what comes next on a stream.
    func receive() {
        let count = recv(fd, Client.buffer.baseAddress, Client.buffer.count, 0)
        precondition(count > 0, "the server ended the connection: \(count), error \(errno)")
    }

    /// Waits for an answer, which the server writes in one go, and must be one of success.
    func receiveAnswer() {
        receive()
        let buffer = Client.buffer
        let isSuccess = buffer[0] == 0x48 && buffer[9] == 0x32
        precondition(isSuccess, "not an answer of success: \(String(decoding: buffer.prefix(200), as: UTF8.self))")
    }

    /// Sends a request and waits for its answer.
    func exchange(_ bytes: [UInt8]) {
        send(bytes)
        receiveAnswer()
    }
}

/// Many connections.
final class Clients {
    private let clients: UnsafeMutableBufferPointer<Client>

    /// Opens them.
    init(_ rig: Rig, count: Int) {
        clients = .allocate(capacity: count)
        for index in 0..<count { clients.initializeElement(at: index, to: rig.client()) }
    }

    deinit {
        clients.deinitialize()
        clients.deallocate()
    }

    /// Does something with each.
    func withEach(_ body: (Int, borrowing Client) -> Void) {
        for index in clients.indices { body(index, clients[index]) }
    }
}
