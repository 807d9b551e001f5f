/// One life of an inbox: a random number, so that a cursor of another life is recognised.
///
/// A restarted broker and a deleted inbox begin a new epoch; sequence numbers begin at 1 in each.
public struct Epoch: Hashable, Sendable {
    /// Its text, because it is written far more often than made: the digits in base 62, the first in the lowest byte.
    fileprivate let text: UInt64

    /// Makes an epoch of the lowest 40 bits; of 1 if they are zero.
    package init(bits: UInt64) {
        var rest = max(1, bits & Epoch.bitsMax)
        var text: UInt64 = 0
        while rest > 0 {
            text = text << 8 | UInt64(Epoch.digits.utf8Start[Int(rest % 62)])
            rest /= 62
        }
        self.text = text
    }

    /// Reads an epoch from the bytes of its text; nil unless it is exactly what is written.
    fileprivate init?(utf8 bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count > 0, bytes.count <= Epoch.digitsMax, bytes[0] != UInt8(ascii: "0") else { return nil }
        var bits: UInt64 = 0
        var text: UInt64 = 0
        for index in bytes.indices.reversed() { text = text << 8 | UInt64(bytes[index]) }
        for byte in bytes {
            guard let digit = Epoch.value(ofDigit: byte) else { return nil }
            bits = bits * 62 + digit
        }
        guard bits <= Epoch.bitsMax else { return nil }
        self.text = text
    }

    /// How many digits it has.
    fileprivate var digitCount: Int { (71 - text.leadingZeroBitCount) / 8 }

    /// 62 to the power of 7 is more than 2 to the power of 40.
    fileprivate static let digitsMax = 7
    private static let bitsMax: UInt64 = 0xFF_FFFF_FFFF
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
        guard let dot = bytes.prefix(Epoch.digitsMax + 1).firstIndex(of: UInt8(ascii: ".")) else { return nil }
        guard let epoch = Epoch(utf8: UnsafeBufferPointer(rebasing: bytes[..<dot])) else { return nil }
        let digits = dot + 1..<bytes.count
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        guard digits.count == 1 || bytes[digits.lowerBound] != UInt8(ascii: "0") else { return nil }
        var sequence: UInt64 = 0
        for place in digits {
            let digit = bytes[place] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            sequence = sequence * 10 + UInt64(digit)
        }
        self.init(epoch: epoch, sequence: sequence)
    }

    /// The longest text of an id: epoch, dot, 20 digits.
    package static let textBytesMax = Epoch.digitsMax + 1 + 20

    /// Writes the text to `target`, which has room for ``textBytesMax`` bytes; returns its length.
    package func write(to target: UnsafeMutablePointer<UInt8>) -> Int {
        // All digits of the epoch in one store, and what is behind them is written over.
        UnsafeMutableRawPointer(target).storeBytes(of: epoch.text.littleEndian, as: UInt64.self)
        var count = epoch.digitCount
        target[count] = UInt8(ascii: ".")
        // The dot, and one digit at least.
        count += 2
        var bound: UInt64 = 10
        while sequence >= bound {
            count += 1
            guard bound < 10_000_000_000_000_000_000 else { break }
            bound *= 10
        }
        var rest = sequence
        var last = count
        repeat {
            last -= 1
            target[last] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
        } while rest > 0
        return count
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
