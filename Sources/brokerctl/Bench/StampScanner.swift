/// Finds the numbers of messages in what readers receive, however the bytes are cut and whatever stands around them.
///
/// It looks for the beginning of a content and reads its digits; no other field of a message of ours looks like that.
struct StampScanner: Sendable {
    private static let needle = Array("\"content\":\"".utf8)

    /// How many bytes of the needle have been seen.
    private var matched = 0
    private var digitsLeft = 0
    private var stamp: UInt64 = 0
    private var toSkip = 0
    private let fillerBytes: Int

    /// Makes a scanner of contents of that many bytes.
    init(payloadBytes: Int) {
        fillerBytes = max(0, payloadBytes - SendTemplate.stampBytes)
    }

    /// Takes the next bytes; tells the numbers that they complete.
    mutating func scan(_ bytes: UnsafeBufferPointer<UInt8>, _ found: (UInt64) -> Void) {
        var index = 0
        while index < bytes.count {
            if toSkip > 0 {
                let count = min(toSkip, bytes.count - index)
                toSkip -= count
                index += count
                continue
            }
            let byte = bytes[index]
            index += 1
            if digitsLeft > 0 {
                stamp = stamp &* 10 &+ UInt64(byte &- 0x30)
                digitsLeft -= 1
                guard digitsLeft == 0 else { continue }
                found(stamp)
                toSkip = fillerBytes
            } else {
                match(byte)
            }
        }
    }

    private mutating func match(_ byte: UInt8) {
        if byte != StampScanner.needle[matched] {
            // The second quote of the needle may be the first of another.
            matched = matched == 9 && byte == StampScanner.needle[1] ? 1 : 0
            guard byte == StampScanner.needle[matched] else { return }
        }
        matched += 1
        guard matched == StampScanner.needle.count else { return }
        matched = 0
        digitsLeft = SendTemplate.stampBytes
        stamp = 0
    }
}
