#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// The CPU time that the server takes while `body` asks it things, in microseconds.
///
/// That is the time of this process without that of the thread that asks.
func cost(_ body: () -> Void) -> Double {
    let before = serverMicroseconds
    body()
    return serverMicroseconds - before
}

private var serverMicroseconds: Double {
    microseconds(CLOCK_PROCESS_CPUTIME_ID) - microseconds(CLOCK_THREAD_CPUTIME_ID)
}

private func microseconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
}

/// Bytes of this process that are in memory.
var residentBytes: Int {
    #if canImport(Darwin)
    var usage = rusage()
    getrusage(RUSAGE_SELF, &usage)
    return usage.ru_maxrss
    #else
    // The second figure of the file, in pages.
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 200)
    guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
    let fields = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self).split(separator: " ")
    return (Int(fields[1]) ?? 0) * Int(getpagesize())
    #endif
}

/// Costs of one operation at several sizes, measured in turn.
struct Table {
    private let title: String
    private let columns: [String]
    private var rows: [(size: Int, costs: [[Double]])] = []

    /// An empty table; each row has the costs of `columns`.
    init(_ title: String, _ columns: [String]) {
        self.title = title
        self.columns = columns
    }

    /// Adds what was measured once at one size.
    mutating func add(_ size: Int, _ costs: [Double]) {
        if let index = rows.firstIndex(where: { $0.size == size }) {
            rows[index].costs.append(costs)
        } else {
            rows.append((size, [costs]))
        }
    }

    /// Prints the medians in microseconds, and their ratios to the first row.
    func print() {
        Swift.print("| \(title) |", columns.map { "\($0), CPU µs |" }.joined(separator: " "))
        Swift.print("|" + String(repeating: "---|", count: columns.count + 1))
        for row in rows {
            let cells = columns.indices.map { column in
                let value = median(row.costs, column)
                return "\(rounded(value)) (\(rounded(value / median(rows[0].costs, column)))) |"
            }
            Swift.print("| \(row.size) |", cells.joined(separator: " "))
        }
        Swift.print()
    }

    private func median(_ costs: [[Double]], _ column: Int) -> Double {
        costs.map { $0[column] }.sorted()[costs.count / 2]
    }

    private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
