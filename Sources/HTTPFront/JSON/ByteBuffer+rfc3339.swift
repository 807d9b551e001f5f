extension ByteBuffer {
    /// Appends a time in UTC as RFC 3339 writes it, with milliseconds: `2026-11-21T06:15:28.123Z`, always 24 bytes.
    ///
    /// - Parameter milliseconds: Time since 1970 began; clamped to the years 0000 to 9999, since it writes four digits.
    package func append(rfc3339Milliseconds milliseconds: Int64) {
        let clamped = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
        // From the year 0000 on nothing is negative, which makes dividing simple and fast.
        let sinceYearZero = UInt64(clamped + 62_167_219_200_000)
        let days = sinceYearZero / 86_400_000
        let time = UInt32(truncatingIfNeeded: sinceYearZero - days * 86_400_000)
        let (year, month, day) = civilDate(daysSinceYearZero: UInt32(truncatingIfNeeded: days))
        append(room: 24) { text in
            writeDigits(year / 100, to: text)
            writeDigits(year % 100, to: text + 2)
            text[4] = UInt8(ascii: "-")
            writeDigits(month, to: text + 5)
            text[7] = UInt8(ascii: "-")
            writeDigits(day, to: text + 8)
            text[10] = UInt8(ascii: "T")
            writeDigits(time / 3_600_000, to: text + 11)
            text[13] = UInt8(ascii: ":")
            writeDigits(time / 60_000 % 60, to: text + 14)
            text[16] = UInt8(ascii: ":")
            writeDigits(time / 1000 % 60, to: text + 17)
            text[19] = UInt8(ascii: ".")
            text[20] = UInt8(truncatingIfNeeded: 48 + time % 1000 / 100)
            writeDigits(time % 100, to: text + 21)
            text[23] = UInt8(ascii: "Z")
            return 24
        }
    }
}

/// Writes a number from 0 to 99 in two digits.
@inline(__always)
func writeDigits(_ number: UInt32, to text: UnsafeMutablePointer<UInt8>) {
    text[0] = UInt8(truncatingIfNeeded: 48 + number / 10)
    text[1] = UInt8(truncatingIfNeeded: 48 + number % 10)
}

/// The date of the Gregorian calendar, days counted from 0000-01-01.
///
/// Years are counted from March on, so that the leap day is the last of its year; an era is 400 of them, 146 097 days.
@inline(__always)
func civilDate(daysSinceYearZero: UInt32) -> (year: UInt32, month: UInt32, day: UInt32) {
    // From 1 March of the year -400 on, so that it stays positive; 0000-01-01 is 60 days before the next era.
    let days = daysSinceYearZero + (146_097 - 60)
    let era = days / 146_097
    let dayOfEra = days - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    // Months from March on have 153 days in five.
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0) - 400, month, day)
}
