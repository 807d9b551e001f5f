import Testing

@testable import HTTPFront

/// How a batch is cut into lines.
struct BatchLinesTests {
    @Test(arguments: [
        ("", []), ("\n\n", []), ("a", ["a"]), ("a\n", ["a"]), ("a\r\nb", ["a\r", "b"]),
        (" \t\r\n{}\n \n{}", ["{}", "{}"]),
    ])
    func `lines that hold something are found`(text: String, expected: [String]) {
        let bytes = Array(text.utf8)
        let lines = bytes.withUnsafeBufferPointer { buffer in
            buffer.lines.map { String(decoding: buffer[$0.offsets], as: UTF8.self) }
        }
        #expect(lines == expected)
    }
}
