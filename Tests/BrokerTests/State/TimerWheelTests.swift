import BrokerTestSupport
import Testing

@testable import Broker

@Suite struct TimerWheelTests {
    /// A timer with a name.
    private final class Timer: Scheduled {
        let number: Int

        init(_ number: Int) {
            self.number = number
        }
    }

    private static func instant(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    private func popAll(_ wheel: inout TimerWheel, at milliseconds: Int64) -> [Int] {
        var numbers: [Int] = []
        while let timer = wheel.popDue(TimerWheelTests.instant(milliseconds)) {
            numbers.append((timer as? Timer)?.number ?? -1)
        }
        return numbers
    }

    /// Distances on both sides of where a level begins.
    static let distances: [Int64] = [0, 1, 2, 63, 64, 65, 4095, 4096, 4097, 262_143, 262_144, 262_145, 16_777_216]

    @Test(arguments: distances, [0, 1, 62, 63, 64, 4095, 1_000_000])
    func `a timer is due at its tick and not before`(distance: Int64, start: Int64) {
        var wheel = TimerWheel(now: TimerWheelTests.instant(start))
        let timer = Timer(1)
        wheel.schedule(timer, at: TimerWheelTests.instant(start + distance))
        #expect(timer.isScheduled)
        if distance > 0 { #expect(popAll(&wheel, at: start + distance - 1) == []) }
        #expect(popAll(&wheel, at: start + distance) == [1])
        #expect(!timer.isScheduled)
    }

    @Test(arguments: distances)
    func `following the next deadline leads to the timer, never past it`(distance: Int64) throws {
        var wheel = TimerWheel(now: TimerWheelTests.instant(7))
        wheel.schedule(Timer(1), at: TimerWheelTests.instant(7 + distance))
        var steps = 0
        var found: [Int] = []
        while let next = wheel.nextDeadline {
            #expect(next <= TimerWheelTests.instant(7 + distance))
            found += popAll(&wheel, at: next.nanoseconds / 1_000_000)
            steps += 1
            try #require(steps <= 9)
        }
        #expect(found == [1])
    }

    @Test func `a deadline within a tick is rounded up`() {
        var wheel = TimerWheel(now: TimerWheelTests.instant(0))
        wheel.schedule(Timer(1), at: MonotonicInstant(nanoseconds: 1_000_001))
        #expect(wheel.popDue(MonotonicInstant(nanoseconds: 1_999_999)) == nil)
        #expect(wheel.nextDeadline == TimerWheelTests.instant(2))
        #expect(wheel.popDue(TimerWheelTests.instant(2)) != nil)
    }

    @Test func `a deadline that has passed is due at once`() {
        var wheel = TimerWheel(now: TimerWheelTests.instant(1000))
        wheel.schedule(Timer(1), at: TimerWheelTests.instant(10))
        wheel.schedule(Timer(2), at: MonotonicInstant(nanoseconds: -5))
        #expect(popAll(&wheel, at: 1000).sorted() == [1, 2])
    }

    @Test func `a deadline that never comes is no trouble`() {
        var wheel = TimerWheel(now: TimerWheelTests.instant(0))
        let timer = Timer(1)
        wheel.schedule(timer, at: .distantFuture)
        #expect(popAll(&wheel, at: 4_000_000_000_000) == [])
        #expect(wheel.count == 1)
        wheel.cancel(timer)
        #expect(wheel.count == 0)
        #expect(wheel.nextDeadline == nil)
    }

    @Test func `a timer can be moved and taken out`() {
        var wheel = TimerWheel(now: TimerWheelTests.instant(0))
        let timers = (0..<3).map(Timer.init)
        for timer in timers { wheel.schedule(timer, at: TimerWheelTests.instant(100)) }
        wheel.cancel(timers[1])
        wheel.cancel(timers[1])
        wheel.schedule(timers[2], at: TimerWheelTests.instant(50))
        #expect(wheel.count == 2)
        #expect(popAll(&wheel, at: 50) == [2])
        wheel.schedule(timers[0], at: TimerWheelTests.instant(9000))
        #expect(popAll(&wheel, at: 8999) == [])
        #expect(popAll(&wheel, at: 9000) == [0])
    }

    @Test func `a wheel that goes lets its timers go`() {
        let timers = (0..<100).map(Timer.init)
        do {
            var wheel = TimerWheel(now: TimerWheelTests.instant(0))
            for timer in timers { wheel.schedule(timer, at: TimerWheelTests.instant(Int64(timer.number % 7) * 50)) }
        }
        #expect(timers.filter(\.isScheduled).isEmpty)
    }

    /// Far more timers than a stack has frames: taking them apart must not recurse.
    @Test func `a wheel with very many timers in one slot goes without trouble`() {
        var wheel = TimerWheel(now: TimerWheelTests.instant(0))
        for number in 0..<200_000 { wheel.schedule(Timer(number), at: TimerWheelTests.instant(60_000)) }
        #expect(wheel.count == 200_000)
    }

    @Test(arguments: UInt64(0)..<40)
    func `a wheel does what a sorted list does`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var now: Int64 = Int64(random.number(0...1_000_000))
        var wheel = TimerWheel(now: TimerWheelTests.instant(now))
        let timers = (0..<30).map(Timer.init)
        var deadlines: [Int: Int64] = [:]
        for _ in 0..<400 {
            let timer = random.pick(timers)
            switch random.number(1...10) {
            case ...5:
                let range = random.pick([3, 70, 5000, 300_000, 20_000_000, 2_000_000_000])
                let deadline = now + Int64(random.number(-2...range))
                wheel.schedule(timer, at: TimerWheelTests.instant(deadline))
                deadlines[timer.number] = max(deadline, now)
            case 6...7:
                wheel.cancel(timer)
                deadlines[timer.number] = nil
            default:
                now += Int64(random.number(0...random.pick([2, 64, 5000, 300_000, 30_000_000])))
                var previous = Int64.min
                for number in popAll(&wheel, at: now) {
                    let known = deadlines.removeValue(forKey: number)
                    let deadline = try #require(known)
                    #expect(deadline <= now)
                    #expect(previous <= deadline)
                    previous = deadline
                }
                #expect(deadlines.values.allSatisfy { $0 > now })
            }
            try wheel.checkInvariants()
            let next = deadlines.values.min().map(TimerWheelTests.instant)
            #expect((wheel.nextDeadline == nil) == (next == nil))
            if let next, let promised = wheel.nextDeadline { #expect(promised <= next) }
            #expect(wheel.count == deadlines.count)
        }
    }
}
