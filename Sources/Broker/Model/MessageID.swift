/// One life of an inbox: a random number, so that a cursor of another life is recognised.
///
/// A restarted broker and a deleted inbox begin a new epoch; sequence numbers begin at 1 in each.
public struct Epoch: Hashable, Sendable {
    /// 40 random bits, never zero.
    package let bits: UInt64

    /// Makes an epoch of the lowest 40 bits; of 1 if they are zero.
    package init(bits: UInt64) {
        self.bits = max(1, bits & 0xFF_FFFF_FFFF)
    }
}

/// The identity of a message, and a position in its inbox: `k3Qz9.18` is the 18th message in the life `k3Qz9`.
///
/// As text: the epoch in base 62, a dot, the sequence number in decimal. Sequence numbers have no holes; 0 is the
/// position before the first message.
public struct MessageID: Hashable, Sendable {
    /// The life of the inbox that the message belongs to.
    public let epoch: Epoch
    /// Its place in the inbox, 1 for the first.
    public let sequence: UInt64

    /// Makes an id, or the position before the first message.
    package init(epoch: Epoch, sequence: UInt64) {
        self.epoch = epoch
        self.sequence = sequence
    }

    /// Reads an id or position from its text; nil unless it is exactly what ``description`` writes.
    public init?(_ text: String) {
        var text = text
        let parsed = text.withUTF8 { MessageID(utf8: $0) }
        guard let parsed else { return nil }
        self = parsed
    }

    /// Reads an id or position from the bytes of its text; nil unless it is exactly what ``description`` writes.
    package init?(utf8 bytes: UnsafeBufferPointer<UInt8>) {
        var epoch: UInt64 = 0
        var index = 0
        while index < bytes.count, bytes[index] != UInt8(ascii: ".") {
            guard index < MessageID.epochDigitsMax, let digit = MessageID.value(ofDigit: bytes[index]) else {
                return nil
            }
            epoch = epoch * 62 + digit
            index += 1
        }
        guard index > 0, index < bytes.count, bytes[0] != UInt8(ascii: "0"), epoch <= 0xFF_FFFF_FFFF else { return nil }
        let digits = index + 1..<bytes.count
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        guard digits.count == 1 || bytes[digits.lowerBound] != UInt8(ascii: "0") else { return nil }
        var sequence: UInt64 = 0
        for place in digits {
            let digit = bytes[place] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            sequence = sequence * 10 + UInt64(digit)
        }
        self.init(epoch: Epoch(bits: epoch), sequence: sequence)
    }

    /// 62 to the power of 7 is more than 2 to the power of 40.
    package static let epochDigitsMax = 7
    /// The longest text of an id: epoch, dot, 20 digits.
    package static let textBytesMax = epochDigitsMax + 1 + 20

    /// Writes the text to `target`, which has room for ``textBytesMax`` bytes; returns its length.
    package func write(to target: UnsafeMutablePointer<UInt8>) -> Int {
        // From the last digit to the first; nearly every epoch has all seven.
        let digits = MessageID.digits.utf8Start
        var rest = epoch.bits
        var first = MessageID.epochDigitsMax
        repeat {
            first -= 1
            target[first] = digits[Int(rest % 62)]
            rest /= 62
        } while rest > 0
        if first > 0 { target.update(from: target + first, count: MessageID.epochDigitsMax - first) }
        var count = MessageID.epochDigitsMax - first
        target[count] = UInt8(ascii: ".")
        // The dot, and one digit at least.
        count += 2
        var bound: UInt64 = 10
        while sequence >= bound {
            count += 1
            guard bound < 10_000_000_000_000_000_000 else { break }
            bound *= 10
        }
        rest = sequence
        var last = count
        repeat {
            last -= 1
            target[last] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
        } while rest > 0
        return count
    }

    private static let digits: StaticString = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

    private static func value(ofDigit byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - 48)
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt64(byte - 55)
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt64(byte - 61)
        default: nil
        }
    }
}

extension MessageID: CustomStringConvertible {
    /// The epoch in base 62, a dot, the sequence number in decimal.
    public var description: String {
        String(unsafeUninitializedCapacity: MessageID.textBytesMax) { buffer in
            guard let start = buffer.baseAddress else { return 0 }
            return write(to: start)
        }
    }
}
