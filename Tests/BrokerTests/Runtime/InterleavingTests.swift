import BrokerTestSupport
import Testing

@testable import Broker

/// Polls, sends and cancellations whose steps are interleaved at random, over two shards: what the simulation is to the
/// state, this is to the runtime.
@Suite struct InterleavingTests {
    private struct Workload {
        let stage: Stage
        let names: [Recipient]
        var random: SeededGenerator
        var takers: [Stage.Call<ReadOutcome>] = []
        var senders: [Stage.Call<SendReceipt>] = []

        init(seed: UInt64) throws {
            stage = Stage(shards: 2, seed: seed)
            random = SeededGenerator(seed: seed)
            names = try ["a", "b", "c", "d", "e"].map { try Recipient($0) }
        }

        mutating func run() {
            for _ in 0..<150 {
                switch random.number(1...12) {
                case 1...2 where senders.count < 20:
                    let name = random.pick(names)
                    let text = "\(senders.count)"
                    senders.append(stage.call { try await $0.send(text, to: name) })
                case 3 where takers.count < 20:
                    let some = Array(names.shuffled(using: &random).prefix(random.number(1...4)))
                    let request = ReadRequest(recipients: some, mode: .take, limit: random.number(1...3))
                    let timeout: Duration? = random.pick([nil, .zero, .seconds(1), .seconds(3)])
                    takers.append(stage.call { try await $0.poll(request, within: timeout) })
                case 4 where !takers.isEmpty && random.chance(30):
                    random.pick(takers).cancel()
                case 5:
                    stage.pass(.milliseconds(random.number(1...1500)))
                default:
                    step()
                }
            }
        }

        /// Somebody gets on by one job.
        private mutating func step() {
            let all = stage.hosts.map(\.manual) + takers.map(\.executor) + senders.map(\.executor)
            let ready = all.filter { $0.waiting > 0 }
            guard !ready.isEmpty else { return }
            random.pick(ready).runNext()
        }
    }

    @Test(arguments: 0..<6)
    func `every message is taken once or still there, and every poll comes to one end`(slice: UInt64) throws {
        for seed in slice * 60..<slice * 60 + 60 {
            var workload = try Workload(seed: seed)
            workload.run()
            let stage = workload.stage
            stage.run()
            try stage.now { await $0.drain() }
            stage.run()
            let batches = workload.takers.compactMap(\.batch)
            let taken = batches.flatMap(\.ids)
            let sent = workload.senders.compactMap { $0.value?.id }
            let statistics = try stage.now { await $0.statistics() }
            let isRight =
                Set(taken).count == taken.count && Set(taken).isSubset(of: sent)
                && statistics.unread == sent.count - taken.count && statistics.leased == taken.count
                && statistics.waiting == 0 && workload.takers.filter { !$0.isOver }.isEmpty
                && statistics.delivered == taken.count
            #expect(isRight, "seed \(seed): \(sent.count) sent, \(taken.count) taken, \(statistics)")
            try stage.checkInvariants()
            guard isRight else { return }
        }
    }
}
