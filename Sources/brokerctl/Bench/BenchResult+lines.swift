extension BenchResult {
    /// For people.
    var lines: [String] {
        var lines = [title, loadLine, timeLine, ""]
        lines += counts
        if measures.contains(where: { histograms[$0].count > 0 }) { lines += [""] + latencies }
        if let memory { lines += [""] + memory.lines }
        if let usage { lines += [""] + usage.lines }
        if let firstError { lines += ["", "first error: \(TerminalText.escaped(firstError))"] }
        let warnings = warnings.map { "warning: \($0)" }
        return warnings.isEmpty ? lines : lines + [""] + warnings
    }

    private var title: String {
        let plural = { (count: Int, word: String) in "\(count) \(word)\(count == 1 ? "" : "s")" }
        var parts: [String] = []
        if plan.mode != .park { parts.append(plural(plan.connections, "connection")) }
        if plan.readers > 0 { parts.append("\(plural(plan.readers, "reader")) over \(plan.over.rawValue)") }
        if plan.parked > 0 { parts.append("\(plural(plan.parked, "poll")) parked beside") }
        return "\(plan.mode.rawValue): \(parts.joined(separator: ", "))"
    }

    private var loadLine: String {
        let content = "\(plan.payloadBytes) bytes of content"
        if let rate = plan.rate { return "\(content), \(BenchText.decimal(rate, 0)) sends/s on schedule" }
        return plan.mode == .park ? content : "\(content), closed loop"
    }

    private var timeLine: String {
        let seconds = BenchText.decimal(elapsed.inSeconds, 1)
        var line = plan.mode == .park ? "held for \(seconds) s" : "measured for \(seconds) s"
        if plan.mode != .park, plan.warmUp > .zero {
            line += ", after \(BenchText.decimal(plan.warmUp.inSeconds, 1)) s of warm-up"
        }
        if wasInterrupted { line += ", interrupted" }
        if brokenBy != nil { line += ", broken off" }
        return line
    }

    private var counts: [String] {
        var table = Table([("", .left), ("", .right), ("", .right)])
        let row = { (name: String, count: Int, hasRate: Bool) in
            let rate = hasRate && plan.mode != .park ? "\(BenchText.decimal(perSecond(count), 0))/s" : ""
            table.append([name, "\(count)", rate])
        }
        row("sends", sends, true)
        if plan.readers > 0 { row("deliveries", deliveries, true) }
        row("errors", errors, false)
        for (status, count) in errorsByStatus.sorted(by: { $0.key < $1.key }) {
            row("  status \(status)", count, false)
        }
        if plan.rate != nil { row("held up", heldUp, false) }
        if unsent > 0 { row("unsent", unsent, false) }
        if unanswered > 0 { row("unanswered", unanswered, false) }
        if undelivered > 0 { row("undelivered", undelivered, false) }
        if duplicates > 0 { row("duplicates", duplicates, false) }
        return table.takeLines()
    }

    private var latencies: [String] {
        let histograms = measures.map { self.histograms[$0] }
        var table = Table([("ms", .left)] + measures.map { ($0.title, .right) })
        let row = { (name: String, figure: (Histogram) -> String?) in
            table.append([name] + histograms.map { $0.count == 0 ? "-" : figure($0) ?? "-" })
        }
        row("count") { "\($0.count)" }
        row("min") { BenchText.milliseconds($0.min) }
        row("mean") { BenchText.milliseconds($0.mean) }
        for quantile in BenchQuantile.all {
            row(quantile.name) { $0.knows(quantile.share) ? BenchText.milliseconds($0.quantile(quantile.share)) : nil }
        }
        row("max") { BenchText.milliseconds($0.max) }
        let rows = table.takeLines()
        let error = BenchText.decimal(Histogram.relativeErrorMax * 100, 1)
        return [table.titleLine] + rows + [
            meaning, "count, min, mean and max are exact; the others at most \(error) % too long",
        ]
    }

    private var meaning: String {
        guard plan.rate != nil else {
            return plan.mode == .park
                ? "from when the send was written"
                : "from when a send was written; closed loop: a stall holds up sends that nobody counts"
        }
        return "from when a send was due; uncorrected: from when it was written"
    }
}

extension BenchMemory {
    /// For people.
    var lines: [String] {
        let each = { (bytes: Int) in BenchText.decimal(Double(bytes) / Double(readers), 0) }
        let resident = residentBytes.map { "\(each($0)), by how much its process has grown; a fresh one tells best" }
        return [
            "memory of the broker, bytes for each of \(readers) readers:",
            "  \(each(countedBytes)), by its own count of inboxes and buffers",
            "  \(resident ?? "not known by the size of its process: it is not on this machine, or another user's")",
        ]
    }
}

extension BenchUsage {
    /// For people.
    var lines: [String] {
        var table = Table([("CPU", .left), ("of a core", .right), ("of all \(cores)", .right), ("", .left)])
        let row = { (name: String, share: Double?, note: String) in
            table.append([
                name, share.map { BenchText.percent($0) } ?? "-",
                share.map { BenchText.percent($0 / Double(cores)) } ?? "-", note,
            ])
        }
        row("bench", benchCores, "its loop: \(BenchText.percent(threadCores))")
        row("broker", brokerCores, broker)
        row(
            "others",
            othersCores,
            othersCores == nil ? "not known here" : brokerCores == nil ? "the broker included" : ""
        )
        let rows = table.takeLines()
        return [table.titleLine] + rows
    }

    private var broker: String {
        guard brokerCores != nil, let first = brokerProcesses.first else {
            return "not known: not on this machine, or another user's"
        }
        let more = brokerProcesses.count > 1 ? " and \(brokerProcesses.count - 1) more" : ""
        return "\(TerminalText.escaped(brokerName ?? "?")), process \(first)\(more)"
    }
}
