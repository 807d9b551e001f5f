import BrokerTestSupport
import Synchronization
import Testing

@testable import Broker

/// A broker whose shards, clients and clocks move only when a test says so.
///
/// Each shard and each client has an executor of its own, so that a test chooses which of them goes on next; ``run()``
/// lets all of them go on until nothing is left to do.
final class Stage {
    let time = ManualTime()
    let hosts: [ManualHost]
    let broker: Broker
    let observer = Notebook()
    private var clients: [ManualExecutor] = []
    private var cancellations: [() -> Void] = []

    init(shards: Int = 1, seed: UInt64 = 1, _ change: (inout Limits) -> Void = { _ in }) {
        var limits = Limits()
        change(&limits)
        hosts = (0..<shards).map { _ in ManualHost() }
        broker = Broker(
            limits: limits,
            hosts: hosts,
            time: time,
            observer: observer,
            randomness: SeededGenerator(seed: seed)
        )
    }

    /// A call that waits for ever would never be freed.
    deinit {
        for cancel in cancellations { cancel() }
        run()
    }

    var shard: Shard { broker.shards[0] }

    /// Names that are spread so that the first is in shard 0, the second in shard 1, and so on.
    func namesByShard() throws -> [Recipient] {
        try hosts.indices.map { index in
            try #require(
                (0..<1000).lazy.compactMap { try? Recipient("r\($0)") }.first { broker.shardIndex(of: $0) == index }
            )
        }
    }

    // MARK: Clients

    /// A client's call under way.
    final class Call<Value: Sendable>: Sendable {
        let executor = ManualExecutor()
        private let outcome = Mutex<Result<Value, any Error>?>(nil)
        private let task = Mutex<Task<Void, Never>?>(nil)

        init(_ body: @escaping @Sendable () async throws -> Value) {
            let task = Task(executorPreference: executor) {
                let result: Result<Value, any Error>
                do { result = .success(try await body()) } catch { result = .failure(error) }
                self.outcome.withLock { outcome in
                    precondition(outcome == nil, "a call came to two ends")
                    outcome = result
                }
            }
            self.task.withLock { $0 = task }
        }

        var isOver: Bool { outcome.withLock { $0 != nil } }
        /// What it came to; nil while it is under way.
        var result: Result<Value, any Error>? { outcome.withLock { $0 } }
        var value: Value? { try? result?.get() }
        var isCancelled: Bool {
            guard case .failure(let error) = result else { return false }
            return error is CancellationError
        }

        func cancel() {
            task.withLock { $0?.cancel() }
        }

        /// Lets the client go on by one step.
        func step() {
            #expect(executor.runNext(), "the client has nothing to do")
        }
    }

    /// Starts a client's call; it does nothing before it is let.
    func call<Value: Sendable>(_ body: @escaping @Sendable (Broker) async throws -> Value) -> Call<Value> {
        let call = Call { [broker] in try await body(broker) }
        clients.append(call.executor)
        cancellations.append { call.cancel() }
        return call
    }

    /// Lets everybody go on until nothing is left to do.
    func run() {
        runAll(hosts.map(\.manual) + clients)
    }

    /// Lets everybody go on until nothing is left to do, each step somebody else's.
    func run(inAnyOrder random: inout SeededGenerator) {
        while true {
            let ready = (hosts.map(\.manual) + clients).filter { $0.waiting > 0 }
            guard !ready.isEmpty else { return }
            random.pick(ready).runNext()
        }
    }

    /// Lets a poll get on by so many visits to a shard.
    ///
    /// To look it visits each shard once, to wait once more.
    func visit(_ poll: Call<ReadOutcome>, times: Int) {
        for _ in 0..<times {
            poll.step()
            for host in hosts { host.manual.runAll() }
        }
    }

    /// Checks each shard.
    func checkInvariants() throws {
        for shard in broker.shards { try shard.assumeIsolated { try $0.state.checkInvariants() } }
    }

    /// Carries a call out at once.
    func now<Value: Sendable>(_ body: @escaping @Sendable (Broker) async throws -> Value) throws -> Value {
        let call = call(body)
        run()
        return try #require(call.result, "the call waits").get()
    }

    @discardableResult
    func send(_ text: String, to name: String = "a") throws -> SendReceipt {
        let recipient = try Recipient(name)
        return try now { try await $0.send(text, to: recipient) }
    }

    func taking(_ name: String = "a", within timeout: Duration? = .seconds(40), limit: Int = 100) throws -> Call<Batch>
    {
        let recipient = try Recipient(name)
        return call { try await $0.take(from: recipient, within: timeout, limit: limit) }
    }

    func unread(_ name: String = "a") throws -> Int {
        let recipient = try Recipient(name)
        return try now { await $0.summary(of: recipient).unread }
    }

    func waiting(_ name: String = "a") throws -> Int {
        let recipient = try Recipient(name)
        return try now { await $0.summary(of: recipient).waiting }
    }

    /// How many polls wait at this moment, without anybody getting on.
    func waitingNow(_ recipient: Recipient) -> Int {
        broker.shard(of: recipient).assumeIsolated { $0.summary(of: recipient).waiting }
    }

    /// Lets time pass and wakes the shards that want it.
    func pass(_ duration: Duration) {
        let target = time.now + duration
        while let next = hosts.compactMap(\.wakesAt).min(), next <= target {
            time.advance(to: next)
            for host in hosts { host.fireWake(at: time.now) }
        }
        time.advance(to: target)
    }
}

/// An observer that writes down what it is told.
final class Notebook: BrokerObserver {
    private let notes = Mutex<[BrokerEvent]>([])

    var events: [BrokerEvent] { notes.withLock { $0 } }

    func observe(_ event: BrokerEvent) {
        notes.withLock { $0.append(event) }
    }
}
