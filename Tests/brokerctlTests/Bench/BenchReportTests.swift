import Broker
import Testing

@testable import brokerctl

@Suite struct BenchReportTests {
    private func latencyResult() -> BenchResult {
        var result = BenchResult(plan: BenchPlans.plan(.latency, readers: 1, parked: 10_000, rate: 1000))
        result.elapsed = .milliseconds(2000)
        result.sends = 2001
        result.deliveries = 2000
        result.errorsByStatus = [429: 2, 507: 1]
        result.firstError = "inbox_full: full\u{1b}"
        result.heldUp = 5
        for _ in 0..<999 { result.histograms[.sendToDelivery].record(.nanoseconds(1_000_000)) }
        result.histograms[.sendToDelivery].record(.milliseconds(20))
        result.histograms[.sendToAnswer].record(.microseconds(500))
        result.usage = BenchPlans.usage
        return result
    }

    @Test func `a measurement on schedule is told to people`() {
        #expect(
            latencyResult().lines.joined(separator: "\n") == """
                latency: 4 connections, 1 reader over poll, 10000 polls parked beside
                20 bytes of content, 1000 sends/s on schedule
                measured for 2.0 s, after 1.0 s of warm-up

                sends         2001  1001/s
                deliveries    2000  1000/s
                errors           3
                  status 429     2
                  status 507     1
                held up          5

                ms      to delivery  to answer  uncorrected  bench late
                count          1000          1            -           -
                min           1.000      0.500            -           -
                mean          1.019      0.500            -           -
                p50           1.004          -            -           -
                p90           1.004          -            -           -
                p99           1.004          -            -           -
                p99.9         1.004          -            -           -
                p99.99            -          -            -           -
                max          20.000      0.500            -           -
                from when a send was due; uncorrected: from when it was written
                count, min, mean and max are exact; the others at most 0.8 % too long

                CPU     of a core  of all 2
                bench        50 %      25 %  its loop: 45 %
                broker       75 %      38 %  brokerctl, process 4711
                others      2.1 %     1.1 %

                first error: inbox_full: full\\u{1b}
                """
        )
    }

    @Test func `and to scripts`() throws {
        let text = latencyResult().json
        let json = try #require(JSONObject(Array(text.utf8)))
        #expect(
            text.hasPrefix(
                """
                {"mode":"latency","url":"http://127.0.0.1:8080","connections":4,"readers":1,"parked":10000,"over":"poll",\
                "payloadBytes":20,"ratePerSecond":1000,"warmUpSeconds":1.000,"seconds":2.000,"interrupted":false,\
                "brokenBy":null,"sends":2001,"sendsPerSecond":1000.5,"deliveries":2000,"deliveriesPerSecond":1000.0,\
                "errors":3,"errorsByStatus":{"429":2,"507":1},"firstError":"inbox_full: full\\u001b","unanswered":0,\
                "undelivered":0,"duplicates":0,"heldUp":5,"unsent":0,"latencyMilliseconds":{"sendToDelivery":{"count":1000,\
                "min":1.000,"mean":1.019,"p50":1.004,"p90":1.004,"p99":1.004,"p999":1.004,"p9999":null,"max":20.000},
                """.dropLast()
            )
        )
        #expect(json.raw("relativeErrorMax") == "0.0078")
        #expect(
            json.raw("usage") == """
                {"machineCores":2,"benchCores":0.5000,"benchThreadCores":0.4500,"benchThreadWaitedCores":0.0100,\
                "benchWasTheLimit":false,"benchWasStarved":false,"brokerCores":0.7500,"brokerProcesses":[4711],\
                "othersCores":0.0210}
                """
        )
        #expect(json.raw("memory") == "null")
        #expect(json.raw("warnings") == "[]")
        #expect(
            json.object("latencyMilliseconds")?.raw("generatorLate") == """
                {"count":0,"min":null,"mean":null,"p50":null,"p90":null,"p99":null,"p999":null,"p9999":null,"max":null}
                """
        )
    }

    @Test func `parking tells of memory, and of no rates`() throws {
        var result = BenchResult(plan: BenchPlans.plan(.park, connections: 1, readers: 1000))
        result.elapsed = .seconds(10)
        result.sends = 1000
        result.memory = BenchMemory(readers: 1000, countedBytes: 640_000, residentBytes: 2_370_400)
        let lines = result.lines
        #expect(lines[..<3] == ["park: 1000 readers over poll", "20 bytes of content", "held for 10.0 s"])
        #expect(lines[4] == "sends       1000")
        let start = try #require(lines.firstIndex { $0.hasPrefix("memory") })
        #expect(
            lines[start...].joined(separator: "\n") == """
                memory of the broker, bytes for each of 1000 readers:
                  640, by its own count of inboxes and buffers
                  2370, by how much its process has grown; a fresh one tells best
                """
        )
        let json = try #require(JSONObject(Array(result.json.utf8)))
        #expect(
            json.raw("memory") == #"{"readers":1000,"countedBytesPerReader":640.0,"residentBytesPerReader":2370.4}"#
        )
        #expect(json.raw("sendsPerSecond") == "null")
        #expect(json.raw("usage") == "null")
    }

    @Test func `a broker out of sight is said to be unknown`() {
        var usage = BenchPlans.usage
        usage.brokerCores = nil
        usage.brokerProcesses = []
        #expect(
            usage.lines == [
                "CPU     of a core  of all 2",
                "bench        50 %      25 %  its loop: 45 %",
                "broker          -         -  not known: not on this machine, or another user's",
                "others      2.1 %     1.1 %  the broker included",
            ]
        )
        usage.othersCores = nil
        #expect(usage.lines[3] == "others          -         -  not known here")
        #expect(usage.json.contains(#""brokerCores":null,"brokerProcesses":[],"othersCores":null"#))
    }

    @Test func `a figure that says little is warned of`() {
        var result = latencyResult()
        func warnings(_ change: (inout BenchResult) -> Void) -> [String] {
            var changed = result
            change(&changed)
            return changed.warnings
        }
        #expect(result.warnings == [])
        #expect(
            warnings { $0.usage?.threadCores = 0.9 } == [
                "bench itself was the limit: its thread used 90 % of a core; the broker can do more, and latencies hold what "
                    + "bench itself waited for"
            ]
        )
        #expect(
            warnings { $0.usage?.threadWaitedCores = 0.5 } == [
                "bench had no core for 50 % of the time in which it needed one: latencies hold that, and the broker may be "
                    + "able to do more"
            ]
        )
        #expect(
            warnings { $0.usage?.othersCores = 0.25 }.first?.hasPrefix("other processes used 25 % of a core") == true
        )
        #expect(warnings { $0.unsent = 20 } == [])
        #expect(warnings { $0.unsent = 21 }.first?.hasPrefix("the rate was not reached: 21 sends were due") == true)
        result.unanswered = 1
        result.undelivered = 2
        result.duplicates = 3
        #expect(result.warnings.count == 3)
        #expect(result.lines.last == "warning: 3 messages reached a reader once too often")
    }

    @Test(arguments: [
        (0, 1, "0.0"), (1.25, 1, "1.3"), (0.001, 3, "0.001"), (12.3456, 3, "12.346"), (99.99, 1, "100.0"),
        (-1.5, 1, "-1.5"), (12.5, 0, "13"),
    ])
    func `numbers are rounded`(number: Double, digits: Int, text: String) {
        #expect(BenchText.decimal(number, digits) == text)
    }

    @Test(arguments: [(0, "0.0 %"), (0.0123, "1.2 %"), (0.0994, "9.9 %"), (0.0996, "10 %"), (1.5, "150 %")])
    func `shares are told in percent`(share: Double, text: String) {
        #expect(BenchText.percent(share) == text)
    }
}
