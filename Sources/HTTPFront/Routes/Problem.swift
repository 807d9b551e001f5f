internal import Broker

/// The catalogue of error codes: what stands in `code`, its HTTP status, and what it means.
///
/// openapi.yaml lists the same codes; a test holds the two equal.
package enum ProblemCode: String, CaseIterable, Sendable {
    case invalidRequest = "invalid_request"
    case unauthorized
    case forbidden
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case notAcceptable = "not_acceptable"
    case requestTimeout = "request_timeout"
    case tooLarge = "too_large"
    case uriTooLong = "uri_too_long"
    case unsupportedMediaType = "unsupported_media_type"
    case misdirectedRequest = "misdirected_request"
    case keyReused = "key_reused"
    case inboxFull = "inbox_full"
    case rateLimited = "rate_limited"
    case headersTooLarge = "headers_too_large"
    case internalError = "internal_error"
    case notImplemented = "not_implemented"
    case draining
    case overloaded
    case httpVersionNotSupported = "http_version_not_supported"
    case brokerFull = "broker_full"

    /// The code of a refusal by the broker itself.
    init(_ code: BrokerError.Code) {
        self =
            switch code {
            case .invalidRequest: .invalidRequest
            case .notFound: .notFound
            case .tooLarge: .tooLarge
            case .keyReused: .keyReused
            case .inboxFull: .inboxFull
            case .draining: .draining
            case .brokerFull: .brokerFull
            }
    }

    /// The HTTP status that goes with it.
    package var status: Int {
        switch self {
        case .invalidRequest: 400
        case .unauthorized: 401
        case .forbidden: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .notAcceptable: 406
        case .requestTimeout: 408
        case .tooLarge: 413
        case .uriTooLong: 414
        case .unsupportedMediaType: 415
        case .misdirectedRequest: 421
        case .keyReused: 422
        case .inboxFull, .rateLimited: 429
        case .headersTooLarge: 431
        case .internalError: 500
        case .notImplemented: 501
        case .draining, .overloaded: 503
        case .httpVersionNotSupported: 505
        case .brokerFull: 507
        }
    }

    /// Seconds after which it makes sense to try again; nil if time alone does not help.
    package var retryAfterSeconds: Int? {
        switch self {
        case .inboxFull, .rateLimited, .draining, .overloaded, .brokerFull: 5
        case .invalidRequest, .unauthorized, .forbidden, .notFound, .methodNotAllowed, .notAcceptable, .requestTimeout,
            .tooLarge, .uriTooLong, .unsupportedMediaType, .misdirectedRequest, .keyReused, .headersTooLarge,
            .internalError, .notImplemented, .httpVersionNotSupported:
            nil
        }
    }
}

/// A request that is answered with an error: application/problem+json, RFC 9457.
package struct Problem: Error, Hashable, Sendable {
    /// Which error.
    package var code: ProblemCode
    /// What was asked, what was found, what to do.
    package var detail: String
    /// The HTTP status, where it is not that of the code.
    package var status: Int
    /// For 405: the methods that there are.
    package var allow: String?

    /// Makes a problem.
    package init(_ code: ProblemCode, _ detail: String, status: Int? = nil, allow: String? = nil) {
        self.code = code
        self.detail = detail
        self.status = status ?? code.status
        self.allow = allow
    }

    init(_ error: BrokerError) {
        self.init(ProblemCode(error.code), error.description)
    }

    init(_ refusal: RequestRefusal) {
        self.init(ProblemCode(rawValue: refusal.code) ?? .invalidRequest, refusal.detail, status: refusal.status)
    }

    static func invalid(_ detail: String) -> Problem {
        Problem(.invalidRequest, detail)
    }

    /// As an answer.
    var response: Response { response { _ in } }

    /// As an answer with further members, each of which begins with a comma.
    func response(adding members: (ByteBuffer) -> Void) -> Response {
        let body = ByteBuffer(capacity: 256)
        body.append("{\"type\":\"urn:problem:broker:")
        body.append(text: code.rawValue)
        body.append("\",\"title\":")
        body.append(jsonString: StatusLine.reason(status).description)
        body.append(",\"status\":")
        body.append(decimal: status)
        body.append(",\"detail\":")
        body.append(jsonString: detail)
        body.append(",\"code\":\"")
        body.append(text: code.rawValue)
        body.append(UInt8(ascii: "\""))
        members(body)
        body.append(UInt8(ascii: "}"))
        var fields = ""
        if let allow { fields += "Allow: \(allow)\r\n" }
        if let seconds = code.retryAfterSeconds {
            // A page of another origin cannot read it unless it is told that it may.
            fields += "Retry-After: \(seconds)\r\nAccess-Control-Expose-Headers: Retry-After\r\n"
        }
        return Response(
            status: status,
            contentType: "application/problem+json",
            fields: fields,
            body: Array(body.bytes)
        )
    }
}
