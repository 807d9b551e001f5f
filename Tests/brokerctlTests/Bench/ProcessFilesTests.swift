import Testing

@testable import brokerctl

@Suite struct ProcessFilesTests {
    private let table = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 111 1 0 100 0 0 10 0
           1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 222 1 0 20 4 30 10 -1
           2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0 100 0 0 10 0
           3: 0200007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 444 1 0 100 0 0 10 0
           4: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 555 1 0 100 0 0 10 0
        """
    private let tableSix = """
           0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0:0 00:0 0 1000 0 666 1 0 0
           1: 00000000000000000000000000000000:1F91 00000000000000000000000000000000:0000 0A 0:0 00:0 0 1000 0 777 1 0 0
        """

    @Test(arguments: [
        ("127.0.0.1", 8080, ["111", "555"]), ("127.0.0.2", 8080, ["444"]), ("127.0.0.1", 80, ["333"]),
        ("::1", 8080, ["666"]), ("127.0.0.1", 8081, ["777"]), ("127.0.0.3", 8080, []), ("127.0.0.1", 0, []),
    ])
    func `who listens is found in the tables`(host: String, port: UInt16, inodes: [String]) {
        #expect(ProcessFiles.inodes(in: [table, tableSix], port: port, host: host) == inodes)
    }

    @Test func `a process may be called anything`() {
        let text = "4711 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 3 0 99 1000 200"
        #expect(ProcessFiles.cpuTime(inStat: text, ticksPerSecond: 100) == .seconds(2))
        #expect(ProcessFiles.cpuTime(inStat: "", ticksPerSecond: 100) == nil)
    }

    @Test func `waiting is no work of the machine's`() {
        let text = "cpu  100 20 80 9999 8888 10 30 60 7 7\ncpu0 1 2 3 4 5 6 7 8 9 10\n"
        #expect(ProcessFiles.machineTime(inStat: text, ticksPerSecond: 100) == .seconds(3))
        #expect(ProcessFiles.machineTime(inStat: "intr 1 2", ticksPerSecond: 100) == nil)
    }

    @Test func `shares are of one core`() throws {
        let meter = UsageMeter(processes: [])
        func reading(
            _ seconds: Double,
            bench: Double,
            thread: Double,
            broker: Double?,
            machine: Double?
        ) -> UsageReading {
            UsageReading(
                time: BenchPlans.at(seconds * 1000),
                bench: .seconds(bench),
                thread: .seconds(thread),
                threadWaited: nil,
                broker: broker.map { .seconds($0) },
                machine: machine.map { .seconds($0) }
            )
        }
        let start = reading(10, bench: 1, thread: 1, broker: 5, machine: 100)
        let end = reading(12, bench: 2, thread: 1.5, broker: 6.5, machine: 103)
        let usage = try #require(meter.usage(from: start, to: end))
        #expect(abs(usage.benchCores - 0.5) < 1e-9)
        #expect(abs(usage.threadCores - 0.25) < 1e-9)
        #expect(abs((usage.brokerCores ?? 0) - 0.75) < 1e-9)
        #expect(abs((usage.othersCores ?? 0) - 0.25) < 1e-9)
        #expect(usage.threadWaitedCores == nil)
        #expect(!usage.isBenchTheLimit && !usage.isBenchStarved)
        let unknown = try #require(
            meter.usage(from: start, to: reading(12, bench: 2, thread: 3, broker: nil, machine: nil))
        )
        #expect(unknown.brokerCores == nil)
        #expect(unknown.othersCores == nil)
        #expect(unknown.isBenchTheLimit)
        #expect(meter.usage(from: start, to: start) == nil)
    }
}
