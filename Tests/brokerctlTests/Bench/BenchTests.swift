import Broker
import Testing

@testable import brokerctl

@Suite struct BenchTests {
    private func plan(rate: Double? = nil) -> BenchPlan {
        BenchPlan(
            prefix: "bench-x",
            url: .standard,
            connections: 4,
            seconds: .seconds(2),
            warmUp: .zero,
            payloadBytes: 3,
            rate: rate
        )
    }

    private func at(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    @Test func `without a rate every turn is now`() {
        var pacer = Pacer(plan(), index: 3, count: 4, start: at(0))
        #expect(pacer.turn(now: at(0), wasBusy: false) == .send(due: nil))
        #expect(pacer.turn(now: at(0), wasBusy: true) == .send(due: nil))
    }

    @Test func `connections take turns at a rate`() {
        // 100 a second by 4 connections: each every 40 ms, 10 ms after the one before it.
        var pacer = Pacer(plan(rate: 100), index: 1, count: 4, start: at(1000))
        #expect(pacer.turn(now: at(1000), wasBusy: false) == .wait(until: at(1010)))
        #expect(pacer.turn(now: at(1011), wasBusy: false) == .send(due: nil))
        #expect(pacer.turn(now: at(1012), wasBusy: true) == .wait(until: at(1050)))
    }

    @Test func `what a slow answer held up counts from when it was due`() {
        var pacer = Pacer(plan(rate: 100), index: 0, count: 4, start: at(0))
        #expect(pacer.turn(now: at(0), wasBusy: false) == .send(due: nil))
        #expect(pacer.turn(now: at(100), wasBusy: true) == .send(due: at(40)))
        #expect(pacer.turn(now: at(101), wasBusy: true) == .send(due: at(80)))
        #expect(pacer.turn(now: at(102), wasBusy: true) == .wait(until: at(120)))
    }

    @Test func `texts are found in an answer`() {
        let body = Array(#"{"success":"1","id":"k3Qz9.18","online":2,"unread":3}"#.utf8)
        body.withUnsafeBufferPointer { body in
            #expect(BenchAnswer.text(behind: "\"id\":\"", in: body) == "k3Qz9.18")
            #expect(BenchAnswer.text(behind: "\"online\":", in: body) == "2")
            #expect(BenchAnswer.text(behind: "\"unread\":", in: body) == "3")
            #expect(BenchAnswer.text(behind: "\"nothing\":", in: body) == nil)
        }
    }

    @Test func `a result is told to people and to scripts`() {
        var result = BenchResult(mode: .poll, plan: plan())
        result.elapsed = .milliseconds(2000)
        result.sends = 2001
        result.deliveries = 2000
        result.errors = 1
        result.firstError = "inbox_full: full\u{1b}"
        for _ in 0..<99 { result.latency.record(.nanoseconds(1_000_000)) }
        result.latency.record(.milliseconds(20))
        #expect(
            result.lines == [
                "poll: 4 pairs, 2.0 s, 3 bytes of content",
                "sends       2001  1001/s",
                "deliveries  2000  1000/s",
                "errors         1",
                "send to the answer of the parked poll, ms: p50 1.004  p90 1.004  p99 1.004  p99.9 20.000  max 20.000",
                #"first error: inbox_full: full\u{1b}"#,
            ]
        )
        #expect(
            result.json == """
                {"mode":"poll","connections":4,"payloadBytes":3,"seconds":2.000,"sends":2001,"sendsPerSecond":1000.5,\
                "deliveries":2000,"deliveriesPerSecond":1000.0,"errors":1,"firstError":"inbox_full: full\\u001b",\
                "interrupted":false,\
                "latencyMilliseconds":{"p50":1.004,"p90":1.004,"p99":1.004,"p999":20.000,"max":20.000}}
                """
        )
    }

    @Test(arguments: [
        (0, 1, "0.0"), (1.25, 1, "1.3"), (0.001, 3, "0.001"), (12.3456, 3, "12.346"), (99.99, 1, "100.0"),
    ])
    func `numbers are rounded`(number: Double, digits: Int, text: String) {
        #expect(BenchResult.decimal(number, digits) == text)
    }

    @Test func `the bar fills up`() {
        #expect(ProgressBar.line(share: 0, text: "x") == "[..............................] 0% x")
        #expect(ProgressBar.line(share: 0.5, text: "x") == "[###############...............] 50% x")
        #expect(ProgressBar.line(share: 1, text: "") == "[##############################] 100% ")
    }

    @Test func `bench says what does not go together`() {
        func message(_ words: String...) -> String? {
            let error = #expect(throws: UsageError.self) { try ArgumentParser<Bench>.parse(words, environment: [:]) }
            return error?.message
        }
        #expect(message("park", "--rate", "5") == "'--rate' is for send and poll; park wakes one poll after the other")
        #expect(message("send", "--url", "https://x") == "'bench' speaks http only; give the broker's own URL")
        #expect(message("speed") == "MODE is 'speed'; it must be 'send', 'poll' or 'park'")
        #expect(message() == "'bench' needs MODE, which is missing")
    }
}
