import BrokerTestSupport
import Foundation
import Testing

@testable import Broker

/// Random workloads against the model, one calculation at a time: the processors are for the other tests as well.
///
/// `BROKER_SIMULATION_SEED=17 swift test --filter SimulationTests` repeats one of them;
/// `BROKER_SIMULATION_SEEDS=100000` tries more than usual.
@Suite(.serialized) struct SimulationTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let slices = 8
    private static let seeds = environment["BROKER_SIMULATION_SEEDS"].flatMap(Int.init) ?? 3000
    private static let onlySeed = environment["BROKER_SIMULATION_SEED"].flatMap(UInt64.init)

    /// Most workloads are short, so that there are many; some are long enough for states that take their time.
    private static func steps(_ seed: UInt64) -> Int { seed % 50 == 0 ? 400 : 60 }

    @Test(arguments: 0..<slices)
    func `the state answers every random workload as the model says`(slice: Int) async throws {
        let failure = try await OwnThread.run { SimulationTests.firstFailure(in: slice) }
        if let failure { Issue.record("\(failure)") }
    }

    /// What the first workload of a slice that goes wrong has to say, if there is one.
    private static func firstFailure(in slice: Int) -> String? {
        for seed in seeds(of: slice) {
            var simulation = Simulation(seed: seed)
            do {
                try simulation.run(steps: steps(seed))
            } catch {
                let history = simulation.history.joined(separator: "\n")
                return "seed \(seed): \(error)\nBROKER_SIMULATION_SEED=\(seed) repeats it. The last steps:\n\(history)"
            }
        }
        return nil
    }

    private static func seeds(of slice: Int) -> [UInt64] {
        if let onlySeed { return slice == 0 ? [onlySeed] : [] }
        return stride(from: slice, to: seeds, by: slices).map(UInt64.init)
    }

    @Test(arguments: Simulation.Fault.allCases.filter { $0 != .none })
    func `a planted defect is found`(fault: Simulation.Fault) async throws {
        let found = try await OwnThread.run {
            (UInt64(0)..<200).first { seed in
                var simulation = Simulation(seed: seed, fault: fault)
                return (try? simulation.run(steps: SimulationTests.steps(seed))) == nil
            }
        }
        #expect(found != nil, "no seed finds \(fault)")
    }
}
