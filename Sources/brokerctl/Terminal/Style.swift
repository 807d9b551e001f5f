/// Colours for a terminal, or none.
struct Style: Sendable {
    /// Whether escape sequences are written.
    let isOn: Bool

    /// What stands out how.
    enum Ink: String, Sendable {
        case dim = "2"
        case bold = "1"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
    }

    /// `text` in an ink, reset behind it, so that an interruption leaves no colour behind.
    func paint(_ text: String, _ ink: Ink) -> String {
        isOn && !text.isEmpty ? "\u{1b}[\(ink.rawValue)m\(text)\u{1b}[0m" : text
    }
}
