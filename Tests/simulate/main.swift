#if os(Linux)
internal import BrokerSimulation
internal import Glibc

// The command behind scripts/simulate, which says what it can be asked.

let arguments = CommandLine.arguments

func option(_ name: String) -> Int? {
    guard let place = arguments.firstIndex(of: name), place + 1 < arguments.count else { return nil }
    return Int(arguments[place + 1])
}

func has(_ name: String) -> Bool { arguments.contains(name) }

let known = [
    "--seed", "--seeds", "--from", "--steps", "--clients", "--hours", "--failures", "--trace", "--no-shrink",
    "--explain",
    "--tell-seeds", "--tell-hashes",
]
if let odd = arguments.dropFirst().first(where: { $0.hasPrefix("-") && !known.contains($0) }) {
    print("simulate: unknown option \(odd); there are \(known.joined(separator: ", "))")
    exit(64)
}

func script(_ seed: UInt64) -> Script {
    let script = Script(seed: seed, steps: option("--steps"), clients: option("--clients"))
    return option("--hours").map { script.stretched(toHours: $0) } ?? script
}

/// Tells of what went wrong, in as few steps as can be found.
func tell(_ violation: Violation, _ script: Script, _ seed: UInt64) {
    print("seed \(seed): \(violation)")
    print("scripts/simulate --seed \(seed) repeats it")
    guard !has("--no-shrink") else { return }
    guard let shrunk = script.shrunk() else {
        return print("it does not go wrong again: the run depends on more than its seed")
    }
    print("in \(shrunk.script.steps.count) of its \(script.steps.count) steps: \(shrunk.violation)\n")
    print(shrunk.script.test(named: "seed \(seed): \(shrunk.violation)"))
    if has("--explain") { _ = try? shrunk.script.run(isTraced: true) }
}

let only = option("--seed")
let first = only ?? option("--from") ?? 0
let count = only == nil ? option("--seeds") ?? 1000 : 1
let start = ContinuousClock().now
var sum = Report()
var failures = 0

for seed in UInt64(first)..<UInt64(first + count) where failures < option("--failures") ?? 1 {
    if has("--tell-seeds") {
        print("seed \(seed)")
        // A server that traps takes with it what was not written.
        fflush(nil)
    }
    let script = script(seed)
    do throws(Violation) {
        let report = try script.run(isTraced: has("--trace"))
        if only != nil {
            guard try script.run() == report else { throw Violation.notRepeated }
            print("both runs said the same \(report.bytes) bytes, of hash \(String(report.hash, radix: 16))")
        }
        if has("--tell-hashes") {
            print("seed \(seed) said \(report.bytes) bytes of hash \(String(report.hash, radix: 16))")
        }
        sum += report
    } catch {
        failures += 1
        tell(error, script, seed)
    }
}

let seconds = Double((ContinuousClock().now - start).components.seconds) + 0.001
let cpu = Double(clock()) / 1_000_000
print(
    """
    \(count) seeds, \(sum.operations) operations (\(sum.requests) requests, \(sum.connections) connections), \
    \(sum.messages) messages sent, \(sum.deliveries) delivered, \(sum.returns) given back, \(sum.gaps) gaps, \
    \(sum.resets) resets, \(sum.duplicates) duplicates, \(sum.refusals) refusals, \(sum.presences) comings and goings told, \
    \(sum.restarts) restarts, \
    \(sum.simulated / 3_600_000_000_000) hours simulated, \(sum.checks) checks, hash \(String(sum.hash, radix: 16))
    \(Int(seconds)) s, \(Int(cpu)) s of one core: \(Int(Double(sum.operations) * 60 / max(0.001, cpu))) operations a minute; \
    \(failures) seeds went wrong
    """
)
exit(failures > 0 ? 1 : 0)
#endif
