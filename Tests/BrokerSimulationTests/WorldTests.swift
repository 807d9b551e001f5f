#if os(Linux)
import BrokerSimulation
import Foundation
import Testing

/// The whole server on a simulated network and clock: the short form of `scripts/simulate`.
///
/// `BROKER_WORLD_SEEDS=2000 swift test --filter WorldTests` tries more than usual.
@Suite struct WorldTests {
    private static let seeds = ProcessInfo.processInfo.environment["BROKER_WORLD_SEEDS"].flatMap(Int.init) ?? 120

    @Test func `whatever clients and the network do, every answer is one that the contract allows`() {
        for seed in 0..<UInt64(WorldTests.seeds) where seed % 100 != 99 {
            let script = Script(seed: seed)
            guard let failure = script.failure else { continue }
            let shrunk = script.shrunk(runsMax: 300)?.script ?? script
            Issue.record(
                "seed \(seed): \(failure)\nscripts/simulate --seed \(seed) repeats it.\n\(shrunk.test(named: "it"))"
            )
            return
        }
    }

    @Test(arguments: [1, 2, 8, 27] as [UInt64])
    func `the same seed is the same run, to the byte`(seed: UInt64) throws {
        let script = Script(seed: seed)
        #expect(try script.run() == script.run())
    }

    @Test func `a crowd of a thousand clients`() throws {
        let report = try Script(seed: 99, steps: 1500).run()
        #expect(report.connections > 500)
    }

    @Test func `a day passes`() throws {
        let report = try Script(seed: 3, steps: 150).stretched(toHours: 24).run()
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
                @Test func `seed 1`() throws {
                    let setup = Setup(
                        seed: 1, loops: 2, clients: 3, recipients: 1,
                        messagesMax: 8, dropsOldest: false, memory: 0
                    )
                    let steps = [
                        Step(20, 7, .send(client: 1, to: [0], size: 3, key: 0, timeToLive: 0, style: .json)),
                    ]
                    try Script(setup, steps).run()
                }
                """
        )
    }
}
#endif
