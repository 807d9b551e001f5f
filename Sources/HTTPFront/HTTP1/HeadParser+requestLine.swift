extension HeadParser {
    /// The longest method name that is looked at; none that anybody registered comes near it.
    static let methodBytesMax = 32

    /// Reads on in the request line; returns whether it is behind it.
    @inline(__always)
    func readRequestLine(
        _ bytes: Span<UInt8>,
        from position: inout Int,
        _ now: inout Progress,
        _ head: inout RequestHead
    ) throws(RequestRefusal) -> Bool {
        let count = bytes.count
        reading: while position < count {
            let boundary = Int(now.boundary)
            let end = min(count, boundary)
            switch now.state {
            case .start:
                if bytes[position] == 0x0D {
                    position += 1
                    now.state = .leadingLineFeed
                } else {
                    beginRequestLine(at: position, &now)
                }

            case .leadingLineFeed:
                guard bytes[position] == 0x0A else {
                    throw .unexpected(0x0D, in: "front of the request line", at: 0)
                }
                position += 1
                beginRequestLine(at: position, &now)

            case .method:
                let limit = min(boundary, Int(now.lineStart) + Self.methodBytesMax)
                position = bytes.skip(.token, from: position, to: min(count, limit))
                guard position < count else { break reading }
                guard bytes[position] == 0x20, position > now.lineStart else {
                    throw refusedMethod(bytes, position, now)
                }
                now.nameEnd = Int32(truncatingIfNeeded: position)
                if ByteRange(Int(now.lineStart), position).equals("CONNECT", in: bytes) {
                    throw .notImplemented("the method CONNECT is for proxies, and this server is none")
                }
                position += 1
                now.state = .target

            case .target:
                guard position < end else { throw .tooLong(requestLineBytesMax: Int(requestLineBytesMax)) }
                let byte = bytes[position]
                guard byte == 0x2F || byte == 0x2A || (byte | 0x20) &- 97 < 26 else {
                    throw .unexpected(byte, in: "the first place of the request target", at: position)
                }
                now.state = .path

            case .path, .query:
                if now.state == .path {
                    position = bytes.skip(.path, from: position, to: end)
                } else {
                    position = bytes.skip(.query, from: position, to: end)
                }
                guard position < count else { break reading }
                guard position < boundary else { throw .tooLong(requestLineBytesMax: Int(requestLineBytesMax)) }
                switch bytes[position] {
                case 0x20:
                    position += 1
                    now.state = .version
                case 0x3F:
                    position += 1
                    now.queryStart = Int32(truncatingIfNeeded: position)
                    now.state = .query
                case 0x25:
                    guard try checkEscape(bytes, at: position, to: end) else {
                        guard count <= boundary else { throw .tooLong(requestLineBytesMax: Int(requestLineBytesMax)) }
                        break reading
                    }
                    position += 3
                default:
                    throw refusedTarget(bytes[position], at: position)
                }

            case .version:
                guard try checkVersion(bytes, at: position, to: end, &now) else {
                    guard count <= boundary else { throw .tooLong(requestLineBytesMax: Int(requestLineBytesMax)) }
                    break reading
                }
                position += 8
                now.state = .requestLineReturn

            case .requestLineReturn:
                guard bytes[position] == 0x0D else {
                    throw .unexpected(bytes[position], in: "the end of the request line", at: position)
                }
                position += 1
                now.state = .requestLineFeed

            case .requestLineFeed:
                guard bytes[position] == 0x0A else {
                    throw .unexpected(0x0D, in: "the request line", at: position - 1)
                }
                position += 1
                try finishRequestLine(bytes, now, endingAt: position - 2, &head)
                now.lineStart = Int32(truncatingIfNeeded: position)
                now.boundary = now.lineStart &+ headerBytesMax
                now.state = .lineStart

            case .lineStart, .fieldName, .fieldValue, .fieldLineFeed, .endLineFeed:
                return true
            }
        }
        return now.state.rawValue >= State.lineStart.rawValue
    }

    @inline(__always)
    func beginRequestLine(at position: Int, _ now: inout Progress) {
        now.lineStart = Int32(truncatingIfNeeded: position)
        now.boundary = now.lineStart &+ requestLineBytesMax
        now.state = .method
    }

    /// Whether a whole percent escape stands at `position`; false if it is cut off at `end`.
    @inline(__always)
    func checkEscape(_ bytes: Span<UInt8>, at position: Int, to end: Int) throws(RequestRefusal) -> Bool {
        for offset in position + 1..<position + 3 {
            guard offset < end else { return false }
            guard bytes[offset].hexDigitValue != 255 else {
                throw .invalid(
                    "'%' without two hexadecimal digits in the request target, at byte \(position); write '%' as %25"
                )
            }
        }
        return true
    }

    /// Whether `HTTP/1.` and a digit stand at `position`; false if it is cut off at `end`.
    ///
    /// A minor version above 1 is one that this server need not know: it counts as 1 (RFC 9110 §2.5).
    @inline(__always)
    func checkVersion(
        _ bytes: Span<UInt8>,
        at position: Int,
        to end: Int,
        _ now: inout Progress
    ) throws(RequestRefusal) -> Bool {
        if position + 8 <= end {
            // What is left when "HTTP/1.0" is taken away: nothing, or a 1 in the last byte.
            let rest = bytes.word(at: position) ^ 0x302E_312F_5054_5448
            if rest == 0 || rest == 1 << 56 {
                now.minorVersion = rest == 0 ? 0 : 1
                return true
            }
        }
        guard try isLaterVersion(bytes, at: position, to: end) else { return false }
        now.minorVersion = 1
        return true
    }

    /// Throws at the first byte that no version with the major number 1 has; false if there are only too few of them.
    @inline(never)
    private func isLaterVersion(_ bytes: Span<UInt8>, at position: Int, to end: Int) throws(RequestRefusal) -> Bool {
        let expected: StaticString = "HTTP/1.0"
        for index in 0..<min(8, end - position) {
            let byte = bytes[position + index]
            switch index {
            case 5 where byte.isDigit && byte != 0x31:
                throw .unsupportedVersion()
            case 7 where byte.isDigit:
                return true
            default:
                guard byte != expected.utf8Start[index] else { continue }
                throw .invalid(
                    "\(byte.described) at byte \(position + index), where HTTP/1.1 or HTTP/1.0 belongs"
                )
            }
        }
        return false
    }

    /// Takes the finished request line apart; its carriage return is at `end`.
    @inline(__always)
    func finishRequestLine(
        _ bytes: Span<UInt8>,
        _ now: Progress,
        endingAt end: Int,
        _ head: inout RequestHead
    ) throws(RequestRefusal) {
        let targetStart = Int(now.nameEnd) + 1
        let targetEnd = end - 9
        let queryStart = Int(now.queryStart)
        head.methodRange = ByteRange(Int(now.lineStart), Int(now.nameEnd))
        head.method = HTTPMethod(head.methodRange, in: bytes)
        head.minorVersion = now.minorVersion
        head.target = ByteRange(targetStart, targetEnd)
        head.path = ByteRange(targetStart, queryStart > 0 ? queryStart - 1 : targetEnd)
        head.query = queryStart > 0 ? ByteRange(queryStart, targetEnd) : nil
        switch bytes[targetStart] {
        case 0x2F:
            return
        case 0x2A:
            guard head.target.count == 1, head.method == .options else {
                throw .invalid("the request target '*' is for OPTIONS alone; begin the target with '/'")
            }
        default:
            try readAbsoluteTarget(bytes, &head)
        }
    }

    /// Takes `http://authority/path` apart; the authority counts as host, whatever Host says (RFC 9112 §3.2.2).
    @inline(never)
    private func readAbsoluteTarget(_ bytes: Span<UInt8>, _ head: inout RequestHead) throws(RequestRefusal) {
        let whole = head.path
        let start = Int(whole.lower)
        if whole.count >= 8, ByteRange(start, start + 8).equalsIgnoringCase("https://", in: bytes) {
            throw RequestRefusal(
                status: 421,
                code: "misdirected_request",
                detail: "the request target begins with https://, but this connection is not encrypted; use http://"
            )
        }
        guard whole.count >= 7, ByteRange(start, start + 7).equalsIgnoringCase("http://", in: bytes) else {
            throw .invalid("the request target begins neither with '/' nor with http://")
        }
        var slash = start + 7
        while slash < Int(whole.upper), bytes[slash] != 0x2F {
            slash += 1
        }
        let authority = ByteRange(start + 7, slash)
        guard HostName(authority, in: bytes) != nil else {
            throw .invalid("the authority in the request target is not a host name or address with or without a port")
        }
        head.host = authority
        // Without a path it means "/": the last byte of "http://" is one.
        head.path = slash < Int(whole.upper) ? ByteRange(slash, Int(whole.upper)) : ByteRange(start + 6, start + 7)
    }

    @inline(never)
    func refusedMethod(_ bytes: Span<UInt8>, _ position: Int, _ now: Progress) -> RequestRefusal {
        let byte = bytes[position]
        let length = position - Int(now.lineStart)
        guard length > 0 else {
            return byte == 0x20 || byte == 0x0D
                ? .invalid(
                    "the request line begins with \(byte.described); begin it with a method, as in GET / HTTP/1.1"
                )
                : .unexpected(byte, in: "a method", at: position)
        }
        if length >= requestLineBytesMax { return .tooLong(requestLineBytesMax: Int(requestLineBytesMax)) }
        if length >= Self.methodBytesMax, byte != 0x20 {
            return .notImplemented("the method is longer than \(Self.methodBytesMax) bytes; no such method is known")
        }
        return .unexpected(byte, in: "a method", at: position)
    }

    @inline(never)
    func refusedTarget(_ byte: UInt8, at position: Int) -> RequestRefusal {
        switch byte {
        case 0x23:
            .invalid("'#' in the request target, at byte \(position); leave the fragment out, or write '#' as %23")
        case 0x22, 0x3C, 0x3E, 0x5C, 0x5E, 0x60, 0x7B, 0x7D, 0x80...:
            .invalid("\(byte.described) in the request target, at byte \(position); write it as an escape such as %7B")
        case 0x09:
            .invalid("a tab in the request line, at byte \(position); separate its parts by one space")
        default:
            .unexpected(byte, in: "the request target", at: position)
        }
    }
}
