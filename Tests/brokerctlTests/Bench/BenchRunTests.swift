import Broker
import HTTPFront
import Synchronization
import Testing

@testable import brokerctl

/// A clock that a test moves.
private final class HandTime: TimeSource {
    private let nanoseconds = Mutex<Int64>(0)

    var now: MonotonicInstant { MonotonicInstant(nanoseconds: nanoseconds.withLock { $0 }) }
    var wallNow: WallInstant { WallInstant(millisecondsSinceEpoch: 0) }

    func sleep(until instant: MonotonicInstant) async throws {}

    func move(toMilliseconds milliseconds: Double) {
        nanoseconds.withLock { $0 = Int64(milliseconds * 1_000_000) }
    }
}

/// What counts, and from when: a run whose loop never turns, whose clock is moved by hand, and whose connections lead
/// nowhere.
@Suite struct BenchRunTests {
    static func idleRun(_ plan: BenchPlan, time: any TimeSource = SystemTime()) throws -> BenchRun {
        let address = try SocketAddress(host: "127.0.0.1", port: 1)
        let loop = try EventLoop(index: 0, time: time)
        return BenchRun(plan, at: address, on: loop, meter: UsageMeter(processes: []), isPacedByThread: false) { _ in }
    }

    private let time = HandTime()

    private func accept(_ run: BenchRun, _ sender: BenchSender, status: Int = 201) {
        let answer = Array("HTTP/1.1 \(status) X\r\nContent-Length: 2\r\n\r\n{}".utf8)
        _ = answer.withUnsafeBufferPointer { try? sender.take($0) }
    }

    private func run(_ mode: BenchMode, connections: Int = 1, readers: Int = 1, rate: Double? = nil) throws -> BenchRun
    {
        var plan = BenchPlans.plan(mode, connections: connections, readers: readers, rate: rate)
        plan.warmUp = .zero
        let run = try BenchRunTests.idleRun(plan, time: time)
        for _ in 0..<connections { _ = run.addSender() }
        run.load.begin(run)
        return run
    }

    @Test func `a stall counts for each send that it held up`() throws {
        // 100 a second over one connection. The first answer takes a second; then the broker is quick again.
        let run = try run(.send, rate: 100)
        let sender = run.senders[0]
        run.pace()
        time.move(toMilliseconds: 1000)
        run.pace()
        for _ in 0...100 { accept(run, sender) }
        let corrected = run.result.histograms[.sendToAnswer]
        #expect(corrected.count == 101)
        #expect(corrected.max == .seconds(1))
        #expect(abs(corrected.mean.inSeconds - 0.5) < 0.001)
        #expect(abs(corrected.quantile(0.5).inSeconds - 0.5) < 0.01)
        // Counted from when they were written, all but the first seem to take no time.
        let uncorrected = run.result.histograms[.writtenToAnswer]
        #expect(uncorrected.quantile(0.99) == .zero)
        #expect(uncorrected.max == .seconds(1))
        #expect(run.result.heldUp == 100)
    }

    @Test func `the generator's own lateness is told apart`() throws {
        let run = try run(.send, connections: 4, rate: 1000)
        // It looks 3 ms late, and has connections enough.
        time.move(toMilliseconds: 3)
        run.pace()
        let late = run.result.histograms[.generatorLate]
        #expect(late.count == 4)
        #expect(late.max == .milliseconds(3))
        #expect(run.result.heldUp == 0)
        time.move(toMilliseconds: 3.5)
        for sender in run.senders { accept(run, sender) }
        #expect(run.result.histograms[.writtenToAnswer].max == .microseconds(500))
        #expect(run.result.histograms[.sendToAnswer].max == .microseconds(3500))
    }

    @Test func `what was due and never sent counts with the time it waited`() throws {
        let run = try run(.send, rate: 100)
        run.pace()
        time.move(toMilliseconds: 2000)
        run.finish()
        #expect(run.result.unsent == 200)
        let corrected = run.result.histograms[.sendToAnswer]
        #expect(corrected.count == 200)
        #expect(corrected.max == .milliseconds(1990))
        // The one on its way is waited for, then given up.
        time.move(toMilliseconds: 6000)
        run.watchClock()
        #expect(run.result.unanswered == 1)
        #expect(run.result.histograms[.sendToAnswer].max == .seconds(6))
        #expect(run.result.histograms[.sendToAnswer].count == 201)
        #expect(!run.result.isFlawless)
    }

