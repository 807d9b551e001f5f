import Testing

@testable import HTTPFront

/// Which names the server answers to, and which web sites reach it.
struct AccessPolicyTests {
    private static func policy(
        isLoopback: Bool = true,
        hosts: [String] = [],
        origins: [String] = []
    ) -> AccessPolicy {
        var configuration = ServerConfiguration()
        configuration.allowedHosts = hosts
        configuration.allowedOrigins = origins
        return AccessPolicy(configuration, isLoopback: isLoopback)
    }

    private static func request(_ fields: String...) -> String {
        "GET /v1/poll HTTP/1.1\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    private static func host(_ host: String, _ policy: AccessPolicy) throws -> Problem? {
        try refusal(of: request("Host: \(host)"), policy)
    }

    private static func refusal(of request: String, _ policy: AccessPolicy) throws -> Problem? {
        do {
            try RequestBench.read(request) { try policy.checkHost($0.head, $0.headBytes.span) }
            return nil
        } catch let problem as Problem {
            return problem
        }
    }

    /// Whether the answer has to allow the origin; throws if it is refused.
    private static func allowsOrigin(_ request: String, _ policy: AccessPolicy) throws -> Bool {
        try RequestBench.read(request) { request in
            try policy.checkOrigin(request.head, request.headBytes.span)
            return policy.crossOriginFields(request.head, request.headBytes.span) != ""
        }
    }

    // MARK: Host

    @Test(arguments: [
        "127.0.0.1", "127.0.0.1:8080", "127.0.0.1:", "127.1.2.3", "127.255.255.254:1", "localhost", "LocalHost:8080",
        "localhost:80", "a.localhost", "a.b.LOCALHOST:8080", "[::1]", "[::1]:80", "[::1]:",
    ])
    func `a server on loopback answers to the names of loopback`(host: String) throws {
        #expect(try Self.host(host, Self.policy()) == nil)
    }

