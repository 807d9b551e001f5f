/// The formats that a stream can have.
package enum StreamFormat: Sendable, CaseIterable {
    /// text/event-stream.
    case sse
    /// application/x-ndjson.
    case ndjson
    /// text/html, a script element for each message.
    case iframe

    /// The media type that answers in this format have, without parameters.
    package var mediaType: StaticString {
        switch self {
        case .sse: "text/event-stream"
        case .ndjson: "application/x-ndjson"
        case .iframe: "text/html"
        }
    }

    fileprivate var typeWildcard: StaticString {
        switch self {
        case .sse, .iframe: "text/*"
        case .ndjson: "application/*"
        }
    }
}

/// The format that the value of `Accept` likes best (RFC 9110 §12.5.1); between equals, the first of ``StreamFormat``.
///
/// For each format the most exact range counts, with its `q`. Ranges that are malformed count for nothing.
/// - Returns: The format; ``StreamFormat/sse`` if there is no `Accept` or it is empty; nil if it admits none.
package func preferredStreamFormat(_ accept: ByteRange?, in bytes: Span<UInt8>) -> StreamFormat? {
    guard let accept, !accept.isEmpty else { return .sse }
    var sse = Preference()
    var ndjson = Preference()
    var iframe = Preference()
    let end = Int(accept.upper)
    var position = Int(accept.lower)
    while position < end {
        let elementEnd = endOfListElement(bytes, from: position, to: end)
        if let (range, quality) = mediaRange(bytes, from: position, to: elementEnd) {
            sse.consider(range, quality, for: .sse, in: bytes)
            ndjson.consider(range, quality, for: .ndjson, in: bytes)
            iframe.consider(range, quality, for: .iframe, in: bytes)
        }
        position = elementEnd + 1
    }
    var best: StreamFormat?
    var bestQuality = 0
    for (format, preference) in [(StreamFormat.sse, sse), (.ndjson, ndjson), (.iframe, iframe)]
    where preference.quality > bestQuality {
        best = format
        bestQuality = preference.quality
    }
    return best
}

/// What is known of one format: its quality in thousandths, and how exact the range was that said so.
private struct Preference {
    var quality = 0
    var exactness = 0

    mutating func consider(_ range: ByteRange, _ quality: Int, for format: StreamFormat, in bytes: Span<UInt8>) {
        let exactness =
            range.equalsIgnoringCase(format.mediaType, in: bytes)
            ? 3 : range.equalsIgnoringCase(format.typeWildcard, in: bytes) ? 2 : range.equals("*/*", in: bytes) ? 1 : 0
        guard exactness > 0, exactness > self.exactness || exactness == self.exactness && quality > self.quality else {
            return
        }
        self.exactness = exactness
        self.quality = quality
    }
}

/// The offset of the comma that ends a list element; commas between quotes do not.
private func endOfListElement(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
    var isQuoted = false
    var index = start
    while index < end {
        switch bytes[index] {
        case 0x2C where !isQuoted: return index
        case 0x22: isQuoted.toggle()
        case 0x5C where isQuoted: index += 1
        default: break
        }
        index += 1
    }
    return end
}

/// Reads `type/subtype`, parameters, and `q` among them, or gives nil if they are malformed.
///
/// `*` is a token, so that wildcards need no rule of their own.
private func mediaRange(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> (range: ByteRange, quality: Int)? {
    let start = bytes.skipBlanks(from: start, to: end)
    let slash = bytes.skip(.token, from: start, to: end)
    guard slash > start, slash < end, bytes[slash] == 0x2F else { return nil }
    let rangeEnd = bytes.skip(.token, from: slash + 1, to: end)
    guard rangeEnd > slash + 1 else { return nil }
    var quality = 1000
    var parameters = ParameterScanner(position: rangeEnd, end: end)
    while let parameter = parameters.next(in: bytes) {
        guard parameter.name.equalsIgnoringCase("q", in: bytes) else { continue }
        guard let value = qualityValue(parameter.value, in: bytes) else { return nil }
        quality = value
    }
    return parameters.isAtEnd ? (ByteRange(start, rangeEnd), quality) : nil
}

/// Reads a quality of up to three decimals, as thousandths; nil if it is malformed or more than 1.
private func qualityValue(_ range: ByteRange, in bytes: Span<UInt8>) -> Int? {
    guard (1...5).contains(range.count) else { return nil }
    let start = Int(range.lower)
    guard bytes[start] == 0x30 || bytes[start] == 0x31 else { return nil }
    var thousandths = Int(bytes[start] - 48) * 1000
    guard range.count > 1 else { return thousandths }
    guard bytes[start + 1] == 0x2E else { return nil }
    var place = 100
    for offset in start + 2..<max(start + 2, Int(range.upper)) {
        guard bytes[offset].isDigit else { return nil }
        thousandths += Int(bytes[offset] - 48) * place
        place /= 10
    }
    return thousandths <= 1000 ? thousandths : nil
}
