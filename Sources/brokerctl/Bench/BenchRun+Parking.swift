internal import Broker

/// What the broker said of its readers and of its memory.
struct Parking {
    /// Readers that were there already.
    var baseline: (waiting: Int, streaming: Int)?
    /// Bytes that the broker counted before.
    var baselineBytes = 0
    /// How many of ours wait.
    var waiting = 0
    /// Is to be called when the broker's memory was asked for again.
    var weighed: (() -> Void)?
}

extension BenchRun {
    /// Counts the readers of others first.
    func beginParking() {
        parking = Parking()
        askWhoWaits()
    }

    /// Asks the broker how many readers wait, unless it is being asked.
    func askWhoWaits() {
        guard let control, !control.isBusy else { return }
        control.send(plan.bytes(.get("/v1/stats")))
    }

    /// Compares the broker's memory with what it was before the readers came.
    func weigh(_ then: @escaping () -> Void) {
        parking?.weighed = then
        askWhoWaits()
    }

    func controlAnswered(_ status: Int, _ body: UnsafeBufferPointer<UInt8>) {
        guard status == 200, let stats = JSONObject(Array(body)), let readers = stats.object("readers"),
            let waiting = readers.integer("waiting"), let streaming = readers.integer("streaming")
        else { return fail("GET /v1/stats answered with status \(status) and no count of readers; is it a broker?") }
        let bytes = (stats.object("memory")?.integer("bytes") ?? 0) + (stats.object("buffers")?.integer("bytes") ?? 0)
        guard phase == .parking else { return weighed(bytes) }
        guard let baseline = parking?.baseline else {
            parking?.baseline = (waiting, streaming)
            parking?.baselineBytes = bytes
            for reader in self.readers { reader.park() }
            return
        }
        // Of each kind only as many as are ours: others may come meanwhile.
        let polls = plan.over == .poll ? plan.waiting : plan.parked
        let ours =
            min(polls, max(0, waiting - baseline.waiting))
            + min(plan.waiting - polls, max(0, streaming - baseline.streaming))
        if ours > parking?.waiting ?? 0 { hasProgressed() }
        parking?.waiting = ours
        if ours == plan.waiting { load.begin(self) }
    }

    private func weighed(_ bytes: Int) {
        guard let then = parking?.weighed else { return }
        parking?.weighed = nil
        let resident = meter.brokerResidentBytes
        result.memory = BenchMemory(
            readers: plan.waiting,
            countedBytes: bytes - (parking?.baselineBytes ?? 0),
            residentBytes: resident.flatMap { now in meter.residentBytesBefore.map { now - $0 } }
        )
        then()
    }

    func failParking() {
        let count = parking?.waiting ?? 0
        guard control?.isBusy == false else {
            return fail("GET /v1/stats was not answered for \(Int(BenchRun.patience.inSeconds)) s")
        }
        fail(
            "\(count) of \(plan.waiting) readers wait, and no more came for \(Int(BenchRun.patience.inSeconds)) s; "
                + "look at the broker's limits"
        )
    }

    /// A reader was answered with an error.
    func readerRefused(_ status: Int, _ body: UnsafeBufferPointer<UInt8>) {
        guard isReading else { return }
        fail("a reader was refused: \(BenchRun.problem(status, body))")
    }
}
