@testable import HTTPFront

/// A part of openapi.yaml: the lines below a key.
struct ContractBlock {
    let lines: [Substring]
    private let indent: Int

    init(_ text: String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        indent = 0
    }

    private init(_ lines: [Substring], indent: Int) {
        self.lines = lines
        self.indent = indent
    }

    /// What stands below a key, or below a row of keys, each below the one before; empty if it is not there.
    subscript(keys: String...) -> ContractBlock {
        keys.reduce(self) { block, key in block.below(key) }
    }

    private func below(_ key: String) -> ContractBlock {
        let opening = String(repeating: " ", count: indent) + key + ":"
        let start = lines.firstIndex { $0 == opening }.map { $0 + 1 } ?? lines.endIndex
        let deeper = String(repeating: " ", count: indent + 2)
        let end = lines[start...].firstIndex { !$0.isEmpty && !$0.hasPrefix(deeper) } ?? lines.endIndex
        return ContractBlock(Array(lines[start..<end]), indent: indent + 2)
    }

    /// The keys of this block, without those below them.
    var keys: [String] {
        lines.compactMap { line in
            guard line.prefix(indent).allSatisfy({ $0 == " " }), line.dropFirst(indent).first != " " else { return nil }
            let key = line.dropFirst(indent).prefix { $0 != ":" }
            return key.isEmpty || key.count == line.count - indent ? nil : String(key).replacing("'", with: "")
        }
    }

    /// What `$ref`s of this block name under `#/components/`, such as `schemas/Recipient`.
    var references: [String] {
        lines.compactMap { $0.firstMatch(of: #/\$ref: '#\/components\/([A-Za-z\/]+)'/#).map { String($0.1) } }
    }

    /// The value of a key of this block that fits on its line, or that is a text in double quotes over several.
    func value(_ key: String) -> String? {
        let opening = String(repeating: " ", count: indent) + key + ": "
        guard let start = lines.firstIndex(where: { $0.hasPrefix(opening) }) else { return nil }
        var value = String(lines[start].dropFirst(opening.count))
        guard value.hasPrefix("\"") else { return value }
        // A backslash at the end of a line folds it with the next, without a space.
        for line in lines[(start + 1)...] where value.hasSuffix("\\") {
            value = String(value.dropLast()) + String(line.drop { $0 == " " })
        }
        return String(value.dropFirst().dropLast()).replacing("\\\\", with: "\\")
    }
}
