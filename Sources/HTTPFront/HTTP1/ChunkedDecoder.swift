/// Takes the chunked coding off a body, in bytes that may come in pieces of any size (RFC 9112 §7.1).
///
/// Extensions are checked and ignored, trailer fields are checked and thrown away; both are bounded. Only the
/// line ends CR LF count, and a byte that does not belong where it stands is refused at once.
package struct ChunkedDecoder: Sendable {
    /// Bytes that extensions may have, in all chunks of a body together.
    static let extensionBytesMax = 4096
    /// Bytes that the trailer fields may have together.
    static let trailerBytesMax = 8192
    /// Digits that a chunk size may have, leading zeros included.
    static let sizeDigitsMax = 16

    private let bodyBytesMax: Int
    private var bodyBytes = 0
    /// While a size is read: the size so far; while data is read: how much of it is missing.
    private var chunkBytes = 0
    private var sizeDigits: UInt8 = 0
    private var state = State.size
    private var extensionBytes: Int32 = 0
    private var trailerBytes: Int32 = 0

    enum State: UInt8 {
        case size
        case sizeBlank
        case extensionNameStart
        case extensionName
        case extensionNameBlank
        case extensionValueStart
        case extensionToken
        case extensionQuoted
        case extensionQuotedPair
        case extensionQuotedEnd
        case extensionValueBlank
        case sizeLineFeed
        case data
        case dataReturn
        case dataLineFeed
        case trailerStart
        case trailerName
        case trailerValue
        case trailerLineFeed
        case endLineFeed
        case complete
    }

    /// Makes a decoder for one body.
    ///
    /// - Parameter bodyBytesMax: How long the body may be, without what the coding adds.
    package init(bodyBytesMax: Int) {
        self.bodyBytesMax = bodyBytesMax
    }

    /// Decodes `bytes`, which follow those of the call before, and appends what they hold to `body`.
    ///
    /// - Returns: How many bytes belong to this body (all, unless it is complete), and whether the body is complete.
    /// - Throws: ``RequestRefusal``: 400 for what is malformed, 413 as soon as a chunk's size shows that the body is
    ///   too long, 431 for too long a trailer. What was decoded before stays in `body`.
    package mutating func decode(
        _ bytes: Span<UInt8>,
        into body: inout [UInt8]
    ) throws(RequestRefusal) -> (consumed: Int, isComplete: Bool) {
        let count = bytes.count
        var position = 0
        while position < count, state != .complete {
            guard state == .data else {
                try step(bytes[position])
                position += 1
                continue
            }
            let piece = min(chunkBytes, count - position)
            bytes.extracting(position..<position + piece).withUnsafeBufferPointer { body.append(contentsOf: $0) }
            position += piece
            chunkBytes -= piece
            if chunkBytes == 0 { state = .dataReturn }
        }
        return (position, state == .complete)
    }

    /// Deals with one byte that is not data.
    private mutating func step(_ byte: UInt8) throws(RequestRefusal) {
        switch state {
        case .size, .sizeBlank, .sizeLineFeed:
            try stepSize(byte)
        case .dataReturn:
            guard byte == 0x0D else {
                throw .invalid(
                    "\(byte.described) behind the data of a chunk, where CR LF belongs; the size of the chunk is wrong"
                )
            }
            state = .dataLineFeed
        case .dataLineFeed:
            try expectLineFeed(byte, "the line end behind the data of a chunk")
            state = .size
        case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed, .endLineFeed:
            try stepTrailer(byte)
        case .data, .complete:
            preconditionFailure("a byte in state \(state)")
        default:
            try stepExtension(byte)
        }
    }

    private mutating func stepSize(_ byte: UInt8) throws(RequestRefusal) {
        switch (state, byte) {
        case (.size, _) where byte.hexDigitValue != 255:
            guard sizeDigits < Self.sizeDigitsMax else {
                throw .invalid(
                    "the size of a chunk has more than \(Self.sizeDigitsMax) digits; leave zeros in front out"
                )
            }
            sizeDigits += 1
            // At most bodyBytesMax before, so there is room for one digit more in any limit that makes sense.
            let (size, overflows) = chunkBytes.multipliedReportingOverflow(by: 16)
            guard !overflows, size <= bodyBytesMax - bodyBytes - Int(byte.hexDigitValue) else {
                throw .tooLarge(bodyBytesMax: bodyBytesMax)
            }
            chunkBytes = size + Int(byte.hexDigitValue)
        case (.size, _) where sizeDigits == 0:
            throw .invalid("\(byte.described) where the size of a chunk belongs; send it in hexadecimal digits")
        case (.size, 0x0D):
            state = .sizeLineFeed
        case (.size, 0x3B), (.sizeBlank, 0x3B):
            state = .extensionNameStart
        case (.size, 0x20), (.size, 0x09), (.sizeBlank, 0x20), (.sizeBlank, 0x09):
            // A blank is only there to be tolerated in front of ';' (RFC 9112 §7.1.1).
            try countExtensionByte()
            state = .sizeBlank
        case (.sizeLineFeed, _):
            try expectLineFeed(byte, "the line of a chunk's size")
            endSizeLine()
        default:
            throw .invalid("\(byte.described) behind the size of a chunk, where ';' or CR LF belongs")
        }
    }

    private mutating func endSizeLine() {
        if chunkBytes == 0 {
            state = .trailerStart
        } else {
            bodyBytes += chunkBytes
            state = .data
        }
        sizeDigits = 0
    }

    /// Deals with one byte of `;name`, `;name=token` or `;name="quoted"`, blanks allowed around `;` and `=`.
    private mutating func stepExtension(_ byte: UInt8) throws(RequestRefusal) {
        try countExtensionByte()
        let isToken = ByteSet.token.contains(byte)
        let isBlank = byte == 0x20 || byte == 0x09
        switch state {
        case .extensionNameStart where isBlank, .extensionNameBlank where isBlank, .extensionValueStart where isBlank,
            .extensionValueBlank where isBlank:
            break
        case .extensionNameStart where isToken, .extensionName where isToken:
            state = .extensionName
        case .extensionName where isBlank:
            state = .extensionNameBlank
        case .extensionName where byte == 0x3D, .extensionNameBlank where byte == 0x3D:
            state = .extensionValueStart
        case .extensionValueStart where isToken, .extensionToken where isToken:
            state = .extensionToken
        case .extensionValueStart where byte == 0x22:
            state = .extensionQuoted
        case .extensionQuoted where byte == 0x22:
            state = .extensionQuotedEnd
        case .extensionQuoted where byte == 0x5C:
            state = .extensionQuotedPair
        case .extensionQuoted where byte >= 0x20 && byte != 0x7F || byte == 0x09,
            .extensionQuotedPair where byte >= 0x20 && byte != 0x7F || byte == 0x09:
            state = .extensionQuoted
        case .extensionToken where isBlank, .extensionQuotedEnd where isBlank:
            state = .extensionValueBlank
        case .extensionName where byte == 0x3B, .extensionNameBlank where byte == 0x3B,
            .extensionToken where byte == 0x3B, .extensionQuotedEnd where byte == 0x3B,
            .extensionValueBlank where byte == 0x3B:
            state = .extensionNameStart
        case .extensionName where byte == 0x0D, .extensionToken where byte == 0x0D,
            .extensionQuotedEnd where byte == 0x0D:
            state = .sizeLineFeed
        default:
            throw .invalid(
                "\(byte.described) in the extension of a chunk, where it is not allowed; leave extensions out"
            )
        }
    }

    private mutating func countExtensionByte() throws(RequestRefusal) {
        extensionBytes += 1
        guard extensionBytes <= Self.extensionBytesMax else {
            throw .invalid("the chunks have more than \(Self.extensionBytesMax) bytes of extensions; leave them out")
        }
    }

    /// Deals with one byte behind the last chunk.
    private mutating func stepTrailer(_ byte: UInt8) throws(RequestRefusal) {
        trailerBytes += 1
        // The empty line does not count.
        guard trailerBytes <= Self.trailerBytesMax + 2 else { throw .tooLarge(headerBytesMax: Self.trailerBytesMax) }
        switch state {
        case .trailerStart where byte == 0x0D:
            state = .endLineFeed
        case .trailerStart where ByteSet.token.contains(byte), .trailerName where ByteSet.token.contains(byte):
            state = .trailerName
        case .trailerName where byte == 0x3A:
            state = .trailerValue
        case .trailerValue where byte == 0x0D:
            state = .trailerLineFeed
        case .trailerValue where byte >= 0x20 && byte != 0x7F || byte == 0x09:
            break
        case .trailerLineFeed:
            try expectLineFeed(byte, "a trailer field")
            state = .trailerStart
        case .endLineFeed:
            try expectLineFeed(byte, "the empty line that ends the chunks")
            state = .complete
        default:
            throw .invalid("\(byte.described) in a trailer field, where it is not allowed; leave trailers out")
        }
    }

    private func expectLineFeed(_ byte: UInt8, _ place: StaticString) throws(RequestRefusal) {
        guard byte == 0x0A else {
            throw .invalid("a carriage return without a line feed in \(place); end lines with CR LF")
        }
    }
}
