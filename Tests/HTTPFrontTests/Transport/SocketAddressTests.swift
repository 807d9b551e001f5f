import HTTPFront
import Testing

struct SocketAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1:80", true, false),
        ("127.1.2.3", "127.1.2.3:80", true, false),
        ("0.0.0.0", "0.0.0.0:80", false, true),
        ("192.168.1.9", "192.168.1.9:80", false, false),
        ("::1", "[::1]:80", true, false),
        ("[::1]", "[::1]:80", true, false),
        ("::", "[::]:80", false, true),
        ("2001:db8::8", "[2001:db8::8]:80", false, false),
        ("::ffff:127.0.0.1", "[::ffff:127.0.0.1]:80", true, false),
        ("::ffff:8.8.8.8", "[::ffff:8.8.8.8]:80", false, false),
        ("localhost", "127.0.0.1:80", true, false),
    ])
    func `hosts are read`(host: String, text: String, isLoopback: Bool, isUnspecified: Bool) throws {
        let address = try SocketAddress(host: host, port: 80)
        #expect(address.description == text)
        #expect(address.isLoopback == isLoopback)
        #expect(address.isUnspecified == isUnspecified)
    }

    @Test
    func `localhost has an address of each family`() throws {
        let addresses = try SocketAddress.resolve(host: "localhost", port: 1)
        #expect(addresses.map(\.description) == ["127.0.0.1:1", "[::1]:1"])
    }

    @Test(arguments: ["", "127.0.0.1.5", "127.0.0", "1::2::3", "[::1"])
    func `what is no numeric address is not read as one`(text: String) {
        #expect(SocketAddress(literal: text, port: 80) == nil)
    }

    @Test
    func `a name without an address is refused with its name`() {
        let error = #expect(throws: TransportError.self) {
            try SocketAddress(host: "no such host.invalid", port: 80)
        }
        #expect(error?.description.hasPrefix("looking up 'no such host.invalid' failed: ") == true)
    }

    @Test(arguments: PollerKind.allCases)
    func `IPv6 is served, on its own and beside IPv4`(poller: PollerKind) async throws {
        let loop = try EventLoop(index: 0, poller: poller, time: SteppedTime())
        let texts = TransportLog<String>()
        let any = try loop.listen(on: SocketAddress(host: "::", port: 0), backlog: 4, isShared: false) { channel in
            texts.append(channel.peerAddressText)
            return nil
        }
        loop.start()
        for host in ["127.0.0.1", "::1"] {
            let client = RecordingHandler()
            let address = try SocketAddress(host: host, port: any.address.port)
            await loop.run { _ = try? loop.connect(to: address, handler: client) }
        }
        var found = Set<String>()
        for _ in 0..<2 { found.insert(await texts.next()) }
        #expect(found == ["::ffff:127.0.0.1", "::1"])
        loop.stop()
        loop.join()
    }
}
