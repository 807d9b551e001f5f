#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// What is counted: something that a client does, again and again.
struct Operation {
    let name: String
    /// How many of what is counted one round does.
    let countPerRound: Int
    /// Prepares the server, and returns one round.
    let prepare: (Rig) -> (Int) -> Void
}

/// The operations whose cost has to stay what it is.
enum Operations {
    /// Rounds that warm up, and rounds that are counted.
    private static let (warmUpCount, roundCount) = (300, 1000)

    /// Does each operation, and tells a profiler by a call of `getppid` where each begins and ends.
    static func run() throws {
        for operation in all {
            let rig = try Rig(StoppedTime())
            let round = operation.prepare(rig)
            for number in 0..<warmUpCount { round(number) }
            _ = getppid()
            for number in 0..<roundCount { round(warmUpCount + number) }
            _ = getppid()
            print(operation.name, roundCount * operation.countPerRound)
            rig.stop()
        }
    }

    private static var all: [Operation] {
        [
            Operation(name: "parse", countPerRound: 1) { rig in
                // The least that can be asked for, in the words of a browser.
                let client = rig.client()
                let request = RequestBytes.get("/health/live", fields: RequestBytes.browserFields)
                return { _ in client.exchange(request) }
            },
            Operation(name: "send", countPerRound: 1) { rig in
                let client = rig.client()
                let requests = recipients.map(RequestBytes.message)
                return { number in client.exchange(requests[number % requests.count]) }
            },
            Operation(name: "send-batch", countPerRound: 100) { rig in
                let client = rig.client()
                let request = RequestBytes.batch(recipients.prefix(100).map(RequestBytes.line))
                return { _ in client.exchange(request) }
            },
            Operation(name: "take", countPerRound: 1) { rig in
                let client = rig.client()
                for number in 0..<(warmUpCount + roundCount) {
                    client.exchange(RequestBytes.message(to: recipients[number % recipients.count]))
                }
                let requests = recipients.map { RequestBytes.poll(of: $0, timeout: 0) }
                return { number in client.exchange(requests[number % requests.count]) }
            },
            Operation(name: "park-and-wake", countPerRound: 1) { rig in
                let poller = rig.client()
                let sender = rig.client()
                let polls = recipients.map { RequestBytes.poll(of: $0) }
                let messages = recipients.map(RequestBytes.message)
                return { number in
                    // The loop reads what came first first.
                    poller.send(polls[number % polls.count])
                    sender.exchange(messages[number % messages.count])
                    poller.receiveAnswer()
                }
            },
            Operation(name: "deliver", countPerRound: followerCount) { rig in
                let sender = rig.client()
                let followers = Clients(rig, count: followerCount)
                followers.withEach { _, client in client.exchange(RequestBytes.follow("everybody")) }
                let message = RequestBytes.message(to: "everybody")
                return { _ in
                    sender.exchange(message)
                    followers.withEach { _, client in client.receive() }
                }
            },
        ]
    }

    private static let followerCount = 100
    private static let recipients = (0..<1000).map { "recipient-\($0)" }
}
