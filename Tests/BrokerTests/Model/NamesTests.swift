import BrokerTestSupport
import Testing

@testable import Broker

@Suite struct NamesTests {
    @Test(arguments: ["1.1", "k3Qz9.18", "z.0", "JMAIjoV.999999999999999999", "Zz9.10"])
    func `an id reads as it is written`(text: String) throws {
        let id = try #require(MessageID(text))
        #expect(id.description == text)
    }

    @Test(arguments: [
        "", ".", "a", "abc", "a.", ".1", "0.1", "0a.1", "a.01", "a.00", "a.-1", "a.+1", "a. 1", "a.1 ", " a.1", "a.1.2",
        "a..1",
        "a,1", "ä.1", "a.1\u{0}", "12345678.1", "zzzzzzz.1", "JMAIjoW.1", "a.1234567890123456789", "a.1x", "a~b",
        "a.\u{661}",
    ])
    func `what no id is written as is not read as one`(text: String) {
        #expect(MessageID(text) == nil)
    }

    @Test func `ids of any epoch and sequence survive being written`() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<2000 {
            let bits = random.next() >> UInt64(random.number(0...63))
            let sequence = (random.next() >> UInt64(random.number(5...63))) % 1_000_000_000_000_000_000
            let id = MessageID(epoch: Epoch(bits: bits), sequence: sequence)
            #expect(MessageID(id.description) == id)
            #expect(id.description.utf8.count <= MessageID.textBytesMax)
        }
        let longest = MessageID(epoch: Epoch(bits: .max), sequence: .max)
        #expect(longest.description == "JMAIjoV.18446744073709551615")
    }

    @Test func `an epoch is never zero`() {
        #expect(Epoch(bits: 0) == Epoch(bits: 1))
        #expect(Epoch(bits: 1 << 40) == Epoch(bits: 1))
    }

    @Test(arguments: [
        ("0", Cursor.oldest), ("now", .now),
        ("a.1", .after(MessageID(epoch: Epoch(bits: 36), sequence: 1))),
        (
            "a.1~b.0",
            .afterEach([
                MessageID(epoch: Epoch(bits: 36), sequence: 1), MessageID(epoch: Epoch(bits: 37), sequence: 0),
            ])
        ),
    ])
    func `a cursor reads as it is written`(text: String, cursor: Cursor) throws {
        #expect(try Cursor(text) == cursor)
        #expect(cursor.description == text)
    }

    @Test(arguments: [
        "", "00", "Now", "now ", "1", "abc", "a.1~", "~a.1", "~", "a.1~~b.1", "0~a.1", "now~a.1", "a.1~0", "a.1,b.1",
    ])
    func `an unreadable cursor is refused, and shown`(text: String) {
        let error = #expect(throws: BrokerError.self) { try Cursor(text) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message == "cursor '\(text)' is unreadable")
    }

    @Test func `a long unreadable cursor is cut off where it is shown`() {
        let error = #expect(throws: BrokerError.self) { try Cursor(String(repeating: "x", count: 5000)) }
        #expect(error?.message.utf8.count ?? 0 < 120)
    }

    @Test(arguments: [
        "u42", "support", "room:lobby", "é", "日本", "a b", "\u{A0}", " ", String(repeating: "x", count: 256),
    ])
    func `a name is any text without control characters`(name: String) throws {
        #expect(try Recipient(name).name == name)
    }

    @Test(arguments: [
        ("", "recipient is empty"),
        (String(repeating: "x", count: 257), "recipient has 257 bytes"),
        (String(repeating: "é", count: 129), "recipient has 258 bytes"),
        ("a\nb", "recipient contains the control character U+000A"),
        ("\u{0}", "recipient contains the control character U+0000"),
        ("a\u{7F}", "recipient contains the control character U+007F"),
        ("a\u{85}b", "recipient contains the control character U+0085"),
        ("\u{9F}", "recipient contains the control character U+009F"),
    ])
    func `a name that cannot be is refused, and it says why`(name: String, message: String) {
        let error = #expect(throws: BrokerError.self) { try Recipient(name) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message == message)
    }

    @Test func `recipients are the same only if their bytes are`() throws {
        let composed = try Recipient("caf\u{E9}")
        let decomposed = try Recipient("cafe\u{301}")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed, composed]).count == 2)
        #expect(decomposed < composed)
    }
}
