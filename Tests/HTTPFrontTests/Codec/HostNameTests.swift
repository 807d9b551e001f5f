import HTTPFront
import Testing

struct HostNameTests {
    private func read(_ text: String) -> (name: String, port: UInt16?)? {
        Array(text.utf8).withUnsafeBufferPointer { buffer in
            HostName(ByteRange(0, buffer.count), in: buffer.span).map { ($0.name.text(in: buffer.span), $0.port) }
        }
    }

    @Test(
        arguments: [
            ("localhost", "localhost", nil), ("localhost:8080", "localhost", 8080), ("localhost:", "localhost", nil),
            ("127.0.0.1:0", "127.0.0.1", 0), ("a.example.", "a.example.", nil), ("a_b-c~d", "a_b-c~d", nil),
            ("[::1]:65535", "[::1]", 65535), ("[::]", "[::]", nil), ("[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8]", nil),
            ("[1::]", "[1::]", nil), ("[fe80::1:2]", "[fe80::1:2]", nil),
            ("[::ffff:1.2.3.4]:80", "[::ffff:1.2.3.4]", 80),
            ("[1:2:3:4:5:6:1.2.3.4]", "[1:2:3:4:5:6:1.2.3.4]", nil), ("x%41", "x%41", nil), ("a:00080", "a", 80),
        ] as [(String, String, UInt16?)]
    )
    func `a host has a name or address and perhaps a port`(text: String, name: String, port: UInt16?) throws {
        let host = try #require(read(text))
        #expect(host.name == name)
        #expect(host.port == port)
    }

    @Test(arguments: [
        "", ":", ":1", "a:65536", "a:-1", "a: 1", "[1:2:3:4:5:6:7:8::]", "[::12345]", "[:1]", "[1:]", "[:::]",
        "[::1::]",
        "[1:2:3:4:5:6:7:1.2.3.4]", "[::1.2.3]", "[::1.2.3.256]", "[::01.2.3.4]", "[::1.2.3.4.5]", "[::1.2.3.4:5]",
        "[v1.x]", "[::1]]", "[", "]", "a[", "a%4", "a%zz", "\u{E9}", "a\\b", "a|b", "a^b", "<a>", "a b",
    ])
    func `what is no host is not read as one`(text: String) {
        #expect(read(text) == nil)
    }
}
