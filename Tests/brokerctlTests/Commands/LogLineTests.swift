import Foundation
import HTTPFront
import Testing

@testable import brokerctl

struct LogLineTests {
    @Test(arguments: [
        ("u42", "u42"), ("room:lobby", "room:lobby"), ("", "\"\""), ("a b", "\"a b\""), ("a=b", "\"a=b\""),
        ("say \"hi\"", "\"say \\\"hi\\\"\""), ("back\\slash", "back\\slash"), ("a \\", "\"a \\\\\""),
        ("a\nb", "a\\nb"), ("a b\n", "\"a b\\n\""), ("\u{1B}[2J", "\\u{1b}[2J"), ("x times=5", "\"x times=5\""),
    ])
    func `a value ends where it seems to end, and controls no terminal`(value: String, written: String) {
        let line = ConsoleLog.line(
            .warning,
            "refused",
            [("broker.recipient", value)],
            at: Date(timeIntervalSince1970: 0)
        )
        #expect(line == "1970-01-01T00:00:00.000Z warning refused broker.recipient=\(written)")
    }
}
