import Foundation
import HTTPFront

/// A JSON value as our scanners read it, to be compared with Foundation's.
indirect enum JSONTree {
    case string(String)
    /// A string that holds half of a surrogate pair.
    case noText
    case number(String)
    case literal(String)
    case array([JSONTree])
    case object([(name: String?, value: JSONTree)])

    /// Reads `bytes` as one value, by making them the only element of an array.
    init(reading bytes: [UInt8]) throws(JSONError) {
        let result: Result<JSONTree, JSONError> = JSONTree.withValue(bytes) { value, span in
            Result { () throws(JSONError) in try JSONTree(value, span) }
        }
        self = try result.get()
    }

    /// The text without insignificant white space; nil if it is no value, or if its length is not the one foretold.
    static func compacted(_ bytes: [UInt8]) -> [UInt8]? {
        let result: Result<[UInt8], JSONError> = withValue(bytes) { value, span in
            var compacted: [UInt8] = []
            appendCompacted(value, from: span, to: &compacted)
            guard compactedByteCount(value, in: span) == compacted.count else {
                return .failure(JSONError(offset: 0, reason: "another length than foretold"))
            }
            return .success(compacted)
        }
        return try? result.get()
    }

    private static func withValue<Answer>(
        _ bytes: [UInt8],
        _ body: (JSONValue, Span<UInt8>) -> Result<Answer, JSONError>
    ) -> Result<Answer, JSONError> {
        let array = [0x5B] + bytes + [0x5D]
        return withExactCopy(of: array[...]) { buffer in
            var scanner = JSONArrayScanner(range: ByteRange(0, buffer.count))
            do throws(JSONError) {
                guard let value = try scanner.next(in: buffer.span), try scanner.next(in: buffer.span) == nil else {
                    return .failure(JSONError(offset: 0, reason: "not one value"))
                }
                return body(value, buffer.span)
            } catch {
                return .failure(error)
            }
        }
    }

    private init(_ value: JSONValue, _ bytes: Span<UInt8>) throws(JSONError) {
        switch value.kind {
        case .string:
            self = JSONTree.text { () throws(JSONError) in try value.string(in: bytes) }.map { .string($0) } ?? .noText
        case .number: self = .number(value.range.text(in: bytes))
        case .true, .false, .null: self = .literal(value.range.text(in: bytes))
        case .array:
            var scanner = JSONArrayScanner(range: value.range)
            var elements: [JSONTree] = []
            while let element = try scanner.next(in: bytes) { elements.append(try JSONTree(element, bytes)) }
            self = .array(elements)
        case .object:
            var scanner = JSONObjectScanner(range: value.range)
            var fields: [(name: String?, value: JSONTree)] = []
            while let field = try scanner.next(in: bytes) {
                let name = JSONTree.text { () throws(JSONError) in try field.name(in: bytes) }
                fields.append((name, try JSONTree(field.value, bytes)))
            }
            self = .object(fields)
        }
    }

    private static func text(_ body: () throws(JSONError) -> String) -> String? {
        do throws(JSONError) { return try body() } catch { return nil }
    }

    /// Whether it holds something that Foundation has no value for.
    var isBeyondFoundation: Bool {
        switch self {
        case .noText: true
        // Foundation also gives up on numbers that are too small to be told from zero, and on very long ones.
        case .number(let text): !(Double(text) ?? .nan).isFinite || Double(text) == 0 || text.utf8.count > 100
        case .string, .literal: false
        case .array(let elements): elements.contains(where: \.isBeyondFoundation)
        case .object(let fields): fields.contains { $0.name == nil || $0.value.isBeyondFoundation }
        }
    }

    /// Whether Foundation's value is the same.
    func isSame(as foreign: Any) -> Bool {
        switch self {
        case .noText:
            return false
        case .string(let text):
            return (foreign as? String).map { isSame(text, $0) } ?? false
        case .number(let text):
            guard let number = foreign as? NSNumber, let double = Double(text) else { return false }
            if let integer = Int64(text) { return number.int64Value == integer }
            // Foundation keeps long numbers in decimal, and comes back from there less exactly.
            return number.doubleValue == double
                || abs(number.doubleValue - double) <= abs(double) * (text.utf8.count > 17 ? 1e-9 : 1e-15)
        case .literal("null"):
            return foreign is NSNull
        case .literal(let text):
            return (foreign as? NSNumber)?.boolValue == (text == "true")
        case .array(let elements):
            guard let others = foreign as? [Any], others.count == elements.count else { return false }
            return zip(elements, others).allSatisfy { $0.isSame(as: $1) }
        case .object(let fields):
            guard let others = foreign as? [String: Any] else { return false }
            let names = fields.compactMap(\.name)
            // Of names that repeat Foundation keeps one; names are the same to it if they are canonically equivalent.
            guard Set(names.map(JSONTree.withoutMarks)).count == fields.count else { return true }
            guard others.count == fields.count else { return false }
            let values = Dictionary(
                others.map { (JSONTree.withoutMarks($0), $1) },
                uniquingKeysWith: { first, _ in first }
            )
            return fields.allSatisfy { field in
                guard let name = field.name, let other = values[JSONTree.withoutMarks(name)] else { return false }
                return field.value.isSame(as: other)
            }
        }
    }

    /// Foundation drops byte order marks at the beginning of a string and behind an escape, though they are characters.
    private func isSame(_ text: String, _ foreign: String) -> Bool {
        foreign.unicodeScalars.elementsEqual(text.unicodeScalars)
            || JSONTree.withoutMarks(foreign).unicodeScalars.elementsEqual(JSONTree.withoutMarks(text).unicodeScalars)
    }

    private static func withoutMarks(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\u{FEFF}" }))
    }
}
