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

/// The bytes of requests.
enum RequestBytes {
    /// A request without a body, with the fields given.
    static func get(_ target: String, fields: String = "") -> [UInt8] {
        Array("GET \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n\(fields)\r\n".utf8)
    }

    /// A request with a body of JSON, or lines of it.
    static func post(_ target: String, _ body: String, type: String = "application/json") -> [UInt8] {
        let head = "POST \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: \(type)\r\n"
        return Array("\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    }

    /// A message of a usual size to a recipient.
    static func message(to recipient: String) -> [UInt8] {
        post("/v1/send", "{\"recipient\":\"\(recipient)\",\"content\":\"\(content)\"}")
    }

    /// A poll that waits.
    static func poll(of recipient: String, timeout: Int = 300) -> [UInt8] {
        get("/v1/poll?recipient=\(recipient)&timeout=\(timeout)")
    }

    /// An event stream of what comes from now on.
    static func follow(_ recipient: String) -> [UInt8] {
        get("/v1/stream?recipient=\(recipient)&cursor=now", fields: "Accept: text/event-stream\r\n")
    }

    /// 100 bytes of content.
    static let content = String(repeating: "0123456789", count: 10)

    /// What a browser adds to a request.
    static let browserFields = """
        Connection: keep-alive\r
        sec-ch-ua-platform: "Linux"\r
        User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r
        Accept: application/json, text/plain, */*\r
        sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24"\r
        sec-ch-ua-mobile: ?0\r
        Sec-Fetch-Site: same-origin\r
        Sec-Fetch-Mode: cors\r
        Sec-Fetch-Dest: empty\r
        Referer: http://127.0.0.1/desk/agent\r
        Accept-Encoding: gzip, deflate, br, zstd\r
        Accept-Language: en-GB,en;q=0.9,zh-CN;q=0.8,zh;q=0.7\r\n
        """
}
