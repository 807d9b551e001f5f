/// Who may use the interface: which names a client may call the server by, and which web sites may reach it through a
/// browser.
final class AccessPolicy: Sendable {
    private let checksHost: Bool
    private let hosts: [[UInt8]]
    private let origins: [[UInt8]]

    init(_ configuration: ServerConfiguration, isLoopback: Bool) {
        checksHost = isLoopback || !configuration.allowedHosts.isEmpty
        hosts = configuration.allowedHosts.map { Array($0.lowercased().utf8) }
        origins = configuration.allowedOrigins.map { Array($0.utf8) }
    }

    /// Checks the name that the client calls the server by.
    ///
    /// A web site whose name leads to this machine would otherwise be of the same origin as the broker in a browser's
    /// eyes.
    ///
    /// - Throws: ``Problem`` with `misdirectedRequest`.
    func checkHost(_ head: RequestHead, _ bytes: Span<UInt8>) throws(Problem) {
        guard checksHost, let host = head.host else { return }
        let name = AccessPolicy.nameWithoutPort(host, in: bytes)
        guard !AccessPolicy.isLoopbackName(name, in: bytes) else { return }
        for allowed in hosts where name.count == allowed.count {
            if zip(name.offsets, allowed).allSatisfy({ bytes[$0].asciiLowercased == $1 }) { return }
        }
        throw Problem(
            .misdirectedRequest,
            "the host '\(name.text(in: bytes).prefix(80))' is not one of this server's; "
                + "use 127.0.0.1 or localhost, or start it with --allow-host"
        )
    }

    /// Checks where a browser says that the request comes from.
    ///
    /// - Throws: ``Problem`` with `forbidden` if it comes from an origin that is not allowed.
    func checkOrigin(_ head: RequestHead, _ bytes: Span<UInt8>) throws(Problem) {
        guard let origin = head.origin else {
            // A browser leaves Origin out of a plain GET (of an image, a script, a frame), but not this.
            guard let site = head.secFetchSite,
                site.equals("cross-site", in: bytes) || site.equals("same-site", in: bytes)
            else { return }
            throw Problem(
                .forbidden,
                "a page of another site asks without saying which; it must use fetch or EventSource"
            )
        }
        if let host = head.host, AccessPolicy.isSame(origin, host, in: bytes) { return }
        guard !isAllowed(origin, bytes) else { return }
        throw Problem(
            .forbidden,
            "pages of '\(origin.text(in: bytes).prefix(80))' may not use this server; start it with --allow-origin to let them"
        )
    }

    /// The header fields that let a page of another origin, if that is allowed, see the answer; whatever the answer is.
    @inline(__always)
    func crossOriginFields(_ head: RequestHead, _ bytes: Span<UInt8>) -> String {
        guard let origin = head.origin else { return "" }
        return crossOriginFields(origin, head, bytes)
    }

    @inline(never)
    private func crossOriginFields(_ origin: ByteRange, _ head: RequestHead, _ bytes: Span<UInt8>) -> String {
        if let host = head.host, AccessPolicy.isSame(origin, host, in: bytes) { return "" }
        guard isAllowed(origin, bytes) else { return "" }
        return "Access-Control-Allow-Origin: \(origin.text(in: bytes))\r\nVary: Origin\r\n"
    }

    private func isAllowed(_ origin: ByteRange, _ bytes: Span<UInt8>) -> Bool {
        for allowed in origins where origin.count == allowed.count {
            if zip(origin.offsets, allowed).allSatisfy({ bytes[$0] == $1 }) { return true }
        }
        return false
    }

    /// Whether an origin is `http://` or `https://` and the host that the request was sent to.
    private static func isSame(_ origin: ByteRange, _ host: ByteRange, in bytes: Span<UInt8>) -> Bool {
        for scheme in [7, 8] where origin.count == scheme + host.count {
            let prefix = ByteRange(Int(origin.lower), Int(origin.lower) + scheme)
            let rest = ByteRange(Int(origin.lower) + scheme, Int(origin.upper))
            guard prefix.equals(scheme == 7 ? "http://" : "https://", in: bytes) else { continue }
            return zip(rest.offsets, host.offsets).allSatisfy { bytes[$0].asciiLowercased == bytes[$1].asciiLowercased }
        }
        return false
    }

    private static func nameWithoutPort(_ host: ByteRange, in bytes: Span<UInt8>) -> ByteRange {
        var end = Int(host.upper)
        while end > Int(host.lower), bytes[end - 1].isDigit { end -= 1 }
        guard end > Int(host.lower), bytes[end - 1] == UInt8(ascii: ":") else { return host }
        return ByteRange(Int(host.lower), end - 1)
    }

    /// `localhost`, names below it, and the loopback addresses.
    private static func isLoopbackName(_ name: ByteRange, in bytes: Span<UInt8>) -> Bool {
        if name.equals("127.0.0.1", in: bytes) || name.equalsIgnoringCase("localhost", in: bytes) { return true }
        if name.equals("[::1]", in: bytes) { return true }
        if name.count > 10 {
            let end = ByteRange(Int(name.upper) - 10, Int(name.upper))
            if end.equalsIgnoringCase(".localhost", in: bytes) { return true }
        }
        guard name.count >= 9, ByteRange(Int(name.lower), Int(name.lower) + 4).equals("127.", in: bytes) else {
            return false
        }
        return SocketAddress(literal: name.text(in: bytes), port: 0)?.isLoopback ?? false
    }
}
