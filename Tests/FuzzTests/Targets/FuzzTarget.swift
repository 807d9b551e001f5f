/// What is fuzzed: each target takes any bytes and throws if the code under test did something wrong with them.
///
/// A target judges by a second opinion (an independent reader, Foundation, or the same reader given the same bytes in
/// other pieces), and reads memory of exactly the size of its input, so that the address sanitizer sees an over-read.
enum FuzzTarget: String, CaseIterable {
    /// A connection's bytes: heads, bodies, and what follows them.
    case requests
    /// A body in chunks.
    case chunks
    /// One JSON text.
    case json
    /// A form, a query or a path.
    case form
    /// A cursor.
    case cursor
    /// What the routes read: a query, a form, a JSON body, lines of JSON.
    case fields
    /// An event stream, as `brokerctl tail` reads it.
    case events
    /// An HTTP answer, as `brokerctl` reads it.
    case answers

    /// Runs the target on `bytes`.
    ///
    /// - Throws: ``FuzzFinding`` if something is wrong; a crash or a hang is a finding as well.
    func run(_ bytes: [UInt8]) throws {
        switch self {
        case .requests: try RequestsTarget.run(bytes)
        case .chunks: try ChunksTarget.run(bytes)
        case .json: try JSONTarget.run(bytes)
        case .form: try FormTarget.run(bytes)
        case .cursor: try CursorTarget.run(bytes)
        case .fields: FieldsTarget.run(bytes)
        case .events: try EventsTarget.run(bytes)
        case .answers: try AnswersTarget.run(bytes)
        }
    }
}

/// Something that a target found wrong.
struct FuzzFinding: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Throws unless `condition` holds.
func expect(_ condition: Bool, _ finding: @autoclosure () -> String) throws {
    guard condition else { throw FuzzFinding(finding()) }
}

/// Lends a copy of `bytes` of exactly their size: no spare room behind them that an over-read could hide in.
func withExactCopy<Answer>(
    of bytes: ArraySlice<UInt8>,
    _ body: (UnsafeBufferPointer<UInt8>) throws -> Answer
) rethrows
    -> Answer
{
    let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    defer { copy.deallocate() }
    _ = copy.initialize(from: bytes)
    return try body(UnsafeBufferPointer(copy))
}

/// Where to cut `bytes` into pieces: everywhere if there are few, else at places that depend on the bytes alone.
func cuts(of bytes: [UInt8]) -> [Int] {
    guard bytes.count > 48 else { return Array(1..<max(2, bytes.count + 1)).filter { $0 <= bytes.count } }
    var state: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes {
        state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }
    var places: Set<Int> = [bytes.count]
    for _ in 0..<12 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        places.insert(1 + Int(state >> 33) % bytes.count)
    }
    return places.sorted()
}
