#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

extension Socket {
    /// The address that the socket itself has.
    static func localAddress(_ fd: Int32) -> SocketAddress? { address { getsockname(fd, $0, $1) } }

    /// The address of the other side.
    static func peerAddress(_ fd: Int32) -> SocketAddress? { address { getpeername(fd, $0, $1) } }

    /// Lends `address` in the form that the system calls take.
    static func withSockaddr(
        _ address: SocketAddress,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var storage = sockaddr_storage()
        let length = address.isIPv6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
        return withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                let target = UnsafeMutableRawPointer(raw)
                if address.isIPv6 {
                    raw.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { ipv6 in
                        ipv6.pointee.sin6_family = sa_family_t(AF_INET6)
                        ipv6.pointee.sin6_port = address.port.bigEndian
                        ipv6.pointee.sin6_scope_id = address.scope
                    }
                    let offset = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr) ?? 8
                    (target + offset).copyMemory(from: address.octets, byteCount: 16)
                } else {
                    raw.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { ipv4 in
                        ipv4.pointee.sin_family = sa_family_t(AF_INET)
                        ipv4.pointee.sin_port = address.port.bigEndian
                    }
                    let offset = MemoryLayout<sockaddr_in>.offset(of: \.sin_addr) ?? 4
                    (target + offset).copyMemory(from: address.octets, byteCount: 4)
                }
                #if canImport(Darwin)
                raw.pointee.sa_len = UInt8(length)
                #endif
                return body(raw, socklen_t(length))
            }
        }
    }

    /// Looks up a name; blocks the thread.
    static func lookUp(_ name: String, port: UInt16) throws(TransportError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Darwin)
        hints.ai_socktype = SOCK_STREAM
        #else
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #endif
        var first: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(name, nil, &hints, &first)
        guard result == 0 else {
            throw TransportError(operation: "looking up '\(name)'", detail: String(cString: gai_strerror(result)))
        }
        defer { freeaddrinfo(first) }
        var found: [SocketAddress] = []
        var next = first
        while let entry = next?.pointee {
            if var address = entry.ai_addr.flatMap({ read($0) }) {
                address.port = port
                if !found.contains(address) { found.append(address) }
            }
            next = entry.ai_next
        }
        return found
    }

    private static func address(
        _ ask: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                ask(raw, &length) == 0 ? read(raw) : nil
            }
        }
    }

    private static func read(_ raw: UnsafePointer<sockaddr>) -> SocketAddress? {
        let bytes = UnsafeRawPointer(raw)
        switch Int32(raw.pointee.sa_family) {
        case AF_INET:
            let ipv4 = bytes.loadUnaligned(as: sockaddr_in.self)
            return SocketAddress(octets: octets(of: ipv4.sin_addr), port: UInt16(bigEndian: ipv4.sin_port))
        case AF_INET6:
            let ipv6 = bytes.loadUnaligned(as: sockaddr_in6.self)
            let port = UInt16(bigEndian: ipv6.sin6_port)
            return SocketAddress(octets: octets(of: ipv6.sin6_addr), port: port, scope: ipv6.sin6_scope_id)
        default:
            return nil
        }
    }

    private static func octets<Value>(of value: Value) -> [UInt8] {
        withUnsafeBytes(of: value) { Array($0) }
    }
}
