import Testing

@testable import brokerctl

/// Origins and hosts that are written as browsers write them, and others.
@Suite struct BrowserNameTests {
    @Test(arguments: [
        "https://www.example.org", "http://localhost:3000", "http://127.0.0.1:8080", "http://[::1]:8080", "null",
        "https://xn--mnchen-3ya.example", "https://example.org:8443", "http://example.org:443",
        "chrome-extension://abcdefghijklmnop", "capacitor://localhost", "https://a_b.example",
    ])
    func `what browsers send is taken`(origin: String) {
        #expect(BrowserName.mistake(inOrigin: origin) == nil)
    }

    @Test(arguments: [
        ("https://example.org/", "an origin ends behind the host or the port; write 'https://example.org'"),
        ("https://example.org/app?x#y", "an origin ends behind the host or the port; write 'https://example.org'"),
        ("example.org", "it has no scheme; write 'https://example.org' (or http://)"),
        ("Localhost:3000", "it has no scheme; write 'https://localhost:3000' (or http://)"),
        ("*", "origins are compared as a whole; name each one, as in 'https://www.example.org'"),
        ("https://*.example.org", "origins are compared as a whole; name each one, as in 'https://www.example.org'"),
        (
            "https://Example.org",
            "browsers write it in small letters and leave the scheme's own port out; write 'https://example.org'"
        ),
        (
            "https://example.org:443",
            "browsers write it in small letters and leave the scheme's own port out; write 'https://example.org'"
        ),
        (
            "http://example.org:080",
            "browsers write it in small letters and leave the scheme's own port out; write 'http://example.org'"
        ),
        ("https://", "it is no origin; write it as in 'https://www.example.org' or 'http://localhost:3000'"),
        (
            "https://me@example.org",
            "it is no origin; write it as in 'https://www.example.org' or 'http://localhost:3000'"
        ),
        ("a b", "it is no origin; write it as in 'https://www.example.org' or 'http://localhost:3000'"),
        (
            "https://münchen.example",
            "browsers write names in ASCII; write it as they do, as in 'https://xn--mnchen-3ya.example'"
        ),
    ])
    func `what they do not send is told, with what they send instead`(origin: String, mistake: String) {
        #expect(BrowserName.mistake(inOrigin: origin) == mistake)
    }

    @Test(arguments: ["broker.example.org", "BROKER", "10.0.0.7", "[::1]", "a=b", "broker."])
    func `a name that a request may have is taken`(host: String) {
        #expect(BrowserName.mistake(inHost: host) == nil)
    }

    @Test(arguments: [
        ("a b", "it is no host name or address; write, say, 'broker.example.org'"),
        ("", "it is no host name or address; write, say, 'broker.example.org'"),
        ("example.org/x", "it is no host name or address; write, say, 'broker.example.org'"),
        ("example.org:8080", "any port will do; write 'example.org'"),
        ("example.org:", "any port will do; write 'example.org'"),
        ("[::1]:8080", "any port will do; write '[::1]'"),
        ("::1", "an IPv6 address stands in brackets; write '[::1]'"),
        ("https://example.org:8080/", "it is a URL; write 'example.org'"),
        ("*.example.org", "names are compared as a whole; name each one"),
    ])
    func `any other is told`(host: String, mistake: String) {
        #expect(BrowserName.mistake(inHost: host) == mistake)
    }
}
