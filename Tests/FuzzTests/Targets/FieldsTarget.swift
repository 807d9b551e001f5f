@testable import Broker
@testable import HTTPFront

/// What each route reads from a query, a form, a JSON body and lines of JSON; nothing may crash, whatever is in them.
enum FieldsTarget {
    static func run(_ bytes: [UInt8]) {
        let bytes = Array(bytes.prefix(4096))
        for type in ["application/json", "application/x-www-form-urlencoded", "application/x-ndjson"] {
            let head =
                "POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Type: \(type)\r\nContent-Length: \(bytes.count)\r\n\r\n"
            read(Array(head.utf8), bytes)
        }
        read(
            Array("GET /v1/x?".utf8) + bytes + Array(" HTTP/1.1\r\nHost: h\r\nLast-Event-ID: ".utf8) + bytes
                + Array("\r\n\r\n".utf8),
            []
        )
    }

    private static func read(_ head: [UInt8], _ body: [UInt8]) {
        withExactCopy(of: head[...]) { headBytes in
            withExactCopy(of: body[...]) { bodyBytes in
                var parser = HeadParser(limits: HTTPLimits(requestLineBytesMax: 8192, headerBytesMax: 16384))
                guard let head = try? parser.parse(headBytes.span) else { return }
                read(Request(head: head, headBytes: headBytes, body: bodyBytes))
            }
        }
    }

    private static func read(_ request: Request) {
        let now = WallInstant(millisecondsSinceEpoch: 0)
        let scratch = ByteBuffer()
        _ = try? SendCommand(request, sentAt: now, scratch: scratch)
        scratch.reset(keeping: 0)
        _ = try? SendCommand(line: ByteRange(0, request.body.count), of: request.body, sentAt: now, scratch: scratch)
        _ = try? PollQuery(request)
        _ = try? StreamQuery(request)
        _ = try? AckQuery(request)
        _ = try? ReleaseQuery(request)
        _ = try? ExtendQuery(request)
        _ = try? InboxQuery.recipient(request)
        _ = try? InboxesQuery(request)
    }
}
