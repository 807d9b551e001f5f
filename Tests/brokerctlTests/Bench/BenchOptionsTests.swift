import Testing

@testable import brokerctl

@Suite struct BenchOptionsTests {
    private func message(_ words: String...) -> String? {
        let error = #expect(throws: UsageError.self) { try ArgumentParser<Bench>.parse(words, environment: [:]) }
        return error?.message
    }

    private func plan(_ words: String...) throws -> BenchPlan {
        guard case .run(let bench) = try ArgumentParser<Bench>.parse(words, environment: [:]) else {
            throw UsageError(message: "it asks for help")
        }
        return bench.plan
    }

    @Test func `bench says what does not go together`() {
        #expect(message("park", "--rate", "5") == "'--rate' is not for park, which wakes one reader after the other")
        #expect(
            message("park", "--connections", "5")
                == "'--connections' is not for park, where one sends; '--readers' says how many wait"
        )
        #expect(message("park", "--parked", "5") == "'--parked' is not for park; '--readers' says how many wait")
        #expect(message("send", "--readers", "5") == "'--readers' is not for send, where nobody reads; see poll")
        #expect(message("send", "--over", "sse") == "'--over' is not for send, where nobody reads; see poll")
        #expect(
            message("fanout", "--payload-bytes", "15")
                == "'--payload-bytes' is 15; fanout needs 16 at least, for the number that it knows a message by"
        )
        #expect(message("send", "--url", "https://x") == "'bench' speaks http only; give the broker's own URL")
        #expect(message("speed") == "MODE is 'speed'; it must be 'send', 'poll', 'latency', 'fanout' or 'park'")
        #expect(
            message("fanout", "--over", "iframe") == "option '--over' is 'iframe'; it must be 'poll', 'sse' or 'ndjson'"
        )
        #expect(message("send", "--rate", "0") == "option '--rate' is '0'; it must be an integer from 1 to 1000000")
        #expect(message() == "'bench' needs MODE, which is missing")
    }

    @Test func `each mode has its own defaults`() throws {
        let send = try plan("send")
        #expect((send.connections, send.readers, send.parked, send.rate) == (64, 0, 0, nil))
        let poll = try plan("poll", "--connections", "8")
        #expect((poll.connections, poll.readers, poll.over, poll.rate) == (8, 8, .poll, nil))
        let latency = try plan("latency", "--readers", "100", "--parked", "7")
        #expect((latency.connections, latency.readers, latency.parked, latency.rate) == (64, 100, 7, 1000))
        let fanout = try plan("fanout")
        #expect((fanout.connections, fanout.readers, fanout.over, fanout.rate) == (1, 1000, .sse, nil))
        let park = try plan("park", "--over", "ndjson")
        #expect((park.connections, park.readers, park.over, park.rate) == (1, 1000, .ndjson, nil))
        #expect(send.prefix != poll.prefix)
        #expect((send.recipients, latency.recipients, fanout.recipients, park.recipients) == (64, 100, 1, 1000))
    }

    @Test func `the bar fills up, and gives way where there is no room`() {
        #expect(ProgressBar.line(share: 0, text: "x") == "[..............................] 0% x")
        #expect(ProgressBar.line(share: 0.5, text: "x") == "[###############...............] 50% x")
        #expect(ProgressBar.line(share: 1.2, text: "") == "[##############################] 100% ")
        let text = "2000/s  p99 0.301 ms  8 s left"
        #expect(ProgressBar.line(share: 0.5, text: text, columns: 80) == "[###############...............] 50% \(text)")
        #expect(ProgressBar.line(share: 0.5, text: text, columns: 50) == "[#####......] 50% \(text)")
        #expect(ProgressBar.line(share: 0.5, text: text, columns: 40) == text)
        #expect(ProgressBar.line(share: 0.5, text: text, columns: 11) == "2000/s  p9")
        for columns in 0...120 {
            #expect(ProgressBar.line(share: 1, text: text, columns: columns).count <= max(0, columns - 1))
        }
    }

    @Test func `the rate is that of the last second`() {
        var meter = ProgressMeter()
        #expect(meter.rate(0, at: BenchPlans.at(0)) == 0)
        #expect(meter.rate(50, at: BenchPlans.at(100)) == 500)
        for step in 2...30 { _ = meter.rate(50 + step * 10, at: BenchPlans.at(Double(step) * 100)) }
        #expect(meter.rate(360, at: BenchPlans.at(3100)) == 100)
        #expect(meter.rate(5, at: BenchPlans.at(3200)) == 0)
    }
}
