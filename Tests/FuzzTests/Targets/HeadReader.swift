import HTTPFront

/// A second reader of request heads, slow and plain: splits lines, then fields, and compares with what the parser said.
enum HeadReader {
    /// What the parser got wrong in a head that it accepted; nil if nothing.
    static func mistake(in head: RequestHead, of bytes: [UInt8]) -> String? {
        var rest = bytes
        if rest.starts(with: [13, 10]) { rest.removeFirst(2) }
        // Latin-1, so that every byte is one scalar.
        let text = String(String.UnicodeScalarView(rest.map { Unicode.Scalar($0) }))
        var lines = split(text)
        guard lines.count >= 3, lines.removeLast().isEmpty, lines.removeLast().isEmpty else { return "no end" }
        for line in lines where line.unicodeScalars.contains(where: { $0.value < 32 && $0 != "\t" || $0.value == 127 })
        {
            return "a control character was accepted"
        }
        let parts = lines[0].split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { return "not three parts" }
        // A later minor version is read as 1.1 (RFC 9110 §2.5).
        guard head.minorVersion == (parts[2] == "HTTP/1.0" ? 0 : 1) else { return "the version" }
        guard parts[2].wholeMatch(of: /HTTP\/1\.[0-9]/) != nil else { return "the version's form" }
        guard !parts[1].unicodeScalars.contains(where: { $0.value <= 32 || $0.value >= 127 }) else {
            return "the target"
        }
        guard parts[0].utf8.count == head.methodRange.count, parts[1].utf8.count == head.target.count else {
            return "the length of method or target"
        }
        var values: [String: [String]] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return "a line without a colon" }
            let name = line[..<colon]
            guard !name.isEmpty, name.utf8.allSatisfy(isToken) else { return "a name that is no token" }
            values[name.lowercased(), default: []].append(trimmed(line[line.index(after: colon)...]))
        }
        return mistakeInFraming(head, values) ?? mistakeInValues(head, values, bytes)
    }

    private static func mistakeInFraming(_ head: RequestHead, _ values: [String: [String]]) -> String? {
        let lengths = values["content-length"] ?? []
        let codings = values["transfer-encoding"] ?? []
        guard lengths.count + codings.count <= 1 else { return "two framings were accepted" }
        var framing = BodyFraming.none
        if let length = lengths.first {
            guard !length.isEmpty, length.utf8.allSatisfy({ (48...57).contains($0) }), let count = Int(length) else {
                return "the length \(length)"
            }
            framing = .length(count)
        }
        if let coding = codings.first {
            guard coding.lowercased() == "chunked", head.minorVersion == 1 else { return "the coding \(coding)" }
            framing = .chunked
        }
        guard framing == head.framing else { return "framing \(head.framing), not \(framing)" }
        let hosts = values["host"] ?? []
        guard hosts.count == 1 || hosts.isEmpty && head.minorVersion == 0 else { return "\(hosts.count) hosts" }
        let options = (values["connection"] ?? []).flatMap { $0.split(separator: ",") }.map {
            trimmed($0).lowercased()
        }
        let keeps = !options.contains("close") && (head.minorVersion == 1 || options.contains("keep-alive"))
        guard keeps == head.isKeepAlive else { return "keep-alive \(head.isKeepAlive)" }
        return nil
    }

    private static func mistakeInValues(
        _ head: RequestHead,
        _ values: [String: [String]],
        _ bytes: [UInt8]
    ) -> String? {
        let ranges: [(String, ByteRange?)] = [
            ("content-type", head.contentType), ("content-encoding", head.contentEncoding), ("accept", head.accept),
            ("origin", head.origin), ("last-event-id", head.lastEventID), ("idempotency-key", head.idempotencyKey),
            ("authorization", head.authorization), ("cookie", head.cookie), ("if-none-match", head.ifNoneMatch),
            ("sec-fetch-site", head.secFetchSite),
            ("access-control-request-method", head.accessControlRequestMethod),
            ("access-control-request-headers", head.accessControlRequestHeaders),
        ]
        for (name, range) in ranges {
            let found = range.map { String(String.UnicodeScalarView(bytes[$0.offsets].map { Unicode.Scalar($0) })) }
            let expected = values[name] ?? []
            guard expected.count <= 1 else { return "\(name) twice" }
            guard
                found?.unicodeScalars.elementsEqual(expected.first?.unicodeScalars ?? "".unicodeScalars)
                    ?? expected.isEmpty
            else { return "\(name) is \(found ?? "nil"), not \(expected)" }
        }
        return nil
    }

    /// The pieces between CR LF, by scalars: for Swift CR LF is one character.
    private static func split(_ text: String) -> [String] {
        var lines: [String] = [""]
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            if scalar == "\n", previous == "\r" {
                lines[lines.count - 1].unicodeScalars.removeLast()
                lines.append("")
            } else {
                lines[lines.count - 1].unicodeScalars.append(scalar)
            }
            previous = scalar
        }
        return lines
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var view = text.unicodeScalars
        while let first = view.first, first == " " || first == "\t" { view.removeFirst() }
        while let last = view.last, last == " " || last == "\t" { view.removeLast() }
        return String(view)
    }
}
