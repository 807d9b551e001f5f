import Broker
import Testing

@testable import brokerctl

@Suite struct ScheduleTests {
    private func at(_ milliseconds: Double) -> MonotonicInstant { BenchPlans.at(milliseconds) }

    private func noticed(_ schedule: inout Schedule, _ now: MonotonicInstant) -> [MonotonicInstant] {
        var all: [MonotonicInstant] = []
        schedule.notice(now) { all.append($0) }
        return all
    }

    @Test func `sends are due at the rate, the first at the start`() {
        var schedule = Schedule(rate: 100, start: at(1000))
        #expect(noticed(&schedule, at(999)) == [])
        #expect(schedule.take() == nil)
        #expect(noticed(&schedule, at(1000)) == [at(1000)])
        #expect(noticed(&schedule, at(1035)) == [at(1010), at(1020), at(1030)])
        #expect(schedule.backlog == 4)
    }

    @Test func `what is held up keeps the time at which it was due`() {
        var schedule = Schedule(rate: 100, start: at(0))
        // Nobody asked for 50 ms: a stall. No send moves because of it.
        _ = noticed(&schedule, at(50))
        #expect((0..<6).map { _ in schedule.take() } == [at(0), at(10), at(20), at(30), at(40), at(50)])
        #expect(schedule.take() == nil)
        #expect(schedule.backlog == 0)
        #expect(noticed(&schedule, at(60)) == [at(60)])
    }

    @Test func `each is told once`() {
        var schedule = Schedule(rate: 1000, start: at(0))
        #expect(noticed(&schedule, at(5)).count == 6)
        #expect(noticed(&schedule, at(5)) == [])
        #expect(schedule.noticed == 6)
        #expect(schedule.taken == 0)
    }

    @Test(arguments: [3.0, 7, 333, 1_000_000])
    func `a rate that divides nothing does not drift`(rate: Double) {
        let schedule = Schedule(rate: rate, start: at(0))
        for seconds in [1, 60, 3600] {
            #expect(schedule.due(Int(rate) * seconds) == at(Double(seconds) * 1000))
        }
    }

    @Test(arguments: [
        (1.0, 1_000_000), (2000, 500), (10_000, 100), (30_000, 100), (1_000_000, 100),
    ])
    func `the loop is woken for each send, or for several of a high rate`(rate: Double, microseconds: Int) {
        let interval = PaceThread.interval(rate: rate)
        #expect(abs(interval.inSeconds * 1e6 - Double(microseconds)) < 1)
    }

    @Test func `senders are used in turn`() throws {
        var pacing = Pacing()
        #expect(pacing.popFirst() == nil)
        let run = try BenchRunTests.idleRun(BenchPlans.plan(.send))
        let senders = (0..<3).map { BenchSender(index: $0, run: run) }
        for sender in senders { pacing.append(sender) }
        #expect(pacing.popFirst() === senders[0])
        pacing.append(senders[0])
        #expect([pacing.popFirst(), pacing.popFirst(), pacing.popFirst()].map { $0?.index } == [1, 2, 0])
        #expect(pacing.popFirst() == nil)
        // Many times round, it forgets what it has given.
        for _ in 0..<5000 {
            pacing.append(senders[0])
            _ = pacing.popFirst()
        }
        #expect(pacing.free.count < 3000)
    }
}
