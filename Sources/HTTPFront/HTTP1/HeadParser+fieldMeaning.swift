/// Which header fields were met that may come only once, and what Connection said.
struct SeenFields: OptionSet {
    let rawValue: UInt32

    static let host = SeenFields(rawValue: 1 << 0)
    static let contentLength = SeenFields(rawValue: 1 << 1)
    static let transferEncoding = SeenFields(rawValue: 1 << 2)
    static let contentType = SeenFields(rawValue: 1 << 3)
    static let contentEncoding = SeenFields(rawValue: 1 << 4)
    static let accept = SeenFields(rawValue: 1 << 5)
    static let origin = SeenFields(rawValue: 1 << 6)
    static let lastEventID = SeenFields(rawValue: 1 << 7)
    static let idempotencyKey = SeenFields(rawValue: 1 << 8)
    static let authorization = SeenFields(rawValue: 1 << 9)
    static let cookie = SeenFields(rawValue: 1 << 10)
    static let ifNoneMatch = SeenFields(rawValue: 1 << 11)
    static let accessControlRequestMethod = SeenFields(rawValue: 1 << 12)
    static let accessControlRequestHeaders = SeenFields(rawValue: 1 << 13)
    static let expect = SeenFields(rawValue: 1 << 14)
    static let close = SeenFields(rawValue: 1 << 15)
    static let keepAlive = SeenFields(rawValue: 1 << 16)
    static let secFetchSite = SeenFields(rawValue: 1 << 17)
}

extension HeadParser {
    /// Checks one header line, whose carriage return is at `end`, and keeps its value if somebody reads it.
    @inline(__always)
    func acceptField(
        _ bytes: Span<UInt8>,
        _ now: inout Progress,
        endingAt end: Int,
        _ head: inout RequestHead
    ) throws(RequestRefusal) {
        let lower = bytes.skipBlanks(from: Int(now.nameEnd) + 1, to: end)
        var upper = end
        while upper > lower, bytes[upper - 1] == 0x20 || bytes[upper - 1] == 0x09 {
            upper -= 1
        }
        let value = ByteRange(lower, upper)
        let name = ByteRange(Int(now.lineStart), Int(now.nameEnd))

        switch name.count {
        case 4 where name.isField("host", in: bytes):
            try once(.host, "Host", &now)
            guard HostName(value, in: bytes) != nil else {
                throw .invalid(
                    "the value of Host is not a host name or address with or without a port; send, say, Host: localhost"
                )
            }
            // An absolute target has given the host already.
            if head.host == nil { head.host = value }
        case 6 where name.isField("accept", in: bytes):
            try once(.accept, "Accept", &now)
            head.accept = value
        case 6 where name.isField("cookie", in: bytes):
            try once(.cookie, "Cookie", &now)
            head.cookie = value
        case 6 where name.isField("origin", in: bytes):
            try once(.origin, "Origin", &now)
            head.origin = value
        case 6 where name.isField("expect", in: bytes):
            try once(.expect, "Expect", &now)
            guard value.equalsIgnoringCase("100-continue", in: bytes) else {
                throw RequestRefusal(
                    status: 417,
                    code: "invalid_request",
                    detail: "the value of Expect is not 100-continue; send that, or leave Expect out"
                )
            }
        case 10 where name.isField("connection", in: bytes):
            try acceptConnection(value, bytes, &now)
        case 12 where name.isField("content-type", in: bytes):
            try once(.contentType, "Content-Type", &now)
            head.contentType = value
        case 13 where name.isField("last-event-id", in: bytes):
            try once(.lastEventID, "Last-Event-ID", &now)
            head.lastEventID = value
        case 13 where name.isField("authorization", in: bytes):
            try once(.authorization, "Authorization", &now)
            head.authorization = value
        case 13 where name.isField("if-none-match", in: bytes):
            try once(.ifNoneMatch, "If-None-Match", &now)
            head.ifNoneMatch = value
        case 14 where name.isField("sec-fetch-site", in: bytes):
            try once(.secFetchSite, "Sec-Fetch-Site", &now)
            head.secFetchSite = value
        case 14 where name.isField("content-length", in: bytes):
            try once(.contentLength, "Content-Length", &now)
            head.framing = .length(try contentLength(value, bytes, now))
        case 15 where name.isField("idempotency-key", in: bytes):
            try once(.idempotencyKey, "Idempotency-Key", &now)
            head.idempotencyKey = value
        case 16 where name.isField("content-encoding", in: bytes):
            try once(.contentEncoding, "Content-Encoding", &now)
            head.contentEncoding = value
        case 17 where name.isField("transfer-encoding", in: bytes):
            try once(.transferEncoding, "Transfer-Encoding", &now)
            try acceptTransferEncoding(value, bytes, now)
            head.framing = .chunked
        case 29 where name.isField("access-control-request-method", in: bytes):
            try once(.accessControlRequestMethod, "Access-Control-Request-Method", &now)
            head.accessControlRequestMethod = value
        case 30 where name.isField("access-control-request-headers", in: bytes):
            try once(.accessControlRequestHeaders, "Access-Control-Request-Headers", &now)
            head.accessControlRequestHeaders = value
        default:
            break
        }
    }

