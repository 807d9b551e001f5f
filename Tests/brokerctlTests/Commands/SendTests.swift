import Testing

@testable import brokerctl

@Suite struct SendTests {
    @Test func `the body holds what was given, in the order of the contract`() {
        var send = Send()
        send.first = "u42"
        #expect(send.body(content: "\"hi\"") == #"{"recipient":"u42","content":"hi"}"#)
        send.sender = "admin"
        send.type = "note"
        send.timeToLive = 60
        send.key = "k\"1"
        #expect(
            send.body(content: "[1]")
                == #"{"recipient":"u42","sender":"admin","type":"note","content":[1],"ttlSeconds":60,"key":"k\"1"}"#
        )
        send.to = ["a", "b"]
        #expect(send.body(content: "1").hasPrefix(#"{"recipients":["a","b"],"#))
    }

    @Test(arguments: [
        ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("a", "a"), ("", ""), ("\n", ""), ("a\nb", "a\nb"),
    ])
    func `one line end is taken from the end of the input`(read: String, sent: String) {
        #expect(Send.withoutLineEnd(read) == sent)
    }

    @Test func `an answer is told line by line`() {
        func lines(_ text: String) -> (done: [String], refused: [String]) { SendReport.lines(of: Array(text.utf8)) }
        #expect(
            lines(#"{"success":"1","id":"k3Qz9.18","online":2,"unread":3}"#).done
                == ["sent k3Qz9.18 (online 2, unread 3)"]
        )
        #expect(
            lines(#"{"success":"1","id":"e.1","online":0,"unread":3,"evicted":2,"duplicate":true}"#).done
                == ["sent e.1 (online 0, unread 3, dropped 2 unread to make room, a duplicate, sent before)"]
        )
        let several = lines(
            """
            {"success":"1","results":[{"recipient":"u42","id":"e.1","online":0,"unread":1},\
            {"recipient":"u43","error":{"code":"inbox_full","detail":"inbox 'u43' is full"}}]}
            """
        )
        #expect(several.done == ["sent e.1 to u42 (online 0, unread 1)"])
        #expect(several.refused == ["u43: inbox_full: inbox 'u43' is full"])
        #expect(
            lines(#"{"error":{"code":"too_large","status":413,"detail":"content has\u001b 70000 bytes"}}"#).refused
                == [#"too_large: content has\u{1b} 70000 bytes"#]
        )
    }
}

@Suite struct BatchLinesTests {
    private func batches(_ blocks: [String], fullOnly: Bool = false) -> [BatchLines.Batch] {
        var lines = BatchLines()
        var batches: [BatchLines.Batch] = []
        for (index, block) in blocks.enumerated() {
            lines.append(Array(block.utf8), isLast: index == blocks.count - 1)
            while let batch = lines.nextBatch(fullOnly: fullOnly) { batches.append(batch) }
        }
        return batches
    }

    @Test func `lines keep their numbers, empty ones are not sent`() {
        #expect(batches(["a\n\n  \r\nb\n"]) == [BatchLines.Batch(text: "a\nb\n", lineNumbers: [1, 4])])
        #expect(batches(["a\nb"]) == [BatchLines.Batch(text: "a\nb\n", lineNumbers: [1, 2])])
        #expect(batches([""]).isEmpty)
    }

    @Test func `lines may be cut anywhere`() {
        let text = "{\"a\":1}\n{\"ü\":2}\n"
        for cut in text.indices {
            let parts = batches([String(text[..<cut]), String(text[cut...]), ""])
            #expect(parts.map(\.text).joined() == text)
            #expect(parts.flatMap(\.lineNumbers) == [1, 2])
        }
    }

    @Test func `a batch has at most 1000 lines`() {
        let all = batches([String(repeating: "x\n", count: 2500)])
        #expect(all.map(\.lineNumbers.count) == [1000, 1000, 500])
        #expect(all.map(\.name) == ["lines 1 to 1000", "lines 1001 to 2000", "lines 2001 to 2500"])
        #expect(batches(["x"]).map(\.name) == ["line 1"])
    }

    @Test func `a batch has at most 4 MiB, unless a line alone has more`() {
        let line = String(repeating: "x", count: 1 << 20) + "\n"
        #expect(batches([String(repeating: line, count: 5)]).map(\.lineNumbers.count) == [3, 2])
        let long = String(repeating: "x", count: 5 << 20) + "\n"
        #expect(batches(["a\n" + long + "b\n"]).map(\.lineNumbers) == [[1], [2], [3]])
    }

    @Test func `while more input is there, lines wait until a batch is full`() {
        var lines = BatchLines()
        lines.append(Array(String(repeating: "x\n", count: 1500).utf8), isLast: false)
        #expect(lines.nextBatch(fullOnly: true)?.lineNumbers.count == 1000)
        #expect(lines.nextBatch(fullOnly: true) == nil)
        #expect(lines.nextBatch(fullOnly: false)?.lineNumbers.count == 500)
    }
}
