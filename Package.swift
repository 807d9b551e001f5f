// swift-tools-version: 6.3
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
]

let package = Package(
    name: "broker",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Broker", targets: ["Broker"]),
        .executable(name: "brokerctl", targets: ["brokerctl"]),
    ],
    dependencies: [],
    targets: [
        // Mailboxes: the standard library only.
        .target(name: "Broker", swiftSettings: settings),
        // What Glibc's module leaves out of Linux: epoll, eventfd, accept4. Headers only.
        .systemLibrary(name: "CLinux"),
        // Mailboxes over HTTP.
        .target(
            name: "HTTPFront",
            dependencies: ["Broker", "WebPages", .target(name: "CLinux", condition: .when(platforms: [.linux]))],
            swiftSettings: settings
        ),
        // The pages and the contract, compiled into the binary; a target of its own because byte literals compile slowly.
        .target(
            name: "WebPages",
            resources: [.embedInCode("Assets")],
            swiftSettings: settings
        ),
        .executableTarget(name: "brokerctl", dependencies: ["Broker", "HTTPFront"], swiftSettings: settings),
        // What operations cost; scripts/benchmarks counts.
        .executableTarget(
            name: "Benchmarks",
            dependencies: ["Broker", "HTTPFront", .target(name: "CLinux", condition: .when(platforms: [.linux]))],
            path: "Benchmarks",
            exclude: ["fairness.py", "thresholds.json", "traffic.py"],
            swiftSettings: settings
        ),

        // What the tests share: moves time by hand, predicts the right answer.
        .target(
            name: "BrokerTestSupport",
            dependencies: ["Broker"],
            path: "Tests/BrokerTestSupport",
            swiftSettings: settings
        ),
        // The whole server on a simulated network and clock (Linux), the command that runs it, and its short form.
        .target(
            name: "BrokerSimulation",
            dependencies: [
                "Broker", "HTTPFront", "BrokerTestSupport",
                .target(name: "CLinux", condition: .when(platforms: [.linux])),
            ],
            path: "Tests/BrokerSimulation",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "simulate",
            dependencies: ["BrokerSimulation"],
            path: "Tests/simulate",
            swiftSettings: settings
        ),
        .testTarget(
            name: "BrokerSimulationTests",
            dependencies: ["BrokerSimulation", "BrokerTestSupport"],
            swiftSettings: settings
        ),
        .testTarget(name: "BrokerTests", dependencies: ["Broker", "BrokerTestSupport"], swiftSettings: settings),
        .testTarget(
            name: "HTTPFrontTests",
            dependencies: ["Broker", "HTTPFront", "BrokerTestSupport"],
            swiftSettings: settings
        ),
        // Replays the fuzzer's corpus; Fuzz/ builds the same targets with the fuzzer.
        .testTarget(
            name: "FuzzTests",
            dependencies: ["Broker", "HTTPFront", "brokerctl"],
            exclude: ["Corpus"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "brokerctlTests",
            dependencies: ["Broker", "HTTPFront", "brokerctl", "BrokerTestSupport"],
            swiftSettings: settings
        ),
    ]
)
