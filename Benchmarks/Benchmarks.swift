/// What operations cost, for scripts/benchmarks, which counts and compares.
@main
enum Benchmarks {
    static func main() throws {
        switch CommandLine.arguments.dropFirst().first {
        case "operations": try Operations.run()
        case "memory": try Memory.run()
        default: print("usage: Benchmarks operations|memory|growth; scripts/benchmarks runs it")
        }
    }
}
