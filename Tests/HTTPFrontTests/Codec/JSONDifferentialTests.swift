import BrokerTestSupport
import Foundation
import HTTPFront
import Testing

/// The scanners against Foundation, on random documents whole and broken.
///
/// Where the two may differ, and why:
/// - halves of surrogate pairs (`\ud800`) are kept here and refused there;
/// - numbers beyond the range of `Double` are text here and refused there;
/// - a comma in front of a closing bracket is refused here and skipped there;
/// - a byte order mark, and UTF-16 or UTF-32, which Foundation guesses from NUL bytes, are refused here;
/// - 128 levels of nesting are the limit here, 512 there;
/// - repeated names are left to the reader here; there the last or the first wins.
struct JSONDifferentialTests {
    private func foundationValue(_ bytes: [UInt8]) -> Any? {
        try? JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])
    }

    /// Whether it is known why `bytes` are accepted here and not there, or the other way round.
    private func isKnownDifference(_ bytes: [UInt8], isAcceptedHere: Bool) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        guard isAcceptedHere else {
            return text.contains(/,[ \t\r\n]*[\]}]/) || text.hasPrefix("\u{FEFF}") || bytes.contains(0)
        }
        return text.contains(/\\u[dD]/) || text.contains(/[eE][+-]?[0-9]{3}/) || text.contains(/[0-9]{300}/)
    }

    @Test
    func `random documents are accepted by both and mean the same`() throws {
        var generator = JSONGenerator(seed: 10)
        for round in 0..<1500 {
            let bytes = Array(generator.document().utf8)
            let expected = try #require(foundationValue(bytes) as? NSObject, "round \(round)")
            let compacted = try JSONProbe.compacted(bytes)
            #expect(try #require(foundationValue(compacted) as? NSObject) == expected, "round \(round)")
            #expect(try JSONProbe.compacted(compacted) == compacted, "round \(round)")
            if let text = expected as? String {
                #expect(
                    try JSONProbe.value(bytes) { value, span throws(JSONError) in try value.string(in: span) } == text
                )
            }
            if let object = expected as? [String: Any] {
                #expect(Set(try JSONProbe.fields(bytes).map(\.key)).count == object.count || bytes.contains(0x5C))
            }
        }
    }

    @Test
    func `broken documents are refused by both`() {
        var generator = JSONGenerator(seed: 11)
        var random = SeededGenerator(seed: 12)
        let alphabet = Array("\"\"\\\\{}[],:0123.-+eEtrufalsn/ \n\t\u{1}\u{E9}\u{1F600}".utf8)
        var accepted = 0
        for round in 0..<12_000 {
            let bytes = random.mutated(Array(generator.document().utf8), alphabet: alphabet)
            let isAccepted = JSONProbe.accepts(bytes)
            if isAccepted { accepted += 1 }
            guard isAccepted != (foundationValue(bytes) != nil),
                !isKnownDifference(bytes, isAcceptedHere: isAccepted)
            else { continue }
            let text = String(decoding: bytes, as: UTF8.self)
            Issue.record("round \(round): \(isAccepted ? "accepted" : "refused") here, not there: \(text)")
        }
        #expect(accepted > 1000)
    }

    @Test
    func `random bytes never make it read beyond them`() {
        var random = SeededGenerator(seed: 13)
        let alphabet = Array("{}[]\"\\:,u0d8e-. tn".utf8)
        for _ in 0..<10_000 {
            let bytes = (0..<random.below(24)).map { _ in
                random.below(6) == 0 ? UInt8(truncatingIfNeeded: random.next()) : random.pick(alphabet)
            }
            _ = JSONProbe.accepts(bytes)
            _ = try? JSONProbe.fields([0x7B] + bytes)
        }
    }

    @Test(arguments: JSONConformanceTests.valid + JSONConformanceTests.invalid)
    func `the tables are judged by Foundation as they are here`(text: String) {
        let bytes = Array(text.utf8)
        let isAccepted = JSONProbe.accepts(bytes)
        #expect(isAccepted == (foundationValue(bytes) != nil) || isKnownDifference(bytes, isAcceptedHere: isAccepted))
    }
}

/// Makes random JSON documents, with white space and escapes.
struct JSONGenerator {
    private var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    mutating func document() -> String {
        space() + value(depth: 0) + space()
    }

    private mutating func space() -> String {
        random.below(4) == 0 ? random.pick([" ", "\n", "\t", "\r\n", "  "]) : ""
    }

    private mutating func value(depth: Int) -> String {
        switch random.below(depth > 4 ? 5 : 9) {
        case 0: return random.pick(["true", "false", "null"])
        case 1, 2: return number()
        case 3, 4: return string()
        case 5, 6:
            var parts: [String] = []
            for _ in 0..<random.below(4) {
                parts.append(space() + value(depth: depth + 1) + space())
            }
            return "[" + (parts.isEmpty ? space() : parts.joined(separator: ",")) + "]"
        default:
            var parts: [String] = []
            for index in 0..<random.below(4) {
                let name = "\"\(index)" + string().dropFirst()
                parts.append(space() + name + space() + ":" + space() + value(depth: depth + 1) + space())
            }
            return "{" + (parts.isEmpty ? space() : parts.joined(separator: ",")) + "}"
        }
    }

    private mutating func number() -> String {
        var text = random.below(3) == 0 ? "-" : ""
        text += random.below(3) == 0 ? "0" : String(1 + random.below(1_000_000))
        if random.below(3) == 0 { text += "." + String(random.below(1000)) }
        if random.below(4) == 0 {
            text += random.pick(["e", "E"]) + random.pick(["", "+", "-"]) + String(random.below(30))
        }
        return text
    }

    private mutating func string() -> String {
        let pieces = [
            "a", "bc", " ", "defghij", "klmnopqrst", "\u{E9}", "\u{20AC}", "\u{1F600}", "\u{2028}", "\\n", "\\\"",
            "\\\\", "\\/",
            "\\u0041", "\\u00e9", "\\uD83D\\uDE00", "\u{7F}", "[", "}", ":", "0",
        ]
        return "\"" + (0..<random.below(6)).map { _ in random.pick(pieces) }.joined() + "\""
    }
}
