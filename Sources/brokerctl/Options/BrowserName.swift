internal import HTTPFront

/// Origins and hosts as browsers write them: the broker compares them as they are, so what is written otherwise matches
/// nothing.
enum BrowserName {
    /// What is wrong with an origin, and how to write it; nil if a browser might send it.
    static func mistake(inOrigin text: String) -> String? {
        // Pages without an origin of their own: local files, sandboxed frames.
        guard text != "null" else { return nil }
        guard !text.contains("*") else {
            return "origins are compared as a whole; name each one, as in 'https://www.example.org'"
        }
        guard let separator = text.firstRange(of: "://") else {
            return name(of: text) != nil
                ? "it has no scheme; write 'https://\(text.lowercased())' (or http://)"
                : "it is no origin; write it as in 'https://www.example.org' or 'http://localhost:3000'"
        }
        let scheme = text[..<separator.lowerBound].lowercased()
        let authority = text[separator.upperBound...].prefix { !"/?#".contains($0) }.lowercased()
        let isScheme = scheme.wholeMatch(of: /[a-z][a-z0-9+.-]*/) != nil
        guard isScheme, name(of: authority) != nil else {
            return text.allSatisfy(\.isASCII)
                ? "it is no origin; write it as in 'https://www.example.org' or 'http://localhost:3000'"
                : "browsers write names in ASCII; write it as they do, as in 'https://xn--mnchen-3ya.example'"
        }
        let wanted = "\(scheme)://\(withoutDefaultPort(authority, scheme))"
        guard wanted != text else { return nil }
        let hasPath = text.count > scheme.count + 3 + authority.count
        let reason =
            hasPath
            ? "an origin ends behind the host or the port"
            : "browsers write it in small letters and leave the scheme's own port out"
        return "\(reason); write '\(wanted)'"
    }

    /// What is wrong with a name for the Host field, and how to write it; nil if a request might have it.
    static func mistake(inHost text: String) -> String? {
        guard !text.contains("*") else { return "names are compared as a whole; name each one" }
        if let separator = text.firstRange(of: "://") {
            let host = text[separator.upperBound...].prefix { !"/?#".contains($0) }
            guard let name = name(of: String(host)) else {
                return "it is no host name; write, say, 'broker.example.org'"
            }
            return "it is a URL; write '\(name)'"
        }
        if let name = name(of: text) {
            return name == text ? nil : "any port will do; write '\(name)'"
        }
        guard name(of: "[\(text)]") == nil else { return "an IPv6 address stands in brackets; write '[\(text)]'" }
        return "it is no host name or address; write, say, 'broker.example.org'"
    }

    /// The name or address of a host that may have a port; nil if it is none.
    private static func name(of text: String) -> String? {
        let bytes = Array(text.utf8)
        guard let host = HostName(ByteRange(0, bytes.count), in: bytes.span) else { return nil }
        return String(decoding: bytes[host.name.offsets], as: UTF8.self)
    }

    private static func withoutDefaultPort(_ authority: String, _ scheme: String) -> String {
        let bytes = Array(authority.utf8)
        guard let host = HostName(ByteRange(0, bytes.count), in: bytes.span) else { return authority }
        let name = String(decoding: bytes[host.name.offsets], as: UTF8.self)
        guard let port = host.port, port != ["http": 80, "https": 443][scheme] else { return name }
        return "\(name):\(port)"
    }
}
