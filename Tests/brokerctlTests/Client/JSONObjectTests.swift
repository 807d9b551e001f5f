import Testing

@testable import brokerctl

@Suite struct JSONObjectTests {
    private func object(_ text: String) throws -> JSONObject {
        try #require(JSONObject(Array(text.utf8)))
    }

    @Test func `fields are found by name and keep their text`() throws {
        let object = try object(#"{ "a": "x\ny", "b": 12, "c": {"d": [1, 2.50]}, "e": true, "f": null, "g": 1.5 }"#)
        #expect(object.string("a") == "x\ny")
        #expect(object.integer("b") == 12)
        #expect(object.raw("c") == #"{"d": [1, 2.50]}"#)
        #expect(object.object("c")?.raw("d") == "[1, 2.50]")
        #expect(object.isTrue("e"))
        #expect(!object.isTrue("b"))
        #expect(object.has("f"))
        #expect(object.string("f") == nil)
        #expect(object.decimal("g") == 1.5)
        #expect(object.decimal("b") == 12)
        #expect(object.integer("zzz") == nil)
    }

    @Test func `arrays give their objects`() throws {
        let object = try object(#"{"list":[{"a":1},{"a":2}],"mixed":[{},3],"none":[]}"#)
        #expect(object.objects("list")?.compactMap { $0.integer("a") } == [1, 2])
        #expect(object.objects("list")?.map(\.text) == [#"{"a":1}"#, #"{"a":2}"#])
        #expect(object.objects("mixed") == nil)
        #expect(object.objects("none")?.count == 0)
        #expect(object.objects("list2") == nil)
    }

    @Test(arguments: ["", "[]", "{", "{}x", #"{"a":}"#, "null"])
    func `what is no object is none`(text: String) {
        #expect(JSONObject(Array(text.utf8)) == nil)
    }

    @Test func `half of a surrogate pair is no text, but has its JSON`() throws {
        let object = try object(#"{"content":"\ud800","id":"e.1","recipient":"a","sentAt":"x"}"#)
        #expect(object.string("content") == nil)
        #expect(ReceivedMessage(object)?.content == #""\ud800""#)
    }

    @Test func `objects are written field by field`() {
        var text = JSONText()
        #expect(text.object == "{}")
        text.set("a", "x\"\n")
        text.set("b", nil)
        text.set("c", raw: "[1]")
        text.set("d", ["p", "q"])
        #expect(text.object == #"{"a":"x\"\n","c":[1],"d":["p","q"]}"#)
    }

    @Test(arguments: ["1", "\"x\"", " {\"a\": [1, 2]} ", "null", "[]"])
    func `a JSON value has no mistake`(text: String) {
        #expect(JSONText.mistake(in: text) == nil)
    }

    @Test(arguments: [
        ("", "expected one value but found 0"),
        ("1,\"recipient\":2", "at byte 13: expected ',' or ']' but found ':'"),
        ("1,2", "expected one value but found 2"),
        ("hello", "at byte 0: expected a value but found 'h'"),
        ("1] [2", "at byte 3: expected the end of the text but found '['"),
    ])
    func `what is not one JSON value has a mistake`(text: String, mistake: String) {
        #expect(JSONText.mistake(in: text) == mistake)
    }
}
