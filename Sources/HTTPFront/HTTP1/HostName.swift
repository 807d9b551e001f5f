/// A host name or address and perhaps a port, as `Host` and a target's authority carry it: `uri-host [":" port]`.
package struct HostName: Sendable {
    /// The name or address; an IPv6 address with its brackets.
    package var name: ByteRange
    /// The port; nil without one (`localhost`, `localhost:`).
    package var port: UInt16?

    /// Reads `range`; nil if it is empty or not of that form.
    ///
    /// A name consists of what RFC 3986 §3.2.2 allows; an address in brackets is one of IPv6, without a zone.
    package init?(_ range: ByteRange, in bytes: Span<UInt8>) {
        let end = Int(range.upper)
        let start = Int(range.lower)
        guard start < end else { return nil }
        var position = start
        if bytes[start] == 0x5B {
            while position < end, bytes[position] != 0x5D {
                position += 1
            }
            guard position < end, Self.isIPv6(bytes, from: start + 1, to: position) else { return nil }
            position += 1
        } else {
            position = bytes.skip(.hostName, from: start, to: end)
            while position < end, bytes[position] == 0x25 {
                guard position + 2 < end,
                    bytes[position + 1].hexDigitValue != 255,
                    bytes[position + 2].hexDigitValue != 255
                else { return nil }
                position = bytes.skip(.hostName, from: position + 3, to: end)
            }
            guard position > start else { return nil }
        }
        name = ByteRange(start, position)
        guard position < end else { return }
        guard bytes[position] == 0x3A else { return nil }
        position += 1
        guard position < end else { return }
        var number: UInt32 = 0
        while position < end {
            guard bytes[position].isDigit else { return nil }
            number = number * 10 + UInt32(bytes[position] - 48)
            guard number <= 65535 else { return nil }
            position += 1
        }
        port = UInt16(number)
    }

    /// Whether the bytes are an address of IPv6.
    ///
    /// That is eight groups, or fewer and one `::`; the last two may be written as an address of IPv4.
    private static func isIPv6(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Bool {
        var position = start
        var groups = 0
        var hasGap = false
        if position + 1 < end, bytes[position] == 0x3A, bytes[position + 1] == 0x3A {
            hasGap = true
            position += 2
        }
        while position < end {
            let groupStart = position
            while position < end, position - groupStart < 4, bytes[position].hexDigitValue != 255 {
                position += 1
            }
            guard position > groupStart else { return false }
            if position < end, bytes[position] == 0x2E {
                guard isIPv4(bytes, from: groupStart, to: end) else { return false }
                groups += 2
                break
            }
            groups += 1
            guard position < end else { break }
            guard bytes[position] == 0x3A, position + 1 < end else { return false }
            position += 1
            if bytes[position] == 0x3A {
                guard !hasGap else { return false }
                hasGap = true
                position += 1
            }
        }
        return hasGap ? groups < 8 : groups == 8
    }

    /// Whether the bytes are four numbers up to 255, without leading zeros, separated by dots.
    private static func isIPv4(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Bool {
        var position = start
        for part in 0..<4 {
            if part > 0 {
                guard position < end, bytes[position] == 0x2E else { return false }
                position += 1
            }
            let partStart = position
            var number = 0
            while position < end, position - partStart < 3, bytes[position].isDigit {
                number = number * 10 + Int(bytes[position] - 48)
                position += 1
            }
            guard position > partStart, number <= 255, bytes[partStart] != 0x30 || position == partStart + 1 else {
                return false
            }
        }
        return position == end
    }
}
