import Foundation
import Testing

/// Replays what the fuzzer has found worth keeping, without the fuzzer: every input that once reached something new.
struct ReplayTests {
    /// The kept inputs of a target, one a line in base 64; see scripts/fuzz.
    private func corpus(_ target: FuzzTarget) throws -> [[UInt8]] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")
        let text = try String(contentsOf: folder.appending(path: "\(target.rawValue).txt"), encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            Array(try #require(Data(base64Encoded: String(line)), "a line is not in base 64"))
        }
    }

    @Test(arguments: FuzzTarget.allCases)
    func `nothing is wrong with an input that the fuzzer kept`(target: FuzzTarget) throws {
        let inputs = try corpus(target)
        #expect(!inputs.isEmpty)
        for input in inputs { Self.check(input, of: target) }
    }

    /// Records what is wrong with an input; nearly always nothing, and there are very many.
    private static func check(_ input: [UInt8], of target: FuzzTarget) {
        do {
            try target.run(input)
        } catch {
            Issue.record("\(error)\nin base 64, the input is \(Data(input).base64EncodedString())")
        }
    }

    @Test(arguments: FuzzTarget.allCases)
    func `nothing is wrong with an input that is broken at any place`(target: FuzzTarget) throws {
        for input in try corpus(target).filter({ $0.count <= 40 }).prefix(80) {
            for place in input.indices {
                for byte: UInt8 in [0x00, 0x0A, 0x0D, 0x22, 0x25, 0x30, 0x80, 0xFF] {
                    var broken = input
                    broken[place] = byte
                    Self.check(broken, of: target)
                }
                Self.check(Array(input[..<place]), of: target)
            }
        }
    }

    @Test
    func `no input at all is dealt with`() throws {
        for target in FuzzTarget.allCases {
            try target.run([])
        }
    }
}
