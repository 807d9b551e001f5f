internal import Foundation

/// Where a broker is: `http` or `https`, a host, perhaps a port, perhaps a path that a proxy puts in front.
struct ServerURL: Hashable, Sendable, CustomStringConvertible {
    /// Without a slash at its end.
    let description: String
    /// "http" or "https".
    let scheme: String
    /// A name or an address, IPv6 without brackets.
    let host: String
    /// The port, also where the text leaves it out.
    let port: UInt16
    /// What stands before `/v1`, without a slash at its end.
    let path: String

    /// Reads a URL; nil if it is none that a broker can have.
    init?(_ text: String) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            let host = parts.host, !host.isEmpty, scheme == "http" || scheme == "https",
            parts.query == nil, parts.fragment == nil, parts.user == nil, parts.password == nil
        else { return nil }
        guard let port = UInt16(exactly: parts.port ?? (scheme == "http" ? 80 : 443)), port > 0 else { return nil }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        self.host = isBracketed ? String(host.dropFirst().dropLast()) : host
        self.scheme = scheme
        self.port = port
        path = ServerURL.withoutEndSlashes(parts.percentEncodedPath)
        description = ServerURL.withoutEndSlashes(text)
    }

    private init(local port: UInt16) {
        description = "http://127.0.0.1:\(port)"
        scheme = "http"
        host = "127.0.0.1"
        self.port = port
        path = ""
    }

    /// Where `brokerctl serve` listens if it is told nothing.
    static let standard = ServerURL(local: 8080)

    private static func withoutEndSlashes(_ text: String) -> String {
        var text = text
        while text.hasSuffix("/") { text.removeLast() }
        return text
    }
}

extension ValueSyntax where Value == ServerURL {
    /// Where a broker is.
    static var serverURL: ValueSyntax {
        ValueSyntax(
            placeholder: "URL",
            expectation: "a URL such as 'http://127.0.0.1:8080'",
            read: { ServerURL($0) },
            write: { $0.description }
        )
    }
}
