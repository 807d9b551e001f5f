internal import Broker
internal import HTTPFront

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// What processes and machine had used at one moment.
struct UsageReading: Sendable {
    let time: MonotonicInstant
    /// CPU time of this process.
    let bench: Duration
    /// CPU time of the thread that produces the load.
    let thread: Duration
    /// For how long that thread waited for a core; nil if it is not known.
    let threadWaited: Duration?
    /// CPU time of the broker; nil if it is not known.
    let broker: Duration?
    /// CPU time of everything that runs; nil if it is not known.
    let machine: Duration?
}

/// Measures what this process, the broker and the machine use.
struct UsageMeter: Sendable {
    /// Cores that the machine has.
    let cores: Int
    /// The broker's processes; none if it is on another machine, or out of sight.
    let brokerProcesses: [Int32]
    /// What the first of them is called.
    let brokerName: String?
    /// The broker's memory before anybody connected.
    let residentBytesBefore: Int?

    private let ticksPerSecond: Int
    private let pageBytes: Int

    /// Looks for the broker at an address.
    init(brokerAt address: SocketAddress) {
        self.init(
            processes: address.isLoopback ? ProcessFiles.listeners(port: address.port, host: address.hostText) : []
        )
    }

    /// Measures a broker that is made of these processes.
    init(processes: [Int32]) {
        cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        ticksPerSecond = max(1, sysconf(Int32(_SC_CLK_TCK)))
        pageBytes = max(1, sysconf(Int32(_SC_PAGESIZE)))
        brokerProcesses = processes
        brokerName = processes.first.flatMap { ProcessFiles.name(of: $0) }
        residentBytesBefore = UsageMeter.residentBytes(of: processes, pageBytes)
    }

    /// The broker's memory now; nil if it is not known.
    var brokerResidentBytes: Int? { UsageMeter.residentBytes(of: brokerProcesses, pageBytes) }

    private static func residentBytes(of processes: [Int32], _ pageBytes: Int) -> Int? {
        sum(processes.map { ProcessFiles.residentBytes(of: $0, pageBytes: pageBytes) }, +)
    }

    private static func sum<Value>(_ values: [Value?], _ add: (Value, Value) -> Value) -> Value? {
        let known = values.compactMap { $0 }
        guard known.count == values.count, let first = known.first else { return nil }
        return known.dropFirst().reduce(first, add)
    }

    /// Reads all clocks; on the thread that produces the load.
    func read(at time: MonotonicInstant) -> UsageReading {
        var own = rusage()
        #if canImport(Darwin)
        getrusage(RUSAGE_SELF, &own)
        #else
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &own)
        #endif
        var thread = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &thread)
        return UsageReading(
            time: time,
            bench: UsageMeter.duration(own.ru_utime) + UsageMeter.duration(own.ru_stime),
            thread: .seconds(Int64(thread.tv_sec)) + .nanoseconds(Int64(thread.tv_nsec)),
            threadWaited: ProcessFiles.timeWithoutCore(),
            broker: UsageMeter.sum(
                brokerProcesses.map { ProcessFiles.cpuTime(of: $0, ticksPerSecond: ticksPerSecond) },
                +
            ),
            machine: ProcessFiles.machineTime(ticksPerSecond: ticksPerSecond)
        )
    }

    private static func duration(_ time: timeval) -> Duration {
        .seconds(Int64(time.tv_sec)) + .microseconds(Int64(time.tv_usec))
    }

    /// What was used between two readings, as shares of one core.
    func usage(from start: UsageReading, to end: UsageReading) -> BenchUsage? {
        let elapsed = end.time.duration(since: start.time).inSeconds
        guard elapsed > 0 else { return nil }
        let share = { (from: Duration?, to: Duration?) -> Double? in
            guard let from, let to else { return nil }
            return max(0, (to - from).inSeconds) / elapsed
        }
        let bench = share(start.bench, end.bench) ?? 0
        let broker = share(start.broker, end.broker)
        return BenchUsage(
            cores: cores,
            benchCores: bench,
            threadCores: share(start.thread, end.thread) ?? 0,
            threadWaitedCores: share(start.threadWaited, end.threadWaited),
            brokerCores: broker,
            brokerName: brokerName,
            brokerProcesses: brokerProcesses,
            othersCores: share(start.machine, end.machine).map { max(0, $0 - bench - (broker ?? 0)) }
        )
    }
}

/// Who used how much of the machine while it was measured; 1 is one core all the time.
struct BenchUsage: Sendable {
    /// Cores that the machine has.
    var cores: Int
    /// This process.
    var benchCores: Double
    /// The thread that produces the load, which cannot use more than one core.
    var threadCores: Double
    /// How much more that thread could have used if a core had been free; nil if it is not known.
    var threadWaitedCores: Double?
    /// The broker; nil if it is not known.
    var brokerCores: Double?
    /// What the broker's process is called.
    var brokerName: String?
    /// Its processes.
    var brokerProcesses: [Int32]
    /// All other processes, the broker's included if that is not known; nil if it is not known.
    var othersCores: Double?

    /// From which share on the thread counts as the limit of what was measured.
    static let limitShare = 0.9

    /// Whether the load could have been higher if this program had been faster.
    var isBenchTheLimit: Bool { threadCores >= BenchUsage.limitShare }

    /// Whether the load could have been higher if this program had been given a core when it needed one.
    var isBenchStarved: Bool { !isBenchTheLimit && threadCores + (threadWaitedCores ?? 0) >= BenchUsage.limitShare }
}

/// What waiting readers cost the broker in memory.
struct BenchMemory: Hashable, Sendable {
    /// How many came.
    var readers: Int
    /// Bytes by which the broker's own count has grown: inboxes and buffers.
    var countedBytes: Int
    /// Bytes by which its process has grown; nil if that is not known.
    var residentBytes: Int?
}
