import Testing

@testable import brokerctl

@Suite struct ValueTests {
    @Test(arguments: [
        ("0", 0), ("65536", 65_536), ("1KiB", 1024), ("1 KiB", 1024), ("3mib", 3 << 20), ("2GIB", 2 << 30),
        ("1TiB", 1 << 40),
    ])
    func `bytes are read`(text: String, bytes: Int) {
        #expect(ByteSize.read(text) == bytes)
    }

    @Test(arguments: [
        "", "KiB", "-1", "1.5MiB", "1kb", "1  KiB", " 1", "9223372036854775807KiB", "99999999999999999999", "٣",
    ])
    func `what is no number of bytes is refused`(text: String) {
        #expect(ByteSize.read(text) == nil)
    }

    @Test(arguments: [0, 1, 1000, 1024, 65_536, 1 << 20, 1 << 30, 1 << 40, 1_048_577])
    func `bytes are written as they are read`(bytes: Int) {
        #expect(ByteSize.read(ByteSize.text(bytes)) == bytes)
    }

    @Test(arguments: [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (1 << 30, "1.0 GiB"), (123_456, "120.6 KiB")])
    func `bytes are rounded for people`(bytes: Int, text: String) {
        #expect(ByteSize.rounded(bytes) == text)
    }

    @Test func `a URL is taken apart`() throws {
        let url = try #require(ServerURL("http://[::1]:8080/broker/"))
        #expect(url.host == "::1")
        #expect(url.port == 8080)
        #expect(url.path == "/broker")
        #expect(url.description == "http://[::1]:8080/broker")
        #expect(ServerURL("https://example.org")?.port == 443)
        #expect(ServerURL("http://example.org")?.port == 80)
        #expect(ServerURL("HTTP://example.org/")?.description == "HTTP://example.org")
        #expect(ServerURL(ServerURL.standard.description) == .standard)
    }

    @Test(arguments: [
        "", "127.0.0.1:8080", "localhost", "ftp://x", "http://", "http://x:0", "http://x:70000", "http://x/?a=b",
        "http://x/#a", "http://user:word@x", "http://a b",
    ])
    func `what is no URL of a broker is refused`(text: String) {
        #expect(ServerURL(text) == nil)
    }

    @Test func `exit codes are those that are documented`() {
        #expect(ExitCode.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 130, 143])
        #expect(Failure.usage(UsageError(message: "x")).exitCode == .usage)
        #expect(Failure.unreachable(url: "x", reason: "y").exitCode == .unreachable)
        #expect(Failure.refused(Refusal(code: "inbox_full", detail: "x")).exitCode == .failure)
        #expect(Failure.refused(Refusal(code: "of_a_later_version", detail: "x")).exitCode == .failure)
        #expect(Failure.outputClosed.exitCode == .failure)
        #expect(
            Failure.refused(Refusal(code: "inbox_full", detail: "it is full")).messages == ["inbox_full: it is full"]
        )
    }
}
