/// A bar on the last line of a terminal, drawn anew over itself.
struct ProgressBar: Sendable {
    private static let width = 30

    /// The bar with a text behind it.
    static func line(share: Double, text: String) -> String {
        line(share: share, text: text, width: width)
    }

    private static func line(share: Double, text: String, width: Int) -> String {
        let share = min(max(share, 0), 1)
        let filled = Int((share * Double(width)).rounded(.down))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        return "[\(bar)] \(Int(share * 100))% \(text)"
    }

    /// The same, in one line of a terminal of that width: the bar gives way to the text, then the text is cut.
    static func line(share: Double, text: String, columns: Int) -> String {
        // Brackets, "100%" and blanks; the last column is left free, for some terminals go on to the next line.
        let room = columns - 1 - 8 - text.count
        let line = room >= 8 ? line(share: share, text: text, width: min(width, room)) : text
        return String(line.prefix(max(0, columns - 1)))
    }

    /// The line of a measurement.
    static func line(_ progress: BenchProgress, columns: Int) -> String {
        line(share: progress.share, text: progress.text, columns: columns)
    }

    /// Goes to the beginning of the line and clears it.
    static let erase = "\r\u{1b}[K"
}
