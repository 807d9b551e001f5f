internal import Broker

/// The header field `Date` of the answers of one loop (RFC 9110 §6.6.1).
///
/// It is written when the first answer of a second needs it, and copied into the others: no timer, and no look at the wall
/// clock for each answer. If somebody sets that clock, the field follows within a second. Confined to its loop.
final class DateField {
    private let time: any TimeSource
    private let line = ByteBuffer(capacity: 64)
    /// When the next second begins.
    private var validUntil = MonotonicInstant(nanoseconds: .min)

    /// Makes a field that tells the wall clock of `time`.
    init(time: any TimeSource) {
        self.time = time
    }

    /// The field with its line end, 37 bytes, valid until it is asked for again.
    @inline(__always)
    func bytes(at now: MonotonicInstant) -> UnsafeBufferPointer<UInt8> {
        if now >= validUntil { render(now) }
        return line.bytes
    }

    @inline(never)
    private func render(_ now: MonotonicInstant) {
        let milliseconds = time.wallNow.millisecondsSinceEpoch
        let (_, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        validUntil = now + .milliseconds(1000 - (rest < 0 ? rest + 1000 : rest))
        line.reset()
        line.append("Date: ")
        line.append(httpDateMilliseconds: milliseconds)
        line.append("\r\n")
    }
}

extension ByteBuffer {
    /// Appends a time as HTTP writes it (RFC 9110 §5.6.7), in UTC: `Sat, 21 Nov 2026 06:15:28 GMT`, always 29 bytes.
    ///
    /// - Parameter milliseconds: Time since 1970 began; clamped to the years 0000 to 9999, since it writes four digits.
    package func append(httpDateMilliseconds milliseconds: Int64) {
        let clamped = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
        let seconds = UInt64(clamped + 62_167_219_200_000) / 1000
        let days = UInt32(truncatingIfNeeded: seconds / 86_400)
        let time = UInt32(truncatingIfNeeded: seconds % 86_400)
        let (year, month, day) = civilDate(daysSinceYearZero: days)
        append(room: 29) { text in
            // The first day of the year 0000 was a Saturday.
            writeName(Int((days + 6) % 7), of: "SunMonTueWedThuFriSat", to: text)
            text[3] = UInt8(ascii: ",")
            text[4] = UInt8(ascii: " ")
            writeDigits(day, to: text + 5)
            text[7] = UInt8(ascii: " ")
            writeName(Int(month) - 1, of: "JanFebMarAprMayJunJulAugSepOctNovDec", to: text + 8)
            text[11] = UInt8(ascii: " ")
            writeDigits(year / 100, to: text + 12)
            writeDigits(year % 100, to: text + 14)
            text[16] = UInt8(ascii: " ")
            writeDigits(time / 3600, to: text + 17)
            text[19] = UInt8(ascii: ":")
            writeDigits(time / 60 % 60, to: text + 20)
            text[22] = UInt8(ascii: ":")
            writeDigits(time % 60, to: text + 23)
            for (offset, byte) in " GMT".utf8.enumerated() { text[25 + offset] = byte }
            return 29
        }
    }
}

/// Writes the name at `index` of names that have three letters each.
private func writeName(_ index: Int, of names: StaticString, to text: UnsafeMutablePointer<UInt8>) {
    text.update(from: names.utf8Start + 3 * index, count: 3)
}
