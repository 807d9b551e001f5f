import Foundation
import HTTPFront

/// A form, a query or a path, read by our scanner and by Foundation's `removingPercentEncoding` and `URLComponents`.
enum FormTarget {
    static func run(_ bytes: [UInt8]) throws {
        let fields = ourFields(bytes)
        if let text = String(validating: bytes, as: UTF8.self) {
            let theirs = foundationFields(text)
            // Escapes that are not UTF-8 become U+FFFD there, or nothing; they are refused here.
            let isRepaired =
                fields == nil && theirs?.joined().contains { $0.unicodeScalars.contains("\u{FFFD}") } == true
            try expect(
                fields == theirs || isRepaired,
                "\(String(describing: fields)), not \(String(describing: theirs))"
            )
            try compareURLComponents(text, fields)
            try comparePath(bytes, text)
        } else {
            // Foundation has no text to read then; half a character may come raw and half as an escape.
            try expect(fields == plainFields(bytes), "\(String(describing: fields)), not a plain reader's")
        }
    }

    /// Names and values, decoded; nil if it is refused.
    private static func ourFields(_ bytes: [UInt8]) -> [[String]]? {
        withExactCopy(of: bytes[...]) { buffer in
            let span = buffer.span
            var scanner = FormScanner(range: ByteRange(0, span.count))
            var fields: [[String]] = []
            do throws(FormError) {
                while let field = try scanner.next(in: span) {
                    let name = try decodedFormText(field.name, in: span)
                    let value = try decodedFormText(field.value, in: span)
                    if !field.isEncoded, field.name.text(in: span) != name || field.value.text(in: span) != value {
                        return [["decoded although it was plain"]]
                    }
                    fields.append([name, value])
                }
                return fields
            } catch {
                return nil
            }
        }
    }

    /// Names and values of bytes that Foundation cannot take, decoded by hand.
    private static func plainFields(_ bytes: [UInt8]) -> [[String]]? {
        var fields: [[String]] = []
        for piece in bytes.split(separator: 0x26) {
            let parts = piece.split(separator: 0x3D, maxSplits: 1, omittingEmptySubsequences: false)
            let pair = parts.map { part in plainText(Array(part)) }
            guard let name = pair[0], let value = pair.count == 2 ? pair[1] : "" else { return nil }
            fields.append([name, value])
        }
        return fields
    }

    private static func plainText(_ bytes: [UInt8]) -> String? {
        var decoded: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                decoded.append(byte == 0x2B ? 0x20 : byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else { return nil }
            decoded.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: decoded, as: UTF8.self)
    }

    private static func foundationFields(_ text: String) -> [[String]]? {
        var fields: [[String]] = []
        for piece in text.utf8.split(separator: 0x26) {
            let parts = piece.split(separator: 0x3D, maxSplits: 1, omittingEmptySubsequences: false)
            var pair: [String] = []
            for part in parts {
                // `+` first: an escaped plus is one.
                let spaced = String(decoding: part.map { $0 == 0x2B ? 0x20 : $0 }, as: UTF8.self)
                guard let decoded = spaced.removingPercentEncoding else { return nil }
                pair.append(decoded)
            }
            fields.append(pair.count == 2 ? pair : pair + [""])
        }
        return fields
    }

    /// URLs know no `+`, and keep empty fields and names without `=` apart.
    private static func compareURLComponents(_ text: String, _ fields: [[String]]?) throws {
        guard !text.utf8.contains(0x2B), !text.utf8.contains(0x23),
            let components = URLComponents(string: "http://h/?" + text, encodingInvalidCharacters: false),
            let items = components.queryItems, let fields
        else { return }
        let theirs = items.filter { !($0.name.isEmpty && $0.value == nil) }.map { [$0.name, $0.value ?? ""] }
        try expect(theirs == fields, "URLComponents reads \(theirs), we \(fields)")
    }

    private static func comparePath(_ bytes: [UInt8], _ text: String) throws {
        let path: String? = withExactCopy(of: bytes[...]) { buffer in
            do throws(FormError) {
                return try percentDecodedPath(ByteRange(0, buffer.count), in: buffer.span)
            } catch {
                return nil
            }
        }
        // Literally: a mark that combines with the last digit makes another character of it.
        let forbidden = ["%2f", "%2F", "%00"]
        guard !forbidden.contains(where: { text.range(of: $0, options: .literal) != nil }) else {
            return try expect(path == nil, "an escaped slash or NUL was accepted in a path")
        }
        let theirs = text.removingPercentEncoding
        let isRepaired = path == nil && theirs?.unicodeScalars.contains("\u{FFFD}") == true
        try expect(path == theirs || isRepaired, "the path \(path ?? "nil") is not Foundation's")
    }
}
