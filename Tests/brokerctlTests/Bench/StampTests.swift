import Broker
import Testing

@testable import brokerctl

@Suite struct StampTests {
    private func stamps(_ text: String, payloadBytes: Int, cutAt size: Int = .max) -> [UInt64] {
        var scanner = StampScanner(payloadBytes: payloadBytes)
        var found: [UInt64] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: min(size, bytes.count)) {
            bytes[start..<min(bytes.count, start + min(size, bytes.count))].withUnsafeBufferPointer { piece in
                scanner.scan(piece) { found.append($0) }
            }
        }
        return found
    }

    private let answer = """
        {"success":"1","messages":[{"id":"a.1","recipient":"r","content":"0000000000000042xxxx","sentAt":"2"},\
        {"id":"a.2","recipient":"r","content":"0000000000000043xxxx","sentAt":"2"}],"cursor":"a.2","unread":0}
        """

    @Test func `the numbers of messages are found`() {
        #expect(stamps(answer, payloadBytes: 20) == [42, 43])
        #expect(stamps("{\"success\":\"0\"}", payloadBytes: 20) == [])
    }

    @Test(arguments: 1...40)
    func `however the bytes are cut`(size: Int) {
        #expect(stamps(answer, payloadBytes: 20, cutAt: size) == [42, 43])
        let stream =
            "id: a.1\ndata: {\"content\":\"0000000000000007\"}\n\nid: a.2\ndata: {\"content\":\"0000000000000008\"}\n\n"
        #expect(stamps(stream, payloadBytes: 16, cutAt: size) == [7, 8])
    }

    @Test func `a beginning that leads nowhere does not hide the next`() {
        #expect(stamps(#""content"content":"0000000000000009""#, payloadBytes: 16) == [9])
        #expect(stamps(#"""content":"0000000000000009""#, payloadBytes: 16) == [9])
        #expect(stamps(#""con"content":"0000000000000009""#, payloadBytes: 16) == [9])
    }

    @Test func `a send is filled with its inbox and its number`() {
        var template = SendTemplate(BenchPlans.plan(.poll))
        template.fill(recipient: 123, stamp: 4567)
        let text = String(decoding: template.bytes, as: UTF8.self)
        #expect(text.hasSuffix("\r\n\r\n{\"recipient\":\"bench-x-000123\",\"content\":\"0000000000004567xxxx\"}"))
        #expect(text.hasPrefix("POST /v1/send HTTP/1.1\r\n"))
        #expect(BenchPlans.plan(.poll).recipient(123) == "bench-x-000123")
        template.fill(recipient: 7, stamp: 1)
        #expect(
            String(decoding: template.bytes, as: UTF8.self).hasSuffix("-000007\",\"content\":\"0000000000000001xxxx\"}")
        )
    }

    @Test(arguments: [0, 3, 15])
    func `a short content goes without a number`(payloadBytes: Int) {
        var template = SendTemplate(BenchPlans.plan(.send, payloadBytes: payloadBytes))
        template.fill(recipient: 2, stamp: 5)
        let content = String(repeating: "x", count: payloadBytes)
        let text = String(decoding: template.bytes, as: UTF8.self)
        #expect(text.hasSuffix("{\"recipient\":\"bench-x-000002\",\"content\":\"\(content)\"}"))
    }

    @Test func `readers ask for what they are to have`() {
        var plan = BenchPlans.plan(.poll)
        let line = { (bytes: [UInt8]) in String(decoding: bytes, as: UTF8.self).prefix { $0 != "\r\n" } }
        #expect(
            line(plan.pollRequest(of: 1, cursor: nil)) == "GET /v1/poll?recipient=bench-x-000001&timeout=300 HTTP/1.1"
        )
        #expect(
            line(plan.pollRequest(of: 1, cursor: "now"))
                == "GET /v1/poll?recipient=bench-x-000001&timeout=300&cursor=now HTTP/1.1"
        )
        plan.over = .ndjson
        #expect(line(plan.streamRequest(of: 1)) == "GET /v1/stream?recipient=bench-x-000001&as=ndjson&take=1 HTTP/1.1")
        #expect(
            line(BenchPlans.plan(.fanout).streamRequest(of: 0))
                == "GET /v1/stream?recipient=bench-x-000000&as=sse&cursor=now HTTP/1.1"
        )
    }

    @Test func `texts are found in an answer`() {
        let body = Array(#"{"success":"1","id":"k3Qz9.18","online":2,"unread":3}"#.utf8)
        body.withUnsafeBufferPointer { body in
            #expect(BenchAnswer.text(behind: "\"id\":\"", in: body) == "k3Qz9.18")
            #expect(BenchAnswer.text(behind: "\"online\":", in: body) == "2")
            #expect(BenchAnswer.text(behind: "\"unread\":", in: body) == "3")
            #expect(BenchAnswer.text(behind: "\"nothing\":", in: body) == nil)
        }
    }
}