    /// Checks what several fields say together, and says what follows from them.
    @inline(__always)
    func finishHead(_ now: Progress, _ head: inout RequestHead) throws(RequestRefusal) {
        guard now.minorVersion == 0 || now.seen.contains(.host) else {
            throw .invalid("the header field Host is missing, which HTTP/1.1 demands; send it")
        }
        head.isKeepAlive =
            !now.seen.contains(.close) && (now.minorVersion == 1 || now.seen.contains(.keepAlive))
        // HTTP/1.0 knows no 100 (Continue), and nothing waits where no body follows (RFC 9110 §10.1.1).
        if now.seen.contains(.expect), now.minorVersion == 1, head.framing != .none, head.framing != .length(0) {
            head.expectsContinue = true
        }
    }

    @inline(__always)
    private func once(_ field: SeenFields, _ name: StaticString, _ now: inout Progress) throws(RequestRefusal) {
        guard !now.seen.contains(field) else { throw .repeated(name) }
        now.seen.formUnion(field)
    }

    /// Reads a length of digits only.
    private func contentLength(_ value: ByteRange, _ bytes: Span<UInt8>, _ now: Progress) throws(RequestRefusal) -> Int
    {
        guard !now.seen.contains(.transferEncoding) else { throw Self.twoFramings() }
        guard !value.isEmpty else { throw .invalid("the value of Content-Length is empty; send the number of bytes") }
        var length = 0
        for offset in value.offsets {
            guard bytes[offset].isDigit else {
                throw .invalid(
                    "\(bytes[offset].described) in the value of Content-Length; send one number of digits only"
                )
            }
            let (tens, overflows) = length.multipliedReportingOverflow(by: 10)
            let (sum, carries) = tens.addingReportingOverflow(Int(bytes[offset] - 48))
            guard !overflows, !carries else {
                throw .invalid("the value of Content-Length is larger than 2^63 - 1; no body is that long")
            }
            length = sum
        }
        guard length <= bodyBytesMax else { throw .tooLarge(bodyBytesMax: bodyBytesMax) }
        return length
    }

    /// Accepts `chunked` and nothing else.
    private func acceptTransferEncoding(
        _ value: ByteRange,
        _ bytes: Span<UInt8>,
        _ now: Progress
    ) throws(RequestRefusal) {
        guard !now.seen.contains(.contentLength) else { throw Self.twoFramings() }
        guard now.minorVersion == 1 else {
            throw .invalid("Transfer-Encoding in a request of HTTP/1.0, which has none; send Content-Length")
        }
        guard !value.equalsIgnoringCase("chunked", in: bytes) else { return }
        guard isListOfUnknownCodings(value, bytes) else {
            throw .invalid("the value of Transfer-Encoding is not 'chunked'; send that alone, or Content-Length")
        }
        throw .notImplemented(
            "the value of Transfer-Encoding names a coding that is not known here; send 'chunked' alone"
        )
    }

    /// Whether the value is a clean list of other codings, with `chunked` nowhere but at its end.
    ///
    /// That is somebody who asks for too much (501). All else is somebody who tries what gets through (400).
    @inline(never)
    private func isListOfUnknownCodings(_ value: ByteRange, _ bytes: Span<UInt8>) -> Bool {
        let end = Int(value.upper)
        var position = Int(value.lower)
        var hasChunked = false
        while true {
            let tokenEnd = bytes.skip(.token, from: position, to: end)
            guard tokenEnd > position, !hasChunked else { return false }
            hasChunked = ByteRange(position, tokenEnd).equalsIgnoringCase("chunked", in: bytes)
            position = bytes.skipBlanks(from: tokenEnd, to: end)
            guard position < end else { return true }
            guard bytes[position] == 0x2C else { return false }
            position = bytes.skipBlanks(from: position + 1, to: end)
        }
    }

    /// Reads a list of options, of which only `close` and `keep-alive` mean something here.
    private func acceptConnection(
        _ value: ByteRange,
        _ bytes: Span<UInt8>,
        _ now: inout Progress
    ) throws(RequestRefusal) {
        let end = Int(value.upper)
        var position = Int(value.lower)
        while position < end {
            let tokenEnd = bytes.skip(.token, from: position, to: end)
            let option = ByteRange(position, tokenEnd)
            if option.equalsIgnoringCase("close", in: bytes) {
                now.seen.formUnion(.close)
            } else if option.equalsIgnoringCase("keep-alive", in: bytes) {
                now.seen.formUnion(.keepAlive)
            }
            position = bytes.skipBlanks(from: tokenEnd, to: end)
            guard position < end else { return }
            guard bytes[position] == 0x2C else {
                throw .invalid("the value of Connection is not a list of options separated by commas, such as 'close'")
            }
            position = bytes.skipBlanks(from: position + 1, to: end)
        }
    }

    @inline(never)
    private static func twoFramings() -> RequestRefusal {
        .invalid("both Content-Length and Transfer-Encoding are there, which is ambiguous; send one of them")
    }
}

extension ByteRange {
    /// Whether a checked field name is `literal`, which consists of small letters and hyphens.
    ///
    /// For such bytes, setting bit 5 tells the same as folding case: no other byte of a token ends up as one of them.
    @inline(__always)
    fileprivate func isField(_ literal: StaticString, in bytes: Span<UInt8>) -> Bool {
        let length = literal.utf8CodeUnitCount
        let expected = UnsafeRawPointer(literal.utf8Start)
        let start = Int(lower)
        var index = 0
        while index + 8 <= length {
            let word = UInt64(littleEndian: expected.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            guard bytes.word(at: start + index) | 0x2020_2020_2020_2020 == word else { return false }
            index += 8
        }
        while index < length {
            guard bytes[start + index] | 0x20 == literal.utf8Start[index] else { return false }
            index += 1
        }
        return true
    }
}
