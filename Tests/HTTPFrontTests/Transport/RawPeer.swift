import HTTPFront
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The other end of a connection: a plain blocking socket, so that a test decides what is read and when.
struct RawPeer: ~Copyable {
    /// A seat belt: a test that waits in vain fails instead of hanging.
    ///
    /// Busy machines take long for what is no mistake.
    static let patience = Duration.seconds(120)

    private let fd: Int32
    // A server that has closed must not end the process of the tests.
    #if canImport(Darwin)
    private static let sendFlags: Int32 = 0
    #else
    private static let sendFlags = Int32(MSG_NOSIGNAL)
    #endif

    /// Connects; with `receiveBytes`, the kernel keeps about that many unread bytes at most.
    init(_ address: SocketAddress, receiveBytes: Int32? = nil) throws {
        #if canImport(Darwin)
        fd = socket(AF_INET, SOCK_STREAM, 0)
        var isSilent: Int32 = 1
        setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &isSilent, 4)
        #else
        fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        #endif
        if var receiveBytes { setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receiveBytes, 4) }
        var patience = timeval(tv_sec: Int(RawPeer.patience.components.seconds), tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = address.port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        let code = errno
        try #require(result == 0, "connect: error \(code)")
    }

    deinit {
        close(fd)
    }

    /// Sends all of `bytes`; what was sent until it failed, if it did.
    @discardableResult
    borrowing func send(_ bytes: [UInt8]) -> Int {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { transmit($0) }
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }

    private borrowing func transmit(_ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Darwin)
        Darwin.send(fd, bytes.baseAddress, bytes.count, RawPeer.sendFlags)
        #else
        Glibc.send(fd, bytes.baseAddress, bytes.count, RawPeer.sendFlags)
        #endif
    }

    borrowing func send(_ text: String) {
        send(Array(text.utf8))
    }

    /// Reads exactly `count` bytes; fewer at the end of the stream, or if it was reset.
    borrowing func receive(_ count: Int) -> [UInt8] {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: min(max(count, 1), 65_536))
        while received.count < count {
            let found = read(fd, &buffer, min(buffer.count, count - received.count))
            guard found > 0 else { break }
            received += buffer[..<found]
        }
        return received
    }

    /// Reads what is there, at most `count` bytes, after waiting for the first; nothing at the end of the stream, or if it was
    /// reset.
    borrowing func receiveSome(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, found in
            found = max(0, read(fd, buffer.baseAddress, count))
        }
    }

    /// Waits for the server to end the stream: true at its end, false if it was reset or something came.
    borrowing func reachesEnd() -> Bool {
        var byte: UInt8 = 0
        return read(fd, &byte, 1) == 0
    }

    /// Tells the server that nothing more will be sent.
    borrowing func finishSending() {
        shutdown(fd, Int32(SHUT_WR))
    }

    /// Closes with a reset.
    consuming func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Closes.
    consuming func leave() {}
}
