/// How large a request may be.
package struct HTTPLimits: Sendable {
    /// Bytes of the request line, without its line end; more is 414.
    package var requestLineBytesMax: Int
    /// Bytes of all header fields together, with their line ends except the last; more is 431.
    package var headerBytesMax: Int
    /// How many header fields there may be; more is 431.
    package var headerFieldsMax: Int
    /// Bytes of the body, without what the chunked coding adds; more is 413.
    package var bodyBytesMax: Int

    /// Makes limits; what is left out has the value that the server starts with.
    package init(
        requestLineBytesMax: Int = 8192,
        headerBytesMax: Int = 16384,
        headerFieldsMax: Int = 100,
        bodyBytesMax: Int = 8 << 20
    ) {
        self.requestLineBytesMax = requestLineBytesMax
        self.headerBytesMax = headerBytesMax
        self.headerFieldsMax = headerFieldsMax
        self.bodyBytesMax = bodyBytesMax
    }
}

/// What a request asks to be done; the names are case-sensitive.
package enum HTTPMethod: Sendable {
    case get
    case head
    case post
    case delete
    case options
    case put
    case patch
    /// A well-formed name that is none of the above.
    case other

    /// The name as it stands in a request; `other` for the last case, whose text the request alone knows.
    package var name: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .put: "PUT"
        case .patch: "PATCH"
        case .other: "other"
        }
    }

    @inline(__always)
    init(_ range: ByteRange, in bytes: Span<UInt8>) {
        switch range.count {
        case 3 where range.equals("GET", in: bytes): self = .get
        case 3 where range.equals("PUT", in: bytes): self = .put
        case 4 where range.equals("POST", in: bytes): self = .post
        case 4 where range.equals("HEAD", in: bytes): self = .head
        case 5 where range.equals("PATCH", in: bytes): self = .patch
        case 6 where range.equals("DELETE", in: bytes): self = .delete
        case 7 where range.equals("OPTIONS", in: bytes): self = .options
        default: self = .other
        }
    }
}

/// How the end of a request's body is found.
package enum BodyFraming: Sendable, Equatable {
    /// There is no body.
    case none
    /// The body has this many bytes, which may be 0.
    case length(Int)
    /// The body comes in chunks, for ``ChunkedDecoder``.
    case chunked
}

/// A request line and its header fields, as ranges of the bytes that were parsed.
///
/// Field values are trimmed of spaces and tabs, may be empty, and may hold bytes from 0x80 on (except `host`).
package struct RequestHead: Sendable {
    /// What is asked.
    package var method: HTTPMethod = .other
    /// The method's own text.
    package var methodRange = ByteRange(0, 0)
    /// The whole request target, as it came.
    package var target = ByteRange(0, 0)
    /// The target's path, escapes and all, never empty: `/…`, or `*` for OPTIONS.
    ///
    /// An absolute target may leave its path out; it is a `/` then, too.
    package var path = ByteRange(0, 0)
    /// What follows the target's first `?`; nil without one.
    package var query: ByteRange?
    /// The `x` of `HTTP/1.x`: 0 or 1.
    package var minorVersion: UInt8 = 1
    /// How the end of the body is found; a length is within the limit.
    package var framing: BodyFraming = .none
    /// Whether the client wants to go on with this connection.
    package var isKeepAlive = true
    /// Whether the client waits for `100 Continue` before it sends its body.
    package var expectsContinue = false
    /// The target's authority if it has one, else the value of `Host`: a valid name or address, and perhaps a port.
    package var host: ByteRange?
    /// The value of `Content-Type`.
    package var contentType: ByteRange?
    /// The value of `Content-Encoding`.
    package var contentEncoding: ByteRange?
    /// The value of `Accept`.
    package var accept: ByteRange?
    /// The value of `Origin`.
    package var origin: ByteRange?
    /// The value of `Last-Event-ID`.
    package var lastEventID: ByteRange?
    /// The value of `Idempotency-Key`.
    package var idempotencyKey: ByteRange?
    /// The value of `Authorization`.
    package var authorization: ByteRange?
    /// The value of `Cookie`.
    package var cookie: ByteRange?
    /// The value of `If-None-Match`.
    package var ifNoneMatch: ByteRange?
    /// The value of `Sec-Fetch-Site`, with which a browser says how far away the page is that asks.
    package var secFetchSite: ByteRange?
    /// The value of `Access-Control-Request-Method`.
    package var accessControlRequestMethod: ByteRange?
    /// The value of `Access-Control-Request-Headers`.
    package var accessControlRequestHeaders: ByteRange?
    /// Bytes of the whole head, from an empty line that was tolerated before it to the empty line that ends it.
    package var byteCount = 0

    init() {}
}
