/// Numbers of bytes as people write them: `65536`, `64KiB`, `1 MiB`.
enum ByteSize {
    private static let units: [(name: String, bytes: Int)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
    ]

    /// The number of bytes that `text` names; nil if it names none, or more than 64 bits hold.
    ///
    /// Digits, and after them, with or without a space, KiB, MiB, GiB or TiB in capital or small letters.
    static func read(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits) else { return nil }
        var unit = text.dropFirst(digits.count)
        guard !unit.isEmpty else { return number }
        if unit.first == " " { unit = unit.dropFirst() }
        guard let factor = units.first(where: { $0.name.lowercased() == unit.lowercased() })?.bytes else { return nil }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: factor)
        return overflows ? nil : bytes
    }

    /// The shortest exact text: the largest unit that divides it.
    static func text(_ bytes: Int) -> String {
        guard bytes != 0, let unit = units.first(where: { bytes % $0.bytes == 0 }) else { return String(bytes) }
        return "\(bytes / unit.bytes)\(unit.name)"
    }

    /// About how much it is, for people: `412 B`, `1.5 MiB`.
    static func rounded(_ bytes: Int) -> String {
        guard let unit = units.first(where: { abs(bytes) >= $0.bytes }) else { return "\(bytes) B" }
        let tenths = (Double(bytes) / Double(unit.bytes) * 10).rounded() / 10
        return "\(tenths) \(unit.name)"
    }
}
