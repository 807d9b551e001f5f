struct Bench: Command {
    var client = ClientOptions()
    static let page = CommandPage(
        name: "bench",
        summary: "measure a broker",
        discussion: [],
        examples: [],
        exitCodes: [.success]
    )
    static var options: [Option<Bench>] { ClientOptions.options(\.client, json: "x") }
    func run(_ console: Console) async throws(Failure) -> ExitCode { .success }
}
