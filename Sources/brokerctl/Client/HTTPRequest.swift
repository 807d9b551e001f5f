/// A request to a broker, as far as it differs from one to the next.
struct HTTPRequest: Sendable {
    /// GET, POST or DELETE.
    var method = "GET"
    /// Behind the broker's URL, with a slash in front.
    var path: String
    /// The parameters of the query, in order; a name may repeat.
    var query: [(name: String, value: String)] = []
    /// Header fields beside those that every request has.
    var fields: [(name: String, value: String)] = []
    /// The body, if there is one.
    var body: [UInt8]?
    /// For how long nothing may come before the broker counts as out of reach.
    var timeout: Duration = .seconds(30)

    /// A question without a body.
    static func get(_ path: String, _ query: [(name: String, value: String)] = []) -> HTTPRequest {
        HTTPRequest(path: path, query: query)
    }

    /// A request with a body.
    static func post(_ path: String, body: String, contentType: String = "application/json") -> HTTPRequest {
        HTTPRequest(
            method: "POST",
            path: path,
            fields: [("Content-Type", contentType)],
            body: Array(body.utf8)
        )
    }

    /// Path and query as they stand in a URL.
    var target: String {
        guard !query.isEmpty else { return path }
        let pairs = query.map { "\(HTTPRequest.percentEncoded($0.name))=\(HTTPRequest.percentEncoded($0.value))" }
        return "\(path)?\(pairs.joined(separator: "&"))"
    }

    /// A text with everything escaped that RFC 3986 does not call unreserved.
    static func percentEncoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                encoded += byte < 16 ? "%0" : "%"
                encoded += String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}

/// The head of an answer.
struct HTTPHead: Sendable {
    /// The status.
    var status: Int
    /// The media type, without parameters, in small letters; empty if the answer has none.
    var mediaType: String
    /// Where a redirection leads, if it is one.
    var location: String?
    /// Seconds after which to try again, if the answer says so.
    var retryAfterSeconds: Int?

    /// Makes a head from a status and the text of fields.
    init(status: Int, contentType: String?, location: String?, retryAfter: String?) {
        self.status = status
        mediaType = (contentType ?? "").prefix { $0 != ";" && $0 != " " }.lowercased()
        self.location = location
        retryAfterSeconds = retryAfter.flatMap { Int($0) }
    }
}

/// A whole answer.
struct HTTPAnswer: Sendable {
    /// Its head.
    var head: HTTPHead
    /// Its body.
    var body: [UInt8]
}

/// What comes of a request.
enum HTTPEvent: Sendable {
    /// First, and once.
    case head(HTTPHead)
    /// Some bytes of the body.
    case bytes([UInt8])
}
