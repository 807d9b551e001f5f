import Testing

@testable import Broker
@testable import HTTPFront

/// The time of day in each answer.
struct DateTests {
    private static func text(_ milliseconds: Int64) -> String {
        ByteBuffer.text { $0.append(httpDateMilliseconds: milliseconds) }
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777_999, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (1_795_241_728_123, "Sat, 21 Nov 2026 06:15:28 GMT"), (951_782_400_000, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (4_107_542_399_999, "Sun, 28 Feb 2100 23:59:59 GMT"), (4_107_542_400_000, "Mon, 01 Mar 2100 00:00:00 GMT"),
        (-1, "Wed, 31 Dec 1969 23:59:59 GMT"), (.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (.min, "Sat, 01 Jan 0000 00:00:00 GMT"),
    ])
    func `a time as HTTP writes it`(milliseconds: Int64, expected: String) {
        #expect(Self.text(milliseconds) == expected)
        #expect(expected.utf8.count == 29)
    }

    /// Counts how often the wall clock is looked at.
    private final class CountingTime: TimeSource, @unchecked Sendable {
        var now = MonotonicInstant(nanoseconds: 5_000)
        var milliseconds: Int64 = 1_795_241_728_123
        var looks = 0

        var wallNow: WallInstant {
            looks += 1
            return WallInstant(millisecondsSinceEpoch: milliseconds)
        }

        func sleep(until instant: MonotonicInstant) async throws {
            preconditionFailure("a field needs no timer")
        }

        func pass(_ milliseconds: Int64) {
            now = now + .milliseconds(milliseconds)
            self.milliseconds += milliseconds
        }
    }

    @Test
    func `the field is made once a second`() {
        let time = CountingTime()
        let field = DateField(time: time)
        func seconds() -> String {
            let line = String(decoding: field.bytes(at: time.now), as: UTF8.self)
            #expect(line.utf8.count == 37)
            return String(line.dropFirst(29).prefix(2))
        }
        for _ in 1...3 { #expect(seconds() == "28") }
        time.pass(876)
        #expect(seconds() == "28")
        #expect(time.looks == 1)
        time.pass(1)
        for _ in 1...3 { #expect(seconds() == "29") }
        #expect(time.looks == 2)
        time.pass(61_000)
        #expect(seconds() == "30")
        // Somebody sets the clock.
        time.milliseconds -= 5000
        time.pass(1000)
        #expect(seconds() == "26")
        #expect(time.looks == 4)
    }

    @Test(arguments: Setup.all)
    func `every answer and every stream has the time`(setup: Setup) async throws {
        try await LiveServer.run(setup) { configuration in
            configuration.allowedOrigins = ["http://shop.example"]
        } _: { live in
            let requests = [
                (RequestBench.get("/v1/poll?recipient=u&timeout=0"), 200), (RequestBench.get("/v1/stats"), 200),
                (RequestBench.json("/v1/send", #"{"recipient":"v","content":1}"#), 201),
                (RequestBench.json("/v1/send", #"{"recipients":["v","w"],"content":1}"#), 201),
                (RequestBench.delete("/v1/inbox?recipient=v"), 204), (RequestBench.get("/"), 200),
                (RequestBench.get("/v1/stats", "Origin: http://shop.example"), 200),
                (RequestBench.get("/v1/poll?recipient=u&timeout=0", "Origin: http://shop.example"), 200),
                (RequestBench.get("/nothing"), 404), (RequestBench.get("/v1/poll"), 400), ("G E T\r\n\r\n", 400),
                (RequestBench.get("/v1/stream?recipient=u"), 200),
            ]
            var dates: Set<String> = []
            for (request, status) in requests {
                let peer = try await live.connect(loop: 0)
                let answer = try await peer.exchange(request)
                #expect(answer.status == status)
                let date = try #require(answer["Date"], "\(request)")
                #expect(answer.fields.count { $0.name == "Date" } == 1)
                dates.insert(date)
                await peer.leave()
            }
            #expect(dates.count == 1)
            try await live.waits(at: try Recipient("u"))
            await live.pass(.seconds(3))
            let later = try await live.connect(loop: 0).exchange(RequestBench.get("/v1/stats"))
            #expect(dates.insert(try #require(later["Date"])).inserted)
        }
    }
}
