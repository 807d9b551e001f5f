@testable import brokerctl

/// An HTTP answer, as the client of `brokerctl` reads it, whole and in pieces.
enum AnswersTarget {
    static func run(_ bytes: [UInt8]) throws {
        let whole = decode(bytes, cuts: [bytes.count])
        let pieces = decode(bytes, cuts: cuts(of: bytes))
        try expect(whole == pieces, "\(whole) whole, \(pieces) in pieces")
    }

    private struct Outcome: Equatable {
        var heads: [String] = []
        var body: [UInt8] = []
        var mistake: String?
        var isComplete = false
        var mayEndHere = false
    }

    private static func decode(_ bytes: [UInt8], cuts: [Int]) -> Outcome {
        var decoder = ResponseDecoder()
        var outcome = Outcome()
        var start = 0
        for cut in cuts {
            do throws(ResponseMistake) {
                let consumed = try withExactSpan(bytes[start..<cut]) { span throws(ResponseMistake) in
                    try decoder.decode(span) { event in
                        switch event {
                        case .head(let head): outcome.heads.append("\(head)")
                        case .bytes(let bytes): outcome.body += bytes
                        }
                    }
                }
                start += consumed
            } catch {
                outcome.mistake = error.description
                return outcome
            }
        }
        outcome.isComplete = decoder.isComplete
        outcome.mayEndHere = decoder.mayEndHere
        return outcome
    }

    private static func withExactSpan<Answer>(
        _ bytes: ArraySlice<UInt8>,
        _ body: (Span<UInt8>) throws(ResponseMistake) -> Answer
    ) throws(ResponseMistake) -> Answer {
        var result: Result<Answer, ResponseMistake>?
        withExactCopy(of: bytes) { buffer in
            result = Result { () throws(ResponseMistake) in try body(buffer.span) }
        }
        guard let result else { preconditionFailure("the body was not run") }
        return try result.get()
    }
}
