import Testing

@testable import HTTPFront

struct RouteTableTests {
    private static func path(of text: String) -> String? {
        let bytes = Array(text.utf8)
        return RouteTable.route(ByteRange(0, bytes.count), in: bytes.span)?.path.description
    }

    @Test
    func `every path leads to its route`() {
        for route in RouteTable.routes {
            let text = route.path.description
            #expect(Self.path(of: text) == text)
            let escaped = text.utf8.map { $0 == UInt8(ascii: "/") ? "/" : "%" + String($0, radix: 16) }.joined()
            #expect(Self.path(of: escaped) == text)
        }
    }

    @Test(arguments: [
        ("/v1/%70oll", "/v1/poll"), ("/v1/pol%6C", "/v1/poll"), ("/v1/pol%6c", "/v1/poll"),
        ("/%76%31/send", "/v1/send"), ("/health%2Flive", nil), ("/health/liv%65", "/health/live"),
        // Decoded once, not twice; and only whole names are the same.
        ("/v1/%2570oll", nil), ("/v1/%70ol", nil), ("/v1/%70olls", nil), ("/v1/%50oll", nil), ("/v1/poll%00", nil),
        ("/v1/poll%FF", nil), ("/v1/poll%3F", nil), ("/v1/Poll", nil), ("/v1/poll/", nil), ("//v1/poll", nil),
        ("/v1/../v1/poll", nil), ("/v1/%2E%2E/v1/poll", nil), ("/", nil), ("%", nil), ("", nil),
    ])
    func `escapes of unreserved characters mean the characters, and nothing else is taken for them`(
        text: String,
        path: String?
    ) {
        #expect(Self.path(of: text) == path)
    }
}
