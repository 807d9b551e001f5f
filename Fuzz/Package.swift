// swift-tools-version: 6.3
// The fuzzer: the sources of the package, built with coverage and the address sanitizer. See scripts/fuzz.
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .unsafeFlags(["-enable-testing", "-assert-config", "Debug"]),
]

let package = Package(
    name: "broker-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [],
    targets: [
        .target(name: "Broker", swiftSettings: settings),
        .systemLibrary(name: "CLinux"),
        .target(
            name: "HTTPFront",
            dependencies: ["Broker", "WebPages", .target(name: "CLinux", condition: .when(platforms: [.linux]))],
            swiftSettings: settings
        ),
        .target(name: "WebPages", resources: [.embedInCode("Assets")], swiftSettings: settings),
        // Only what decodes: the whole program has a `main`, and so has the fuzzer.
        .target(name: "brokerctl", dependencies: ["HTTPFront"], swiftSettings: settings),
        .executableTarget(
            name: "Fuzz",
            dependencies: ["Broker", "HTTPFront", "brokerctl"],
            swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])]
        ),
    ]
)
