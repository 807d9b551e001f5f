#if os(Linux)
/// A JSON value, read by a parser that has nothing in common with the server's.
enum JSON {
    case null
    case bool(Bool)
    case number(Int)
    /// A number with decimals, of which none is needed exactly.
    case decimal(Double)
    case string(String)
    case array([JSON])
    case object([(name: String, value: JSON)])

    subscript(name: String) -> JSON? {
        guard case .object(let fields) = self else { return nil }
        return fields.first { $0.name == name }?.value
    }

    var text: String? { if case .string(let text) = self { text } else { nil } }
    var integer: Int? { if case .number(let number) = self { number } else { nil } }
    var items: [JSON]? { if case .array(let items) = self { items } else { nil } }

    /// Reads one value that is all of `bytes`; nil if it is malformed.
    static func parse(_ bytes: some Collection<UInt8>) -> JSON? {
        let parsed = bytes.withContiguousStorageIfAvailable { parse(buffer: $0) }
        return parsed ?? Array(bytes).withUnsafeBufferPointer { parse(buffer: $0) }
    }

    private static func parse(buffer: UnsafeBufferPointer<UInt8>) -> JSON? {
        var parser = JSONParser(bytes: buffer)
        guard let value = parser.value() else { return nil }
        parser.skipSpace()
        return parser.place == buffer.count ? value : nil
    }
}

private struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    var place = 0

    mutating func skipSpace() {
        while place < bytes.count, bytes[place] == 0x20 || bytes[place] == 0x0A || bytes[place] == 0x0D { place += 1 }
    }

    private mutating func take(_ byte: Character) -> Bool {
        skipSpace()
        guard place < bytes.count, bytes[place] == byte.asciiValue else { return false }
        place += 1
        return true
    }

    mutating func value() -> JSON? {
        skipSpace()
        guard place < bytes.count else { return nil }
        switch bytes[place] {
        case UInt8(ascii: "{"): return object()
        case UInt8(ascii: "["): return array()
        case UInt8(ascii: "\""): return string().map { .string($0) }
        case UInt8(ascii: "t"): return word("true", .bool(true))
        case UInt8(ascii: "f"): return word("false", .bool(false))
        case UInt8(ascii: "n"): return word("null", .null)
        default: return number()
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSON) -> JSON? {
        let count = word.utf8CodeUnitCount
        guard place + count <= bytes.count else { return nil }
        for offset in 0..<count where bytes[place + offset] != word.utf8Start[offset] { return nil }
        place += count
        return value
    }

    private mutating func number() -> JSON? {
        let isNegative = take("-")
        let start = place
        var number = 0
        while place < bytes.count, bytes[place] &- 48 < 10 {
            number = number &* 10 &+ Int(bytes[place] - 48)
            place += 1
        }
        guard place > start else { return nil }
        guard place < bytes.count, bytes[place] == UInt8(ascii: ".") else {
            return .number(isNegative ? -number : number)
        }
        place += 1
        let point = place
        var (decimal, share) = (Double(number), 1.0)
        while place < bytes.count, bytes[place] &- 48 < 10 {
            share /= 10
            decimal += share * Double(bytes[place] - 48)
            place += 1
        }
        return place > point ? .decimal(isNegative ? -decimal : decimal) : nil
    }

    private mutating func object() -> JSON? {
        guard take("{") else { return nil }
        var fields: [(name: String, value: JSON)] = []
        if take("}") { return .object(fields) }
        repeat {
            skipSpace()
            guard let name = string(), take(":"), let value = value() else { return nil }
            fields.append((name, value))
        } while take(",")
        return take("}") ? .object(fields) : nil
    }

    private mutating func array() -> JSON? {
        guard take("[") else { return nil }
        var items: [JSON] = []
        if take("]") { return .array(items) }
        repeat {
            guard let item = value() else { return nil }
            items.append(item)
        } while take(",")
        return take("]") ? .array(items) : nil
    }

    private mutating func string() -> String? {
        guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { return nil }
        place += 1
        let start = place
        while place < bytes.count, bytes[place] != UInt8(ascii: "\""), bytes[place] != UInt8(ascii: "\\") { place += 1 }
        guard place < bytes.count else { return nil }
        if bytes[place] == UInt8(ascii: "\"") {
            place += 1
            return String(validating: UnsafeBufferPointer(rebasing: bytes[start..<place - 1]), as: UTF8.self)
        }
        return escapedString(from: start)
    }

    private mutating func escapedString(from start: Int) -> String? {
        var text: [UInt8] = []
        text.reserveCapacity(place - start + 64)
        var plain = start
        var high: UInt32?
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            guard bytes[place] == UInt8(ascii: "\\") else {
                place += 1
                continue
            }
            text.append(contentsOf: bytes[plain..<place])
            guard place + 1 < bytes.count else { return nil }
            let escape = bytes[place + 1]
            place += 2
            switch escape {
            case UInt8(ascii: "n"): text.append(10)
            case UInt8(ascii: "r"): text.append(13)
            case UInt8(ascii: "t"): text.append(9)
            case UInt8(ascii: "b"): text.append(8)
            case UInt8(ascii: "f"): text.append(12)
            case UInt8(ascii: "u"):
                guard let unit = hexadecimal() else { return nil }
                if unit >> 10 == 0xD800 >> 10 {
                    high = unit
                } else {
                    let pair = high.map { 0x10000 + ($0 - 0xD800) << 10 + (unit &- 0xDC00) }
                    guard let scalar = UnicodeScalar(pair ?? unit) else { return nil }
                    high = nil
                    text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                }
            default: text.append(escape)
            }
            plain = place
        }
        guard place < bytes.count, high == nil else { return nil }
        text.append(contentsOf: bytes[plain..<place])
        place += 1
        return String(validating: text, as: UTF8.self)
    }

    private mutating func hexadecimal() -> UInt32? {
        guard place + 4 <= bytes.count else { return nil }
        defer { place += 4 }
        return UInt32(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16)
    }
}
#endif
