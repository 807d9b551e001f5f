/// A bar on the last line of a terminal, drawn anew over itself.
struct ProgressBar: Sendable {
    private static let width = 30

    /// The bar with a text behind it.
    static func line(share: Double, text: String) -> String {
        let filled = Int((min(max(share, 0), 1) * Double(width)).rounded(.down))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        return "[\(bar)] \(Int(share * 100))% \(text)"
    }

    /// Goes to the beginning of the line and clears it.
    static let erase = "\r\u{1b}[K"
}
