import Foundation
import Testing

@testable import brokerctl

@Suite struct TerminalTextTests {
    @Test(arguments: [
        ("plain grüße 👩‍👩‍👧", "plain grüße 👩‍👩‍👧"),
        ("a\nb\tc\r\n", "a\\nb\\tc\\r\\n"),
        ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
        ("\u{9b}31m", "\\u{9b}31m"),
        ("\u{0}\u{7f}", "\\u{0}\\u{7f}"),
        ("abc\u{202e}cba\u{2066}\u{2028}", "abc\\u{202e}cba\\u{2066}\\u{2028}"),
    ])
    func `nothing in a text reaches the terminal as a control`(text: String, shown: String) {
        #expect(TerminalText.escaped(text) == shown)
    }

    @Test func `JSON stays the same JSON`() throws {
        let json = "{\"a\":\"x\u{9b}31m\u{7f}\u{202e} ü\"}"
        let escaped = TerminalText.escaped(json: json)
        #expect(escaped == #"{"a":"x\u009b31m\u007f\u202e ü"}"#)
        let before = try #require(JSONObject(Array(json.utf8)))
        let after = try #require(JSONObject(Array(escaped.utf8)))
        #expect(before.string("a") == after.string("a"))
    }

    @Test func `a table aligns its columns, also for rows that come later`() {
        var table = Table([("NAME", .left), ("COUNT", .right), ("END", .left)])
        table.append(["a", "1", "x"])
        table.append(["longer", "1000000", ""])
        #expect(table.titleLine == "NAME      COUNT  END")
        #expect(table.takeLines() == ["a             1  x", "longer  1000000"])
        table.append(["b", "22", "y"])
        #expect(table.takeLines() == ["b            22  y"])
        #expect(table.takeLines() == [])
    }

    // MARK: Colours

    private func console(_ environment: [String: String]) -> Console {
        Console(environment: environment, isOutputTerminal: true, isErrorTerminal: true, isInputTerminal: true)
    }

    @Test(arguments: [(nil, 80), (20, 40), (40, 40), (72, 72), (100, 100), (300, 100)])
    func `help is as wide as the terminal, within reason`(columns: Int?, width: Int) {
        var console = console([:])
        console.columns = columns
        #expect(console.helpWidth(onTerminal: true) == width)
        #expect(console.helpWidth(onTerminal: false) == 80)
    }

    @Test func `colours are for terminals of people who do not mind them`() {
        #expect(console([:]).usesColor(.auto, onTerminal: true))
        #expect(!console([:]).usesColor(.auto, onTerminal: false))
        #expect(!console(["NO_COLOR": "1"]).usesColor(.auto, onTerminal: true))
        #expect(console(["NO_COLOR": ""]).usesColor(.auto, onTerminal: true))
        #expect(!console(["TERM": "dumb"]).usesColor(.auto, onTerminal: true))
        #expect(console(["NO_COLOR": "1"]).usesColor(.always, onTerminal: false))
        #expect(!console([:]).usesColor(.never, onTerminal: true))
    }
}

@Suite struct MessageLineTests {
    private func message(
        _ content: String,
        sender: String? = nil,
        at time: String = "2026-11-21T06:15:28.123Z",
        attempt: Int? = nil
    ) throws -> ReceivedMessage {
        var text = JSONText()
        text.set("id", "k3Qz9.18")
        text.set("recipient", "u42")
        text.set("sender", sender)
        text.set("content", raw: content)
        text.set("sentAt", time)
        if let attempt { text.set("attempt", raw: "\(attempt)") }
        return try #require(JSONObject(Array(text.object.utf8)).flatMap { ReceivedMessage($0) })
    }

    private func writer(isColored: Bool = false, showsID: Bool = false) -> MessageLine {
        MessageLine(recipients: ["u42", "lobby"], style: Style(isOn: isColored), showsID: showsID, timeZone: .gmt)
    }

    private let now = Date(timeIntervalSince1970: 1_795_248_000)

    @Test func `a message is a line of columns`() throws {
        var writer = writer()
        #expect(try writer.line(of: message("\"hi\\nthere\""), now: now) == #"06:15:28.123  u42    -  hi\nthere"#)
        #expect(
            try writer.line(of: message("{\"a\":1.0}", sender: "admin"), now: now)
                == #"06:15:28.123  u42    admin  {"a":1.0}"#
        )
        #expect(try writer.line(of: message("\"x\""), now: now) == "06:15:28.123  u42    -      x")
    }

    @Test func `another day shows its date`() throws {
        var writer = writer()
        let line = try writer.line(of: message("1", at: "2026-11-09T23:59:59.999Z"), now: now)
        #expect(line == "Nov 09 23:59  u42    -  1")
        #expect(try writer.line(of: message("1", at: "soon\u{1b}"), now: now) == "soon\\u{1b}  u42    -  1")
    }

    @Test func `ids and attempts are shown where they matter`() throws {
        var writer = writer(showsID: true)
        let line = try writer.line(of: message("true", attempt: 2), now: now)
        #expect(line == "06:15:28.123  k3Qz9.18  u42    -  (attempt 2)  true")
        #expect(try writer.line(of: message("0", attempt: 1), now: now) == "06:15:28.123  k3Qz9.18  u42    -  0")
    }

    @Test func `colours end where they began, and content has none of its own`() throws {
        var writer = writer(isColored: true)
        let line = try writer.line(of: message("\"\\u001b[31mred\"", sender: "me"), now: now)
        #expect(
            line == "\u{1b}[2m06:15:28.123\u{1b}[0m  \u{1b}[36mu42  \u{1b}[0m  \u{1b}[32mme\u{1b}[0m  \\u{1b}[31mred"
        )
    }

    @Test func `a very wide sender does not push the others`() throws {
        var writer = writer()
        _ = try writer.line(of: message("1", sender: String(repeating: "s", count: 200)), now: now)
        let line = try writer.line(of: message("1", sender: "me"), now: now)
        #expect(line == "06:15:28.123  u42    me" + String(repeating: " ", count: 24) + "1")
    }
}
