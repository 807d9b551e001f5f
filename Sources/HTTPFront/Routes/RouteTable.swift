/// Every operation of the interface, in the words of openapi.yaml.
package enum Operation: String, CaseIterable, Sendable {
    case sendMessage
    case pollMessages
    case pollMessagesByPost
    case streamMessages
    case ackMessages
    case releaseLeases
    case extendLeases
    case getInbox
    case deleteInbox
    case listInboxes
    case getPresence
    case getStats
    case getMetrics
    case getLiveness
    case getReadiness
}

/// Which operations a path has.
struct Route {
    let path: StaticString
    var get: Operation?
    var post: Operation?
    var delete: Operation?
    /// Whether HEAD is answered like GET without the body: not where GET takes something.
    var allowsHead = true

    /// The methods, as `Allow` lists them.
    var allow: String {
        var methods: [String] = []
        if get != nil { methods.append("GET") }
        if get != nil, allowsHead { methods.append("HEAD") }
        if post != nil { methods.append("POST") }
        if delete != nil { methods.append("DELETE") }
        return (methods + ["OPTIONS"]).joined(separator: ", ")
    }
}

/// Which operation a request asks for.
package enum RouteTable {
    /// The busiest first: they are compared in this order.
    static let routes: [Route] = [
        Route(path: "/v1/poll", get: .pollMessages, post: .pollMessagesByPost, allowsHead: false),
        Route(path: "/v1/send", post: .sendMessage),
        Route(path: "/v1/stream", get: .streamMessages, allowsHead: false),
        Route(path: "/v1/ack", post: .ackMessages),
        Route(path: "/v1/release", post: .releaseLeases),
        Route(path: "/v1/extend", post: .extendLeases),
        Route(path: "/v1/inbox", get: .getInbox, delete: .deleteInbox),
        Route(path: "/v1/inboxes", get: .listInboxes),
        Route(path: "/v1/presence", get: .getPresence),
        Route(path: "/v1/stats", get: .getStats),
        Route(path: "/metrics", get: .getMetrics),
        Route(path: "/health/live", get: .getLiveness),
        Route(path: "/health/ready", get: .getReadiness),
    ]

    /// The operations with their methods and paths, as openapi.yaml should list them.
    package static var operations: [(operation: Operation, method: String, path: String)] {
        routes.flatMap { route in
            [(route.get, "get"), (route.post, "post"), (route.delete, "delete")].compactMap { operation, method in
                operation.map { ($0, method, route.path.description) }
            }
        }
    }

    /// The route of a path; nil if it is none of the interface's.
    ///
    /// Escapes are looked at only if the path as it came is none: who writes none pays nothing for them.
    @inline(__always)
    static func route(_ path: ByteRange, in bytes: Span<UInt8>) -> Route? {
        for route in routes where path.equals(route.path, in: bytes) { return route }
        return routeOfEscaped(path, in: bytes)
    }

    /// The route of a path that is written with escapes.
    ///
    /// Escapes of unreserved characters mean the characters themselves (RFC 3986 §6.2.2.2), and no path here has
    /// others.
    @inline(never)
    private static func routeOfEscaped(_ path: ByteRange, in bytes: Span<UInt8>) -> Route? {
        guard path.offsets.contains(where: { bytes[$0] == UInt8(ascii: "%") }),
            let text = try? percentDecodedPath(path, in: bytes)
        else { return nil }
        return routes.first { $0.path.description.utf8.elementsEqual(text.utf8) }
    }
}
