import Testing

@testable import brokerctl

/// What a person is told to type.
@Suite struct ProgramPathTests {
    private static let files = [
        "/home/me/broker/.build/debug/brokerctl": "/home/me/broker/.build/x86_64/debug/brokerctl",
        "/home/me/broker/.build/x86_64/debug/brokerctl": "/home/me/broker/.build/x86_64/debug/brokerctl",
        "/home/me/bin/brokerctl": "/home/me/broker/.build/x86_64/debug/brokerctl",
        "/usr/bin/brokerctl": "/usr/bin/brokerctl", "/home/me/my tools/brokerctl": "/home/me/my tools/brokerctl",
        "/home/me/it's/brokerctl": "/home/me/it's/brokerctl",
    ]

    @Test(arguments: [
        // Found by its name.
        ("brokerctl", "/usr/bin", "brokerctl"), ("/usr/bin/brokerctl", "/bin:/usr/bin", "brokerctl"),
        ("/home/me/broker/.build/x86_64/debug/brokerctl", "/home/me/bin:/usr/bin", "brokerctl"),
        // The name is another program's, or nobody's.
        (".build/debug/brokerctl", "/usr/bin:/home/me/bin", "/home/me/broker/.build/debug/brokerctl"),
        ("./.build/debug/brokerctl", "/bin", "/home/me/broker/.build/debug/brokerctl"),
        ("../broker/.build/debug/brokerctl", "", "/home/me/broker/.build/debug/brokerctl"),
        ("../my tools/brokerctl", "/bin", "'/home/me/my tools/brokerctl'"),
        ("../it's/brokerctl", "/bin", #"'/home/me/it'\''s/brokerctl'"#),
    ])
    func `a name that works, else the path`(argument: String, searchPath: String, shown: String) {
        #expect(
            ProgramPath.shown(
                argument,
                searchPath: searchPath,
                directory: "/home/me/broker",
                target: { Self.files[$0] }
            )
                == shown
        )
    }
}
