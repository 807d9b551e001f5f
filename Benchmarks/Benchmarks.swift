/// What operations cost: counted and held to a record by scripts/benchmarks, timed by `growth`.
@main
enum Benchmarks {
    static func main() throws {
        switch CommandLine.arguments.dropFirst() {
        case ["operations"]: try Operations.run()
        case ["memory"]: try Memory.run()
        case ["growth"]: try Growth.run(inboxCounts: [1000, 100_000, 1_000_000])
        default:
            print("usage: Benchmarks operations|memory|growth (scripts/benchmarks counts the first two)")
        }
    }
}
