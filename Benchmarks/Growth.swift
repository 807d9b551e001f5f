internal import Broker

/// What becomes of the cost of an operation when there is more of everything.
///
/// The cost is the CPU time of the server: that of this process without that of the thread that asks.
enum Growth {
    /// How often each is measured, in turn with the others of its table; the median counts.
    private static let repetitionCount = 5
    private static let blockSize = 2000

    /// Prints the tables; `inboxCounts` are those that are compared.
    static func run(inboxCounts: [Int]) throws {
        try tellInboxes(inboxCounts, messages: 1, "with 1 message each")
        try tellInboxes(inboxCounts, messages: inboxRoom, "full, with \(inboxRoom) messages each")
        try tellMessages()
        try tellReaders()
        try tellBatch()
        try tellMemory(inboxCounts.last ?? 1000)
    }

    // MARK: More inboxes

    private static let inboxRoom = 8

    private static func tellInboxes(_ counts: [Int], messages: Int, _ what: String) throws {
        var table = Table("inboxes, \(what)", ["send", "take"])
        let places = try counts.map { count in
            let rig = try Rig(SystemTime(), inboxMessagesMax: inboxRoom)
            let client = rig.client()
            for _ in 0..<messages { fill(client, count) }
            return rig
        }
        for repetition in 0..<repetitionCount {
            for (rig, count) in zip(places, counts) {
                let client = rig.client()
                let recipients = (0..<blockSize).map { number in
                    // A step that has no factor in common with the counts, so that the order has no pattern for a cache.
                    "r\((repetition * blockSize + number) * 7919 % count)"
                }
                let sends = recipients.map(RequestBytes.message)
                let takes = recipients.map { RequestBytes.poll(of: $0, timeout: 0, limit: 1) }
                let send = cost { for request in sends { client.exchange(request) } }
                let take = cost { for request in takes { client.exchange(request) } }
                table.add(count, [send / Double(blockSize), take / Double(blockSize)])
            }
        }
        table.print()
        for rig in places { rig.stop() }
    }

    private static func fill(_ client: borrowing Client, _ count: Int) {
        for start in stride(from: 0, to: count, by: 1000) {
            let lines = (start..<min(start + 1000, count)).map { RequestBytes.line(to: "r\($0)") }
            client.exchange(RequestBytes.batch(lines))
        }
    }

    // MARK: More in one inbox

    private static func tellMessages() throws {
        var table = Table("messages in the inbox", ["send", "take"])
        let rig = try Rig(SystemTime(), inboxMessagesMax: 100_000)
        let client = rig.client()
        let counts = [1, 1000]
        for count in counts {
            for _ in 0..<count { client.exchange(RequestBytes.message(to: "with-\(count)")) }
        }
        for _ in 0..<repetitionCount {
            for count in counts {
                let message = RequestBytes.message(to: "with-\(count)")
                let poll = RequestBytes.poll(of: "with-\(count)", timeout: 0, limit: 1)
                var send = 0.0
                var take = 0.0
                for _ in 0..<(blockSize / 100) {
                    // In small pieces, so that there are about as many messages as the table says.
                    send += cost { for _ in 0..<100 { client.exchange(message) } }
                    take += cost { for _ in 0..<100 { client.exchange(poll) } }
                }
                table.add(count, [send / Double(blockSize), take / Double(blockSize)])
            }
        }
        table.print()
        rig.stop()
    }

    private static func tellReaders() throws {
        var table = Table("followers of the inbox", ["send, for each delivery", "poll beside them"])
        let rig = try Rig(SystemTime())
        let sender = rig.client()
        let poller = rig.client()
        let groups = [1, 1000].map { count in
            let followers = Clients(rig, count: count)
            followers.withEach { _, client in client.exchange(RequestBytes.follow("read-by-\(count)")) }
            return (count: count, followers: followers)
        }
        for _ in 0..<repetitionCount {
            for (count, followers) in groups {
                let message = RequestBytes.message(to: "read-by-\(count)")
                let rounds = max(1, blockSize / count)
                let delivery = cost {
                    for _ in 0..<rounds {
                        sender.exchange(message)
                        followers.withEach { _, client in client.receive() }
                    }
                }
                let poll = RequestBytes.get("/v1/poll?recipient=read-by-\(count)&cursor=now&timeout=0")
                let join = cost { for _ in 0..<blockSize { poller.exchange(poll) } }
                table.add(count, [delivery / Double(rounds * count), join / Double(blockSize)])
            }
        }
        table.print()
        rig.stop()
    }

    // MARK: In one request

    private static func tellBatch() throws {
        var table = Table("messages in a request", ["send, for each message"])
        let rig = try Rig(SystemTime())
        let client = rig.client()
        let recipients = (0..<1000).map { "r\($0)" }
        let single = recipients.map(RequestBytes.message)
        let batch = RequestBytes.batch(recipients.map(RequestBytes.line))
        for _ in 0..<repetitionCount {
            table.add(1, [cost { for request in single { client.exchange(request) } } / 1000])
            table.add(1000, [cost { for _ in 0..<10 { client.exchange(batch) } } / 10_000])
        }
        table.print()
        rig.stop()
    }

    private static func tellMemory(_ count: Int) throws {
        let rig = try Rig(SystemTime())
        let client = rig.client()
        fill(client, 1)
        let before = residentBytes
        fill(client, count)
        let bytes = (residentBytes - before) / count
        print(
            "\(count) inboxes with a message of \(RequestBytes.content.utf8.count) bytes each: "
                + "\(bytes) resident bytes for each"
        )
        rig.stop()
    }
}
