internal import Foundation

/// Writes messages in columns, for people.
struct MessageLine {
    private let style: Style
    private let showsID: Bool
    private let calendar: Calendar
    private var recipientWidth: Int
    private var senderWidth = 0
    private var idWidth = 0

    /// Wider senders push the content to the right of their own line only.
    private static let senderWidthMax = 24

    /// Makes a writer.
    ///
    /// - Parameters:
    ///   - recipients: Whose messages are expected.
    ///   - style: The colours.
    ///   - showsID: Whether the ids are shown, which an ack needs.
    ///   - timeZone: What times are shown in.
    init(recipients: [String], style: Style, showsID: Bool = false, timeZone: TimeZone = .current) {
        self.style = style
        self.showsID = showsID
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        self.calendar = calendar
        recipientWidth = recipients.map { TerminalText.escaped($0).count }.max() ?? 0
    }

    /// Makes the columns wide enough for a message.
    mutating func widen(for message: ReceivedMessage) {
        recipientWidth = max(recipientWidth, TerminalText.escaped(message.recipient).count)
        senderWidth = min(MessageLine.senderWidthMax, max(senderWidth, sender(of: message).count))
        idWidth = max(idWidth, TerminalText.escaped(message.id).count)
    }

    private func sender(of message: ReceivedMessage) -> String {
        message.sender.map { TerminalText.escaped($0) } ?? "-"
    }

    /// The line of a message; `now` decides whether the day is shown.
    mutating func line(of message: ReceivedMessage, now: Date) -> String {
        widen(for: message)
        var columns = [style.paint(time(message.sentAt, now: now), .dim)]
        if showsID { columns.append(column(TerminalText.escaped(message.id), idWidth, .dim)) }
        columns.append(column(TerminalText.escaped(message.recipient), recipientWidth, .cyan))
        columns.append(column(sender(of: message), senderWidth, .green))
        if let attempt = message.attempt, attempt > 1 { columns.append(style.paint("(attempt \(attempt))", .yellow)) }
        columns.append(TerminalText.escaped(message.content))
        return columns.joined(separator: "  ")
    }

    private func column(_ text: String, _ width: Int, _ ink: Style.Ink) -> String {
        style.paint(TerminalText.padded(text, to: width), ink)
    }

    /// The time of today, else the day with hours and minutes; twelve characters either way.
    private func time(_ text: String, now: Date) -> String {
        guard let date = MessageLine.date(text) else { return TerminalText.escaped(text) }
        let parts = calendar.dateComponents([.month, .day, .hour, .minute, .second, .nanosecond], from: date)
        guard let month = parts.month, let day = parts.day, let hour = parts.hour, let minute = parts.minute,
            let second = parts.second, let nanosecond = parts.nanosecond
        else { return text }
        let clock = "\(digits(hour, 2)):\(digits(minute, 2))"
        if calendar.isDate(date, inSameDayAs: now) {
            return "\(clock):\(digits(second, 2)).\(digits(min(999, (nanosecond + 500_000) / 1_000_000), 3))"
        }
        let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return "\(names[month - 1]) \(digits(day, 2)) \(clock)"
    }

    private func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }

    /// A time as the broker writes it: `2026-11-21T06:15:28.123Z`.
    static func date(_ text: String) -> Date? {
        let strategy = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return try? strategy.parse(text)
    }
}
