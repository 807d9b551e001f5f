internal import Broker

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif
#if os(Linux)
internal import CLinux
#endif

/// The system calls of the transport: everything in which Linux and macOS differ stands here.
///
/// Where a call fails, the error number is returned as a negative result, so that nobody reads `errno` too late.
package enum Socket {
    #if os(Linux)
    private static let stream = Int32(SOCK_STREAM.rawValue)
    /// Poll's word for a peer that will send no more; glibc shows it only under _GNU_SOURCE.
    static let pollPeerLeft: Int16 = 0x2000
    static let pollHangUp = Int16(POLLHUP)
    private static let sendFlags = Int32(MSG_NOSIGNAL)
    private static let tcp = Int32(IPPROTO_TCP)
    private static let ipv6 = Int32(IPPROTO_IPV6)
    #else
    private static let stream = SOCK_STREAM
    /// Darwin has no word for a half-closed peer; it reports one as a hang-up.
    static let pollPeerLeft = Int16(POLLHUP)
    static let pollHangUp: Int16 = 0
    private static let sendFlags: Int32 = 0
    private static let tcp = IPPROTO_TCP
    private static let ipv6 = IPPROTO_IPV6
    #endif

    // MARK: Making sockets

    /// Makes a stream socket that does not block and is not inherited.
    static func make(_ address: SocketAddress) -> Int32 {
        let family = address.isIPv6 ? AF_INET6 : AF_INET
        #if os(Linux)
        let fd = socket(family, stream | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        return fd >= 0 ? fd : -errno
        #else
        let fd = socket(family, stream, 0)
        guard fd >= 0 else { return -errno }
        configureDescriptor(fd)
        return fd
        #endif
    }

    /// Binds a socket and makes it listen; returns 0 or a negative error number.
    static func listen(_ fd: Int32, on address: SocketAddress, backlog: Int, isShared: Bool) -> Int32 {
        set(fd, SOL_SOCKET, SO_REUSEADDR, 1)
        if isShared { set(fd, SOL_SOCKET, SO_REUSEPORT, 1) }
        // "::" takes IPv4 connections too, whatever the system's default is.
        if address.isIPv6 { set(fd, ipv6, IPV6_V6ONLY, address.isUnspecified ? 0 : 1) }
        let bound = withSockaddr(address) { bind(fd, $0, $1) }
        guard bound == 0 else { return -errno }
        #if canImport(Darwin)
        let result = Darwin.listen(fd, Int32(clamping: backlog))
        #else
        let result = Glibc.listen(fd, Int32(clamping: backlog))
        #endif
        return result == 0 ? 0 : -errno
    }

    /// Accepts one connection: a descriptor that does not block and is not inherited, or a negative error number.
    static func accept(_ listener: Int32) -> Int32 {
        #if os(Linux)
        let fd = accept4(listener, nil, nil, Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue))
        return fd >= 0 ? fd : -errno
        #else
        let fd = Darwin.accept(listener, nil, nil)
        guard fd >= 0 else { return -errno }
        configureDescriptor(fd)
        return fd
        #endif
    }

    /// Begins to connect: 0 when connected at once, else a negative error number, `-EINPROGRESS` when it goes on.
    static func connect(_ fd: Int32, to address: SocketAddress) -> Int32 {
        #if canImport(Darwin)
        let result = withSockaddr(address) { Darwin.connect(fd, $0, $1) }
        #else
        let result = withSockaddr(address) { Glibc.connect(fd, $0, $1) }
        #endif
        return result == 0 ? 0 : -errno
    }

    // Whether an accepted connection has the options of its listener, so that they need not be set on each.
    #if os(Linux)
    static let acceptedInheritsOptions = true
    #else
    static let acceptedInheritsOptions = false
    #endif

    /// Sends small answers at once, and notices peers that vanished.
    ///
    /// Their connections fail after 60 s without a word; on Linux when what was sent, or a probe after 30 s without a word,
    /// is not acknowledged for `silenceMax`.
    static func configureConnection(_ fd: Int32, silenceMax: Duration = .seconds(30)) {
        set(fd, tcp, TCP_NODELAY, 1)
        set(fd, SOL_SOCKET, SO_KEEPALIVE, 1)
        set(fd, tcp, TCP_KEEPINTVL, 10)
        set(fd, tcp, TCP_KEEPCNT, 3)
        #if os(Linux)
        set(fd, tcp, TCP_KEEPIDLE, 30)
        set(fd, tcp, TCP_USER_TIMEOUT, Int32(clamping: max(1, silenceMax.wholeNanoseconds / 1_000_000)))
        #else
        set(fd, tcp, TCP_KEEPALIVE, 30)
        #endif
    }

    #if !os(Linux)
    private static func configureDescriptor(_ fd: Int32) {
        _ = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK)
        _ = fcntl(fd, F_SETFD, FD_CLOEXEC)
        set(fd, SOL_SOCKET, SO_NOSIGPIPE, 1)
    }
    #endif

    private static func set(_ fd: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        // An option that the system refuses costs comfort, not correctness.
        _ = setsockopt(fd, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    // MARK: Using them

    /// Reads what is there: the number of bytes, 0 at the peer's end, or a negative error number.
    @inline(__always)
    static func receive(_ fd: Int32, _ buffer: UnsafeMutablePointer<UInt8>, _ room: Int) -> Int {
        while true {
            let count = recv(fd, buffer, room, 0)
            if count >= 0 { return count }
            let code = errno
            if code != EINTR { return -Int(code) }
        }
    }

    /// Whether bytes have come that were not read.
    static func hasInput(_ fd: Int32) -> Bool {
        var byte: UInt8 = 0
        return recv(fd, &byte, 1, Int32(MSG_PEEK)) > 0
    }

    /// Hands bytes to the kernel, without SIGPIPE: how many it took, or a negative error number.
    @inline(__always)
    static func send(_ fd: Int32, _ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        while true {
            #if canImport(Darwin)
            let count = Darwin.send(fd, bytes.baseAddress, bytes.count, sendFlags)
            #else
            let count = Glibc.send(fd, bytes.baseAddress, bytes.count, sendFlags)
            #endif
            if count >= 0 { return count }
            let code = errno
            if code != EINTR { return -Int(code) }
        }
    }

    /// Tells the peer that nothing more will be sent.
    static func finishSending(_ fd: Int32) {
        _ = shutdown(fd, Int32(SHUT_WR))
    }

    /// Closes a descriptor; not repeated after EINTR, since the descriptor is gone by then.
    package static func close(_ fd: Int32) {
        #if canImport(Darwin)
        _ = Darwin.close(fd)
        #else
        _ = Glibc.close(fd)
        #endif
    }

    /// Takes the error that the kernel keeps for the socket; 0 for none.
    static func takeError(_ fd: Int32) -> Int32 {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else { return errno }
        return code
    }

    /// How many sent bytes the peer's kernel did not acknowledge yet; nil if the system does not tell.
    static func unacknowledgedBytes(_ fd: Int32) -> Int? {
        var count: Int32 = 0
        #if os(Linux)
        return ioctl(fd, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : nil
        #else
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(fd, SOL_SOCKET, SO_NWRITE, &count, &length) == 0 ? Int(count) : nil
        #endif
    }

    /// Waits for readiness; how many entries are ready, 0 after an interruption.
    static func poll(_ entries: inout [pollfd], _ milliseconds: Int32) -> Int {
        let count = nfds_t(entries.count)
        let found = entries.withUnsafeMutableBufferPointer { entries in
            #if canImport(Darwin)
            Darwin.poll(entries.baseAddress, count, milliseconds)
            #else
            Glibc.poll(entries.baseAddress, count, milliseconds)
            #endif
        }
        precondition(found >= 0 || errno == EINTR || errno == EAGAIN || errno == ENOMEM, "poll: \(text(of: errno))")
        return max(0, Int(found))
    }

    /// A descriptor of no use but to be closed when there is no other left; -1 if none can be had.
    static func reserve() -> Int32 { open("/dev/null", O_RDONLY | O_CLOEXEC) }
}