    @Test func `very many that were never sent count as many`() throws {
        let run = try run(.send, rate: 1_000_000)
        time.move(toMilliseconds: 500)
        run.finish()
        #expect(run.result.unsent == 500_001)
        #expect(run.result.histograms[.sendToAnswer].count == 500_001)
    }

    @Test func `a closed loop sends again when the message was answered and received`() throws {
        let run = try run(.poll)
        let sender = run.senders[0]
        #expect(sender.isBusy)
        time.move(toMilliseconds: 1)
        accept(run, sender)
        #expect(!sender.isBusy)
        time.move(toMilliseconds: 2)
        run.delivered(1, at: time.now)
        #expect(sender.isBusy)
        run.delivered(2, at: time.now)
        #expect(sender.isBusy)
        accept(run, sender)
        #expect(sender.isBusy)
        #expect(run.result.sends == 2)
        #expect(run.result.deliveries == 2)
        #expect(run.result.histograms[.sendToDelivery].max == .milliseconds(2))
        #expect(run.result.histograms[.sendToAnswer].max == .milliseconds(1))
    }

    @Test func `a message that comes twice or from nowhere is told`() throws {
        let run = try run(.poll)
        run.delivered(1, at: time.now)
        run.delivered(1, at: time.now)
        run.delivered(99, at: time.now)
        #expect(run.result.deliveries == 1)
        #expect(run.result.duplicates == 2)
    }

    @Test func `a message that was accepted and does not come is told`() throws {
        let run = try run(.poll)
        accept(run, run.senders[0])
        time.move(toMilliseconds: 2000)
        run.watchClock()
        #expect(run.phase == .draining)
        time.move(toMilliseconds: 5000)
        run.watchClock()
        #expect(run.result.undelivered == 1)
        #expect(run.result.unanswered == 0)
    }

    @Test func `a fan-out tells of the first, each and the last`() throws {
        let run = try run(.fanout, readers: 3)
        for milliseconds in [1.0, 2, 4] {
            time.move(toMilliseconds: milliseconds)
            run.delivered(1, at: time.now)
        }
        accept(run, run.senders[0])
        #expect(run.result.histograms[.sendToFirstDelivery].max == .milliseconds(1))
        #expect(run.result.histograms[.sendToLastDelivery].max == .milliseconds(4))
        #expect(run.result.histograms[.sendToDelivery].count == 3)
        // The next is on its way; two of three readers never get it.
        run.delivered(2, at: time.now)
        accept(run, run.senders[0])
        time.move(toMilliseconds: 2000)
        run.watchClock()
        time.move(toMilliseconds: 5000)
        run.watchClock()
        #expect(run.result.undelivered == 2)
        #expect(run.result.histograms[.sendToDelivery].count == 6)
    }

    @Test func `refusals are counted by status`() throws {
        let run = try run(.send, connections: 2)
        accept(run, run.senders[0], status: 429)
        accept(run, run.senders[0], status: 429)
        accept(run, run.senders[1], status: 507)
        #expect(run.result.errorsByStatus == [429: 2, 507: 1])
        #expect(run.result.errors == 3)
        #expect(run.result.firstError == "status 429: ")
    }

    @Test func `what is lost meanwhile ends it, and what was measured stays`() throws {
        let run = try run(.send, connections: 2)
        accept(run, run.senders[0])
        time.move(toMilliseconds: 700)
        run.lost(run.senders[1], reason: "reset")
        #expect(run.phase == .over)
        #expect(run.result.brokenBy == "connection 2 was lost: reset")
        #expect(run.result.sends == 1)
        #expect(run.result.unanswered == 2)
        #expect(run.result.elapsed == .milliseconds(700))
    }
}
