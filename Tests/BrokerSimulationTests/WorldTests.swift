#if os(Linux)
import BrokerSimulation
import BrokerTestSupport
import Foundation
import Testing

/// The whole server on a simulated network and clock: the short form of `scripts/simulate`.
///
/// `BROKER_WORLD_SEEDS=2000 swift test --filter WorldTests` tries more than usual.
@Suite struct WorldTests {
    private static let seeds = ProcessInfo.processInfo.environment["BROKER_WORLD_SEEDS"].flatMap(Int.init) ?? 120

    @Test func `whatever clients and the network do, every answer is one that the contract allows`() async throws {
        let failure = try await OwnThread.run { WorldTests.firstFailure() }
        if let failure { Issue.record("\(failure)") }
    }

    /// What the first seed that goes wrong has to say, if there is one.
    private static func firstFailure() -> String? {
        for seed in 0..<UInt64(seeds) where seed % 100 != 99 {
            let script = Script(seed: seed)
            guard let failure = script.failure else { continue }
            let shrunk = script.shrunk(runsMax: 300)?.script ?? script
            return "seed \(seed): \(failure)\nscripts/simulate --seed \(seed) repeats it.\n\(shrunk.test(named: "it"))"
        }
        return nil
    }

    @Test(arguments: [1, 2, 8, 27] as [UInt64])
    func `the same seed is the same run, to the byte`(seed: UInt64) async throws {
        let script = Script(seed: seed)
        let (first, second) = (try await script.replay(), try await script.replay())
        #expect(first == second)
    }

    @Test func `a crowd of a thousand clients`() async throws {
        let report = try await Script(seed: 99, steps: 1500).replay()
        #expect(report.connections > 500)
    }

    @Test func `a day passes`() async throws {
        let report = try await Script(seed: 3, steps: 150).stretched(toHours: 24).replay()
        #expect(report.simulated > 24 * 3_600_000_000_000)
    }

    @Test func `a script that is printed is a test`() {
        let setup = Setup(
            seed: 1,
            loops: 2,
            clients: 3,
            recipients: 1,
            messagesMax: 8,
            dropsOldest: false,
            memory: 0
        )
        let step = Step(20, 7, .send(client: 1, to: [0], size: 3, key: 0, timeToLive: 0, style: .json))
        #expect(
            Script(setup, [step]).test(named: "seed 1") == """
                @Test func `seed 1`() async throws {
                    let setup = Setup(
                        seed: 1, loops: 2, clients: 3, recipients: 1,
                        messagesMax: 8, dropsOldest: false, memory: 0
                    )
                    let steps = [
                        Step(20, 7, .send(client: 1, to: [0], size: 3, key: 0, timeToLive: 0, style: .json)),
                    ]
                    try await Script(setup, steps).replay()
                }
                """
        )
    }
}

extension Script {
    /// Runs it as ``run(isTraced:)`` does, and holds up no other test meanwhile.
    @discardableResult
    func replay() async throws -> Report {
        try await OwnThread.run { try run() }
    }
}
#endif
