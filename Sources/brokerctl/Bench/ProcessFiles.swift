internal import Foundation

/// What Linux tells in `/proc`; elsewhere there is nothing to read, and nothing is known.
enum ProcessFiles {
    /// The processes that listen on a port of a loopback address, as far as this user may see them.
    static func listeners(port: UInt16, host: String) -> [Int32] {
        let tables = ["tcp", "tcp6"].compactMap { read("/proc/net/\($0)") }
        let wanted = Set(inodes(in: tables, port: port, host: host).map { "socket:[\($0)]" })
        guard !wanted.isEmpty, let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else {
            return []
        }
        return names.compactMap { Int32($0) }.filter { process in
            let folder = "/proc/\(process)/fd"
            let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return files.contains { file in
                let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(file)")
                return target.map { wanted.contains($0) } ?? false
            }
        }
    }

    /// The sockets that listen on a port, in the tables of IPv4 and IPv6: those of the address itself if there are any,
    /// else those of all addresses.
    static func inodes(in tables: [String], port: UInt16, host: String) -> [String] {
        let isListening = "0A"
        let portText = String(port, radix: 16, uppercase: true)
        let suffix = ":" + String(repeating: "0", count: 4 - portText.count) + portText
        var own: [String] = []
        var any: [String] = []
        for line in tables.joined(separator: "\n").split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[3] == isListening, fields[1].hasSuffix(suffix) else { continue }
            let address = fields[1].dropLast(suffix.count)
            if address == hexText(of: host) { own.append(String(fields[9])) }
            if address.allSatisfy({ $0 == "0" }) { any.append(String(fields[9])) }
        }
        return own.isEmpty ? any : own
    }

    /// An address as the tables write it: words of four bytes, the last byte of each first.
    private static func hexText(of host: String) -> String {
        if host == "::1" { return "00000000000000000000000001000000" }
        let octets = host.split(separator: ".").compactMap { UInt8($0) }
        return octets.reversed().map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
    }

    /// The CPU time that a process has used; nil once it is gone.
    static func cpuTime(of process: Int32, ticksPerSecond: Int) -> Duration? {
        guard let text = read("/proc/\(process)/stat") else { return nil }
        return cpuTime(inStat: text, ticksPerSecond: ticksPerSecond)
    }

    /// The CPU time in the text of a process's `stat`.
    static func cpuTime(inStat text: String, ticksPerSecond: Int) -> Duration? {
        // A name may hold anything, brackets and blanks included.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Int64(fields[11]), let system = Int64(fields[12]) else { return nil }
        return .seconds(Double(user + system) / Double(ticksPerSecond))
    }

    /// The memory of a process that is in RAM; nil once it is gone.
    static func residentBytes(of process: Int32, pageBytes: Int) -> Int? {
        read("/proc/\(process)/statm").flatMap { text in
            let fields = text.split(separator: " ")
            return fields.count > 1 ? Int(fields[1]).map { $0 * pageBytes } : nil
        }
    }

    /// A process's name.
    static func name(of process: Int32) -> String? {
        read("/proc/\(process)/comm").map { String($0.prefix { $0 != "\n" }) }
    }

    /// The CPU time that all processes together have used.
    static func machineTime(ticksPerSecond: Int) -> Duration? {
        read("/proc/stat").flatMap { machineTime(inStat: $0, ticksPerSecond: ticksPerSecond) }
    }

    /// The CPU time in the text of the machine's `stat`: user, nice, system, then idle and waiting, then interrupts.
    static func machineTime(inStat text: String, ticksPerSecond: Int) -> Duration? {
        let line = text.prefix { $0 != "\n" }.split(separator: " ")
        guard line.first == "cpu", line.count > 8 else { return nil }
        let ticks = [1, 2, 3, 6, 7, 8].compactMap { Int64(line[$0]) }
        return .seconds(Double(ticks.reduce(0, +)) / Double(ticksPerSecond))
    }

    /// For how long this thread could have run and no core was free.
    static func timeWithoutCore() -> Duration? {
        guard let fields = read("/proc/thread-self/schedstat")?.split(separator: " "), fields.count > 1 else {
            return nil
        }
        return Int64(fields[1]).map { .nanoseconds($0) }
    }

    private static func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
