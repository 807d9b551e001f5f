/// An answer as a value: what routes give that are not worth writing straight into a buffer.
package struct Response: Sendable {
    /// The HTTP status.
    package var status: Int
    /// The media type of the body; nil if there is no body.
    package var contentType: String?
    /// Further header fields, each with its line end.
    package var fields: String
    /// The body.
    package var body: [UInt8]

    /// Makes an answer.
    package init(status: Int, contentType: String?, fields: String = "", body: [UInt8] = []) {
        self.status = status
        self.contentType = contentType
        self.fields = fields
        self.body = body
    }

    /// An answer in JSON, written by `write`.
    static func json(status: Int = 200, _ write: (ByteBuffer) -> Void) -> Response {
        let body = ByteBuffer(capacity: 256)
        write(body)
        return Response(status: status, contentType: "application/json", body: Array(body.bytes))
    }
}

/// The first line of an answer.
enum StatusLine {
    /// What a status is called (RFC 9110 §15).
    static func reason(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 204: "No Content"
        case 207: "Multi-Status"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        case 507: "Insufficient Storage"
        default: "Internal Server Error"
        }
    }
}

extension ByteBuffer {
    /// Appends the head of an answer.
    ///
    /// - Parameters:
    ///   - status: The HTTP status.
    ///   - contentType: The media type; nil if there is no content.
    ///   - fields: Further header fields, each with its line end.
    ///   - connection: What is said about the connection; nil where the version's default holds.
    ///   - date: The field `Date`, with its line end.
    func append(
        status: Int,
        contentType: StaticString?,
        fields: String,
        connection: StaticString?,
        date: UnsafeBufferPointer<UInt8>
    ) {
        append("HTTP/1.1 ")
        append(decimal: status)
        append(UInt8(ascii: " "))
        append(StatusLine.reason(status))
        if let contentType {
            append("\r\nContent-Type: ")
            append(contentType)
        }
        if let connection {
            append("\r\nConnection: ")
            append(connection)
        }
        append("\r\n")
        append(text: fields)
        append(date)
        append("\r\n")
    }
}