    @Test(arguments: [
        "127.0.0.1.evil.com", "localhost.evil.com", "localhost.evil.com:8080", "127.0.0.1.nip.io", "evil.com",
        "evil.com:80", "notlocalhost", "xlocalhost", ".localhost", "localhost.", "127.0.0.1.", "0x7f.1", "0x7f000001",
        "2130706433", "127.1", "0177.0.0.1", "127.0.0.01", "127.0.0.256", "127.0.0", "0.0.0.0", "192.168.0.1",
        "[::]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]", "[::2]", "localhost%2eevil.com", "%6cocalhost",
        "127.evil.com",
        "localhost-", "127.0.0.1-", "1270.0.0.1", "user.localhost.com",
    ])
    func `a server on loopback answers to no other name`(host: String) throws {
        let name = host.replacing(/:[0-9]*$/, with: "")
        let problem = try #require(try Self.host(host, Self.policy()))
        #expect(
            problem
                == Problem(
                    .misdirectedRequest,
                    "the host '\(name)' is not one of this server's; "
                        + "use 127.0.0.1 or localhost, or start it with --allow-host"
                )
        )
        #expect(problem.status == 421)
    }

    @Test
    func `a long name is shortened in the refusal`() throws {
        let problem = try #require(try Self.host(String(repeating: "x", count: 200), Self.policy()))
        #expect(problem.detail.hasPrefix("the host '\(String(repeating: "x", count: 80))' is"))
    }

    @Test
    func `the target's authority counts, if there is one`() throws {
        let evil = "GET http://evil.com/v1/poll HTTP/1.1\r\nHost: localhost\r\n\r\n"
        #expect(try Self.refusal(of: evil, Self.policy())?.code == .misdirectedRequest)
        let good = "GET http://localhost/v1/poll HTTP/1.1\r\nHost: evil.com\r\n\r\n"
        #expect(try Self.refusal(of: good, Self.policy()) == nil)
    }

    @Test
    func `HTTP 1.0 may leave the name out`() throws {
        #expect(try Self.refusal(of: "GET / HTTP/1.0\r\n\r\n", Self.policy()) == nil)
        #expect(try Self.refusal(of: "GET / HTTP/1.0\r\nHost: evil.com\r\n\r\n", Self.policy()) != nil)
    }

    @Test(arguments: [
        ("broker.example", true), ("Broker.Example:8080", true), ("localhost", true), ("127.0.0.1:80", true),
        ("[2001:db8::1]:80", true), ("broker.example.com", false), ("x.broker.example", false), ("broker", false),
        ("broker.example.", false), ("[2001:db8::2]", false),
    ])
    func `names can be allowed`(host: String, isAllowed: Bool) throws {
        for isLoopback in [true, false] {
            let policy = Self.policy(isLoopback: isLoopback, hosts: ["BROKER.example", "[2001:DB8::1]"])
            #expect((try Self.host(host, policy) == nil) == isAllowed)
        }
    }

    @Test(arguments: ["evil.com", "192.168.0.1:8080", "localhost", "[::2]"])
    func `a server that others reach answers to every name, unless some are allowed`(host: String) throws {
        #expect(try Self.host(host, Self.policy(isLoopback: false)) == nil)
    }

    // MARK: Origin

    @Test(arguments: [
        ("localhost:8080", "http://localhost:8080"), ("localhost", "https://localhost"),
        ("LOCALHOST:8080", "http://localhost:8080"), ("localhost:8080", "http://LocalHost:8080"),
        ("[::1]:8080", "http://[::1]:8080"), ("127.0.0.1", "http://127.0.0.1"),
    ])
    func `the server's own pages may use it, and need not be told so`(host: String, origin: String) throws {
        let request = Self.request("Host: \(host)", "Origin: \(origin)")
        #expect(try Self.allowsOrigin(request, Self.policy()) == false)
    }

    @Test(arguments: [
        "http://evil.com", "https://evil.com", "null", "", "http://localhost", "http://localhost:80801",
        "http://localhost:808", "http://127.0.0.1:8080", "ftp://localhost:8080", "HTTP://localhost:8080",
        "http://localhost:8080.evil.com", "http://evil.com:8080", "http://localhost:8080/", "localhost:8080",
        "http://evilocalhost:8080", "http://localhost:8080 http://evil.com", "https://shop.example",
        "http://shop.example:81", "http://SHOP.example", "http://shop.example.evil.com", "chrome-extension://abc",
    ])
    func `pages of another site may not use it`(origin: String) throws {
        let request = Self.request("Host: localhost:8080", "Origin: \(origin)")
        for origins in [[], ["http://shop.example"]] {
            let problem = #expect(throws: Problem.self) {
                _ = try Self.allowsOrigin(request, Self.policy(origins: origins))
            }
            #expect(
                problem
                    == Problem(
                        .forbidden,
                        "pages of '\(origin)' may not use this server; start it with --allow-origin to let them"
                    )
            )
        }
    }

    @Test(arguments: ["http://shop.example", "https://shop.example:8443", "null"])
    func `pages of an allowed origin may use it, and their browsers are told so`(origin: String) throws {
        let policy = Self.policy(origins: ["http://shop.example", "https://shop.example:8443", "null"])
        let request = Self.request("Host: localhost:8080", "Origin: \(origin)")
        #expect(try Self.allowsOrigin(request, policy) == true)
    }

    @Test(arguments: [
        ("same-origin", true), ("none", true), ("", true), ("cross-site", false), ("same-site", false),
        ("nonsense", true),
    ])
    func `an image or script of another site gets nothing, though it sends no Origin`(
        site: String,
        isAllowed: Bool
    ) throws {
        let request = Self.request("Host: localhost", "Sec-Fetch-Site: \(site)")
        guard isAllowed else {
            let problem = #expect(throws: Problem.self) { _ = try Self.allowsOrigin(request, Self.policy()) }
            #expect(
                problem
                    == Problem(
                        .forbidden,
                        "a page of another site asks without saying which; it must use fetch or EventSource"
                    )
            )
            return
        }
        #expect(try Self.allowsOrigin(request, Self.policy()) == false)
    }

    @Test
    func `with an Origin, Sec-Fetch-Site is not asked`() throws {
        let request = Self.request(
            "Host: localhost",
            "Origin: http://shop.example",
            "Sec-Fetch-Site: cross-site"
        )
        #expect(try Self.allowsOrigin(request, Self.policy(origins: ["http://shop.example"])) == true)
    }

    @Test
    func `who is no browser sends none of it`() throws {
        #expect(try Self.allowsOrigin(Self.request("Host: localhost"), Self.policy()) == false)
    }
}
