/// Text in columns.
struct Table {
    /// Which side the texts of a column are pushed to.
    enum Side: Sendable {
        case left
        case right
    }

    private let columns: [(title: String, side: Side)]
    private var widths: [Int]
    private var rows: [[String]] = []

    /// Makes a table without rows.
    init(_ columns: [(title: String, side: Side)]) {
        self.columns = columns
        widths = columns.map(\.title.count)
    }

    /// Appends a row, with as many texts as there are columns.
    mutating func append(_ row: [String]) {
        precondition(row.count == columns.count, "\(row.count) texts for \(columns.count) columns")
        rows.append(row)
        for (index, text) in row.enumerated() { widths[index] = max(widths[index], text.count) }
    }

    /// The titles, aligned with the rows that are there at this moment.
    var titleLine: String { line(columns.map(\.title)) }

    /// The rows, and forgets them; the widths stay, so that rows that follow are aligned with them.
    mutating func takeLines() -> [String] {
        defer { rows = [] }
        return rows.map(line)
    }

    private func line(_ texts: [String]) -> String {
        var line = ""
        for (index, text) in texts.enumerated() {
            let space = String(repeating: " ", count: max(0, widths[index] - text.count))
            line += columns[index].side == .left ? text + space : space + text
            line += "  "
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}
