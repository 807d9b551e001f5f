extension BenchResult {
    /// For scripts: one object.
    ///
    /// Its names carry their units. What is not known, or does not exist in this mode, is null: a quantile of too few
    /// messages, the broker's CPU on another machine.
    var json: String {
        var text = JSONText()
        text.set("mode", plan.mode.rawValue)
        text.set("url", plan.url.description)
        text.set("connections", raw: "\(plan.connections)")
        text.set("readers", raw: "\(plan.readers)")
        text.set("parked", raw: "\(plan.parked)")
        text.set("over", raw: plan.readers > 0 ? JSONText.quoted(plan.over.rawValue) : "null")
        text.set("payloadBytes", raw: "\(plan.payloadBytes)")
        text.set("ratePerSecond", raw: plan.rate.map { BenchText.decimal($0, 0) } ?? "null")
        text.set("warmUpSeconds", raw: BenchText.decimal(plan.mode == .park ? 0 : plan.warmUp.inSeconds, 3))
        text.set("seconds", raw: BenchText.decimal(elapsed.inSeconds, 3))
        text.set("interrupted", raw: "\(wasInterrupted)")
        text.set("brokenBy", raw: brokenBy.map(JSONText.quoted) ?? "null")
        text.set("sends", raw: "\(sends)")
        text.set("sendsPerSecond", raw: rate(sends))
        text.set("deliveries", raw: "\(deliveries)")
        text.set("deliveriesPerSecond", raw: rate(deliveries))
        text.set("errors", raw: "\(errors)")
        var statuses = JSONText()
        for (status, count) in errorsByStatus.sorted(by: { $0.key < $1.key }) {
            statuses.set("\(status)", raw: "\(count)")
        }
        text.set("errorsByStatus", raw: statuses.object)
        text.set("firstError", raw: firstError.map(JSONText.quoted) ?? "null")
        text.set("unanswered", raw: "\(unanswered)")
        text.set("undelivered", raw: "\(undelivered)")
        text.set("duplicates", raw: "\(duplicates)")
        text.set("heldUp", raw: "\(heldUp)")
        text.set("unsent", raw: "\(unsent)")
        var latencies = JSONText()
        for measure in measures { latencies.set(measure.key, raw: BenchResult.json(of: histograms[measure])) }
        text.set("latencyMilliseconds", raw: latencies.object)
        text.set("relativeErrorMax", raw: BenchText.decimal(Histogram.relativeErrorMax, 4))
        text.set("memory", raw: memory?.json ?? "null")
        text.set("usage", raw: usage?.json ?? "null")
        text.set("warnings", warnings)
        return text.object
    }

    /// In park one reader is woken after the other, which says nothing of how many could be.
    private func rate(_ count: Int) -> String {
        plan.mode == .park ? "null" : BenchText.decimal(perSecond(count), 1)
    }

    private static func json(of histogram: Histogram) -> String {
        let figure = { (duration: Duration, isKnown: Bool) in isKnown ? BenchText.milliseconds(duration) : "null" }
        let isThere = histogram.count > 0
        var text = JSONText()
        text.set("count", raw: "\(histogram.count)")
        text.set("min", raw: figure(histogram.min, isThere))
        text.set("mean", raw: figure(histogram.mean, isThere))
        for quantile in BenchQuantile.all {
            text.set(quantile.key, raw: figure(histogram.quantile(quantile.share), histogram.knows(quantile.share)))
        }
        text.set("max", raw: figure(histogram.max, isThere))
        return text.object
    }
}

extension BenchMemory {
    /// As one object.
    var json: String {
        var text = JSONText()
        text.set("readers", raw: "\(readers)")
        text.set("countedBytesPerReader", raw: BenchText.decimal(Double(countedBytes) / Double(readers), 1))
        let resident = residentBytes.map { BenchText.decimal(Double($0) / Double(readers), 1) }
        text.set("residentBytesPerReader", raw: resident ?? "null")
        return text.object
    }
}

extension BenchUsage {
    /// As one object; 1 is one core all the time.
    var json: String {
        let figure = { (share: Double?) in share.map { BenchText.decimal($0, 4) } ?? "null" }
        var text = JSONText()
        text.set("machineCores", raw: "\(cores)")
        text.set("benchCores", raw: figure(benchCores))
        text.set("benchThreadCores", raw: figure(threadCores))
        text.set("benchThreadWaitedCores", raw: figure(threadWaitedCores))
        text.set("benchWasTheLimit", raw: "\(isBenchTheLimit)")
        text.set("benchWasStarved", raw: "\(isBenchStarved)")
        text.set("brokerCores", raw: figure(brokerCores))
        text.set("brokerProcesses", raw: "[\(brokerProcesses.map { "\($0)" }.joined(separator: ","))]")
        text.set("othersCores", raw: figure(othersCores))
        return text.object
    }
}
