/// The bytes of requests.
enum RequestBytes {
    /// A request without a body, with the fields given.
    static func get(_ target: String, fields: String = "") -> [UInt8] {
        Array("GET \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n\(fields)\r\n".utf8)
    }

    /// A request with a body of JSON, or lines of it.
    static func post(_ target: String, _ body: String, type: String = "application/json") -> [UInt8] {
        let head = "POST \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: \(type)\r\n"
        return Array("\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    }

    /// A message of a usual size to a recipient.
    static func message(to recipient: String) -> [UInt8] {
        post("/v1/send", line(to: recipient))
    }

    /// A message as a line of a batch.
    static func line(to recipient: String) -> String {
        "{\"recipient\":\"\(recipient)\",\"content\":\"\(content)\"}"
    }

    /// Messages in one request.
    static func batch(_ lines: [String]) -> [UInt8] {
        post("/v1/send", lines.joined(separator: "\n"), type: "application/x-ndjson")
    }

    /// A poll that waits.
    static func poll(of recipient: String, timeout: Int = 300, limit: Int = 100) -> [UInt8] {
        get("/v1/poll?recipient=\(recipient)&timeout=\(timeout)&limit=\(limit)")
    }

    /// An event stream of what comes from now on.
    static func follow(_ recipient: String) -> [UInt8] {
        get("/v1/stream?recipient=\(recipient)&cursor=now", fields: "Accept: text/event-stream\r\n")
    }

    /// 100 bytes of content.
    static let content = String(repeating: "0123456789", count: 10)

    /// What a browser adds to a request.
    static let browserFields = """
        Connection: keep-alive\r
        sec-ch-ua-platform: "Linux"\r
        User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r
        Accept: application/json, text/plain, */*\r
        sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24"\r
        sec-ch-ua-mobile: ?0\r
        Sec-Fetch-Site: same-origin\r
        Sec-Fetch-Mode: cors\r
        Sec-Fetch-Dest: empty\r
        Referer: http://127.0.0.1/desk/agent\r
        Accept-Encoding: gzip, deflate, br, zstd\r
        Accept-Language: en-GB,en;q=0.9,zh-CN;q=0.8,zh;q=0.7\r\n
        """
}
