#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// An IPv4 or IPv6 address with a port.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// The 4 or 16 bytes of the address, in network order.
    let octets: [UInt8]
    /// The port; 0 asks for a free one when listening.
    package var port: UInt16
    /// Which interface a link-local IPv6 address is meant on; 0 for none.
    let scope: UInt32

    init(octets: [UInt8], port: UInt16, scope: UInt32 = 0) {
        self.octets = octets
        self.port = port
        self.scope = scope
    }

    /// Finds the first address of `host`, which is a literal, `localhost` (127.0.0.1) or a name to be looked up.
    ///
    /// Looking up a name blocks the thread.
    package init(host: String, port: UInt16) throws(TransportError) {
        guard let first = try SocketAddress.resolve(host: host, port: port).first else {
            throw TransportError(operation: "looking up '\(host)'", detail: "it has no IPv4 or IPv6 address")
        }
        self = first
    }

    /// All addresses of `host`, as `init(host:port:)` finds them; `localhost` is 127.0.0.1, then ::1.
    package static func resolve(host: String, port: UInt16) throws(TransportError) -> [SocketAddress] {
        if host == "localhost" {
            return [.init(octets: [127, 0, 0, 1], port: port), .init(octets: ipv6Loopback, port: port)]
        }
        var name = host
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        if let literal = SocketAddress(literal: name, port: port) { return [literal] }
        return try Socket.lookUp(name, port: port)
    }

    /// Reads a numeric address such as "127.0.0.1" or "::1"; nil if it is none.
    package init?(literal: String, port: UInt16) {
        var ipv4 = in_addr()
        var ipv6 = in6_addr()
        if inet_pton(AF_INET, literal, &ipv4) == 1 {
            self.init(octets: withUnsafeBytes(of: &ipv4) { Array($0) }, port: port)
        } else if inet_pton(AF_INET6, literal, &ipv6) == 1 {
            self.init(octets: withUnsafeBytes(of: &ipv6) { Array($0) }, port: port)
        } else {
            return nil
        }
    }

    private static let ipv6Loopback: [UInt8] = Array(repeating: 0, count: 15) + [1]
    private static let ipv4Mapped: [UInt8] = Array(repeating: 0, count: 10) + [255, 255]

    /// Whether it is an IPv6 address.
    package var isIPv6: Bool { octets.count == 16 }

    /// Whether only this machine can reach it: 127.0.0.0/8, also mapped into IPv6, and ::1.
    package var isLoopback: Bool {
        guard isIPv6 else { return octets[0] == 127 }
        if octets.starts(with: SocketAddress.ipv4Mapped) { return octets[12] == 127 }
        return octets == SocketAddress.ipv6Loopback
    }

    /// Whether it stands for every interface: 0.0.0.0 or ::.
    package var isUnspecified: Bool { octets.allSatisfy { $0 == 0 } }

    /// The address without its port, IPv6 without brackets.
    package var hostText: String {
        let family = isIPv6 ? AF_INET6 : AF_INET
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            guard let start = text.baseAddress, inet_ntop(family, octets, start, 64) != nil else { return "?" }
            return String(cString: start)
        }
    }

    /// Address and port, as in a URL.
    package var description: String { isIPv6 ? "[\(hostText)]:\(port)" : "\(hostText):\(port)" }
}
