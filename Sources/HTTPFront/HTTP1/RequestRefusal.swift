/// Why the bytes of a request were refused; the connection is closed after it.
///
/// The detail says what was found, where, and what to do instead. It names single bytes and short names, never values.
package struct RequestRefusal: Error, Sendable {
    /// The HTTP status to answer with.
    package var status: Int
    /// The stable name of the error, as openapi.yaml lists it.
    package var code: String
    /// What was found and what to do.
    package var detail: String

    /// Makes a refusal.
    package init(status: Int, code: String, detail: String) {
        self.status = status
        self.code = code
        self.detail = detail
    }
}

// None of these is inlined, so that the parsers carry a call and not the text.
extension RequestRefusal {
    /// 400: not HTTP, or ambiguous.
    @inline(never)
    static func invalid(_ detail: String) -> RequestRefusal {
        RequestRefusal(status: 400, code: "invalid_request", detail: detail)
    }

    @inline(never)
    static func tooLong(requestLineBytesMax: Int) -> RequestRefusal {
        RequestRefusal(
            status: 414,
            code: "uri_too_long",
            detail:
                "the request line is longer than \(requestLineBytesMax) bytes; send long parameters in a POST"
        )
    }

    @inline(never)
    static func tooLarge(headerBytesMax: Int) -> RequestRefusal {
        RequestRefusal(
            status: 431,
            code: "headers_too_large",
            detail: "the header fields are longer than \(headerBytesMax) bytes in all; send fewer or shorter ones"
        )
    }

    @inline(never)
    static func tooMany(headerFieldsMax: Int) -> RequestRefusal {
        RequestRefusal(
            status: 431,
            code: "headers_too_large",
            detail: "there are more than \(headerFieldsMax) header fields; send fewer"
        )
    }

    @inline(never)
    static func tooLarge(bodyBytesMax: Int) -> RequestRefusal {
        RequestRefusal(
            status: 413,
            code: "too_large",
            detail: "the body is longer than \(bodyBytesMax) bytes; send it in parts"
        )
    }

    @inline(never)
    static func unsupportedVersion() -> RequestRefusal {
        RequestRefusal(
            status: 505,
            code: "http_version_not_supported",
            detail: "the version in the request line is not one of HTTP/1; use HTTP/1.1"
        )
    }

    @inline(never)
    static func notImplemented(_ detail: String) -> RequestRefusal {
        RequestRefusal(status: 501, code: "not_implemented", detail: detail)
    }

    @inline(never)
    static func repeated(_ name: StaticString) -> RequestRefusal {
        .invalid("the header field \(name) stands there more than once; send it once")
    }

    /// A byte stands where it must not; bytes that hint at a common mistake get their own sentence.
    @inline(never)
    static func unexpected(_ byte: UInt8, in place: StaticString, at offset: Int) -> RequestRefusal {
        switch byte {
        case 0x0A:
            return .invalid(
                "a line feed without a carriage return in \(place), at byte \(offset); end lines with CR LF"
            )
        case 0x0D:
            return .invalid(
                "a carriage return without a line feed in \(place), at byte \(offset); end lines with CR LF"
            )
        case 0x16 where offset == 0:
            return .invalid(
                "the connection begins with byte 0x16, as TLS does; this port speaks plain HTTP, use http://"
            )
        default:
            return .invalid("\(byte.described) is not allowed in \(place), at byte \(offset)")
        }
    }
}
