internal import Broker

/// Everything that is counted, at one moment.
struct Snapshot: Sendable {
    private let version: String
    private let uptimeSeconds: Int
    private let isDraining: Bool
    private let loops: Int
    private let broker: Statistics
    private let memoryBytesMax: Int
    private let requests: Int
    private let connectionsOpen: Int
    private let connectionsMax: Int
    private let connectionsAccepted: Int
    private let connectionsRefused: Int
    private let bufferBytes: Int
    private let bufferBytesMax: Int

    /// Collects the figures of all shards and loops.
    init(_ server: ServerState, _ broker: Broker) async {
        version = server.configuration.version
        uptimeSeconds = Int(server.time.now.duration(since: server.startedAt).components.seconds)
        isDraining = server.isDraining
        loops = server.loops.count
        self.broker = await broker.statistics()
        memoryBytesMax = broker.limits.memoryBytesMax
        var requests = 0
        for front in server.allFronts { requests += await front.requests() }
        self.requests = requests
        connectionsOpen = server.openCount
        connectionsMax = server.configuration.connectionsMax
        connectionsAccepted = server.acceptedCount
        connectionsRefused = server.refusedCount
        bufferBytes = server.budget.bytesUsed
        bufferBytesMax = server.budget.bytesMax
    }

    /// Writes them as the answer to GET /v1/stats.
    func writeJSON(to body: ByteBuffer) {
        body.append("{\"version\":")
        body.append(jsonString: version)
        body.append(",\"uptimeSeconds\":")
        body.append(decimal: uptimeSeconds)
        body.append(isDraining ? ",\"draining\":true" : ",\"draining\":false")
        body.append(",\"loops\":")
        body.append(decimal: loops)
        body.append(",\"inboxes\":")
        body.append(decimal: broker.inboxes)
        write("messages", [("kept", broker.kept), ("unread", broker.unread), ("leased", broker.leased)], to: body)
        body.append(",\"readers\":{")
        ReadersAnswer.writeFields(waiting: broker.waiting, streaming: broker.streaming, lag: broker.lag, to: body)
        body.append(UInt8(ascii: "}"))
        write("memory", [("bytes", broker.memoryBytes), ("bytesMax", memoryBytesMax)], to: body)
        write("buffers", [("bytes", bufferBytes), ("bytesMax", bufferBytesMax)], to: body)
        write(
            "connections",
            [
                ("open", connectionsOpen), ("max", connectionsMax), ("accepted", connectionsAccepted),
                ("refused", connectionsRefused),
            ],
            to: body
        )
        write("totals", totals.map { ($0.name, $0.value) }, to: body)
        body.append(UInt8(ascii: "}"))
    }

    private func write(_ name: StaticString, _ values: [(StaticString, Int)], to body: ByteBuffer) {
        body.append(",\"")
        body.append(name)
        body.append("\":{")
        for (index, (name, value)) in values.enumerated() {
            body.append(index == 0 ? "\"" : ",\"")
            body.append(name)
            body.append("\":")
            body.append(decimal: value)
        }
        body.append(UInt8(ascii: "}"))
    }

    /// What only grows: its name in JSON, in the metrics, what it means.
    private var totals: [(name: StaticString, metric: StaticString, help: StaticString, value: Int)] {
        [
            ("requests", "requests_total", "Requests received.", requests),
            ("sent", "messages_sent_total", "Messages accepted.", broker.sent),
            ("duplicates", "duplicates_total", "Repeated sends answered as the first.", broker.duplicates),
            ("delivered", "messages_delivered_total", "Messages handed to readers.", broker.delivered),
            ("acked", "messages_acked_total", "Messages acked.", broker.acked),
            ("expired", "messages_expired_total", "Messages that expired unread.", broker.expired),
            ("evicted", "messages_evicted_total", "Messages dropped unread to make room.", broker.evicted),
            ("gaps", "gaps_total", "Gaps that readers were told of.", broker.gaps),
            ("lost", "messages_lost_total", "Messages in those gaps.", broker.lost),
            ("refused", "sends_refused_total", "Sends refused.", broker.refused),
            ("timeouts", "poll_timeouts_total", "Polls that ended without a message.", broker.timeouts),
        ]
    }

    /// Writes them as the answer to GET /metrics, in the text format of Prometheus.
    func writeMetrics(to body: ByteBuffer) {
        let gauges: [(StaticString, StaticString, Int)] = [
            ("uptime_seconds", "Seconds since the server started.", uptimeSeconds),
            ("draining", "1 while the server shuts down.", isDraining ? 1 : 0),
            ("inboxes", "Inboxes that hold a message or have a reader.", broker.inboxes),
            ("messages_kept", "Messages kept.", broker.kept),
            ("messages_unread", "Messages that nobody has taken or acked.", broker.unread),
            ("messages_leased", "Messages leased or on their way to a taker.", broker.leased),
            ("polls_waiting", "Polls that wait.", broker.waiting),
            ("streams_open", "Streams that are open.", broker.streaming),
            ("memory_bytes", "Bytes counted against the limit of all inboxes.", broker.memoryBytes),
            ("memory_bytes_max", "That limit.", memoryBytesMax),
            ("buffer_bytes", "Bytes in the buffers of all connections.", bufferBytes),
            ("buffer_bytes_max", "Their limit.", bufferBytesMax),
            ("connections_open", "Connections that are open.", connectionsOpen),
            ("connections_max", "Their limit.", connectionsMax),
        ]
        for (name, help, value) in gauges { write(name, help, "gauge", value, to: body) }
        // One for all inboxes: a label for each would make as many series as there are recipients.
        let lag = broker.lag ?? ReaderLag()
        let lagMessages: StaticString = "Messages that the slowest reader has yet to be given; 0 without readers."
        write("slowest_reader_lag_messages", lagMessages, "gauge", lag.messages, to: body)
        let lagSeconds: StaticString = "Age of the oldest message that a reader has yet to be given; 0 without readers."
        write("slowest_reader_lag_seconds", lagSeconds, "gauge", to: body) { ReadersAnswer.writeSeconds(lag, to: $0) }
        write("connections_accepted_total", "Connections accepted.", "counter", connectionsAccepted, to: body)
        write("connections_refused_total", "Connections refused.", "counter", connectionsRefused, to: body)
        for total in totals { write(total.metric, total.help, "counter", total.value, to: body) }
    }

    private func write(
        _ name: StaticString,
        _ help: StaticString,
        _ type: StaticString,
        _ value: Int,
        to body: ByteBuffer
    ) {
        write(name, help, type, to: body) { $0.append(decimal: value) }
    }

    private func write(
        _ name: StaticString,
        _ help: StaticString,
        _ type: StaticString,
        to body: ByteBuffer,
        value: (ByteBuffer) -> Void
    ) {
        body.append("# HELP broker_")
        body.append(name)
        body.append(" ")
        body.append(help)
        body.append("\n# TYPE broker_")
        body.append(name)
        body.append(" ")
        body.append(type)
        body.append("\nbroker_")
        body.append(name)
        body.append(" ")
        value(body)
        body.append("\n")
    }
}

extension Front {
    /// How many requests this loop has received; asked from anywhere.
    func requests() async -> Int {
        await withCheckedContinuation { continuation in
            loop.execute { continuation.resume(returning: self.requestCount) }
        }
    }
}
