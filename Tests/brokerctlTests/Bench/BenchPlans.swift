import Broker

@testable import brokerctl

/// Makes plans and results for tests, of which only what matters is said.
enum BenchPlans {
    static func plan(
        _ mode: BenchMode,
        connections: Int = 4,
        readers: Int = 4,
        parked: Int = 0,
        payloadBytes: Int = 20,
        rate: Double? = nil
    ) -> BenchPlan {
        BenchPlan(
            prefix: "bench-x",
            url: .standard,
            mode: mode,
            connections: connections,
            readers: mode == .send ? 0 : readers,
            parked: parked,
            over: mode == .fanout ? .sse : .poll,
            seconds: .seconds(2),
            warmUp: .seconds(1),
            payloadBytes: payloadBytes,
            rate: rate
        )
    }

    static func at(_ milliseconds: Double) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: Int64(milliseconds * 1_000_000))
    }

    static let usage = BenchUsage(
        cores: 2,
        benchCores: 0.5,
        threadCores: 0.45,
        threadWaitedCores: 0.01,
        brokerCores: 0.75,
        brokerName: "brokerctl",
        brokerProcesses: [4711],
        othersCores: 0.021
    )
}
