extension Bench {
    static let page = CommandPage(
        name: "bench",
        summary: "measure a broker",
        discussion: [
            "send: each connection sends to an inbox of its own; the next message when the one before is answered.",
            "poll: messages go to readers in turn, each with an inbox of its own; a connection sends the next when the one "
                + "before has been answered and received. How many a broker can hand over.",
            "latency: as poll, but on a schedule of --rate that is fixed in advance. Each send counts from when it was due, "
                + "so a stall shows in all that it held up. How long it takes at a load that the broker can bear.",
            "fanout: all readers follow one inbox. How long until the first and until the last has a message.",
            "park: the readers wait for --seconds; then each is woken, one after the other. What they cost in memory and "
                + "CPU.",
            "It works with inboxes of its own and removes them. One thread produces the load; the figures say how much of a "
                + "core it took, and warn if it was the limit. Compare what was measured in turn on one machine, with medians "
                + "of several runs. A machine has about 28000 connections to one address.",
            "--json prints one object, whose names carry their units. Counts: sends, deliveries, errors, errorsByStatus, "
                + "unanswered (sends without an answer), undelivered, duplicates, heldUp (due, and no connection was free), "
                + "unsent (due, and never sent); sendsPerSecond, deliveriesPerSecond.",
            "In it, latencyMilliseconds holds for each measure count, min, mean, p50, p90, p99, p999, p9999 and max; null "
                + "where there are too few messages. Measures: sendToAnswer, sendToDelivery, sendToFirstDelivery, "
                + "sendToLastDelivery, from when the send was due, or written where there is no --rate; writtenToAnswer, "
                + "writtenToDelivery from when it was written; generatorLate, how late bench itself was. A quantile is at most "
                + "relativeErrorMax too long.",
            "And usage, 1 being one core all the time: benchCores, benchThreadCores, benchThreadWaitedCores (no core was "
                + "free), brokerCores (on Linux, on the same machine), othersCores, machineCores; benchWasTheLimit, "
                + "benchWasStarved. Then memory in park: countedBytesPerReader, residentBytesPerReader; warnings; brokenBy, "
                + "why it ended early, if it did.",
        ],
        examples: [
            ("bench send --connections 64 --seconds 10", "How many sends a second."),
            ("bench poll --readers 1000 --over sse", "How many messages a second from sender to stream."),
            (
                "bench latency --rate 2000 --parked 10000",
                "Latencies at 2000 sends a second with 10000 more polls parked."
            ),
            ("bench fanout --readers 10000", "One message to 10000 streams, again and again."),
            ("bench park --readers 10000 --seconds 60 --json", "What 10000 waiting polls cost, for a script."),
        ],
        exitCodes: [.success, .failure, .usage, .unreachable, .interrupted],
        exitMeanings: [
            .failure: "Some requests were refused, not answered, or not delivered; the output says how many.",
            .unreachable: "The broker cannot be reached, or ended meanwhile; what was measured until then is told.",
            .interrupted: "Ended early by Ctrl-C, after telling what was measured.",
        ]
    )

    static var options: [Option<Bench>] {
        ClientOptions.options(\.client, json: "Print the figures as one object on one line.") + [
            Option(
                "connections",
                \.connections,
                .integer(1...100_000),
                "Connections that send, each one message at a time.",
                default: "64, in fanout 1"
            ),
            Option(
                "readers",
                \.readers,
                .integer(1...100_000),
                "Readers that messages are sent to; not in send.",
                default: "as many as connections, in fanout and park 1000"
            ),
            Option("over", \.over, .choice("HOW"), "How they read.", default: "poll, in fanout sse"),
            Option(
                "parked",
                \.parked,
                .integer(0...100_000),
                "Polls that are held meanwhile, and that nobody sends to; not in park."
            ),
            Option("seconds", \.seconds, .seconds(0.1...86_400), "How long to measure; in park, to hold the readers."),
            Option("warm-up-seconds", \.warmUp, .seconds(0...3600), "How long to run before that; not in park."),
            Option("payload-bytes", \.payloadBytes, .bytes(0...(1 << 24)), "Letters in the content of each message."),
            Option(
                "rate",
                \.rate,
                .integer(1...1_000_000),
                "Sends a second, of all connections together, on a schedule fixed in advance; not in park.",
                default: "1000 in latency, elsewhere as many as are answered"
            ),
        ]
    }

    static var arguments: [Argument<Bench>] {
        [Argument("MODE", \.mode, .choice("MODE"), "What to measure: send, poll, latency, fanout or park.")]
    }

    func validate() throws(UsageError) {
        func refuse(_ message: String) -> UsageError { UsageError(message: message, command: "bench") }
        guard client.url.scheme == "http" else {
            throw refuse("'bench' speaks http only; give the broker's own URL")
        }
        if mode == .send {
            guard readers == nil else { throw refuse("'--readers' is not for send, where nobody reads; see poll") }
            guard over == nil else { throw refuse("'--over' is not for send, where nobody reads; see poll") }
        } else {
            guard payloadBytes >= SendTemplate.stampBytes else {
                throw refuse(
                    "'--payload-bytes' is \(payloadBytes); \(mode.rawValue) needs \(SendTemplate.stampBytes) at least, "
                        + "for the number that it knows a message by"
                )
            }
        }
        if mode == .park {
            guard connections == nil else {
                throw refuse("'--connections' is not for park, where one sends; '--readers' says how many wait")
            }
            guard parked == 0 else { throw refuse("'--parked' is not for park; '--readers' says how many wait") }
            guard rate == nil else { throw refuse("'--rate' is not for park, which wakes one reader after the other") }
        }
    }
}
