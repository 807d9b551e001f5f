/// What all commands have that speak to a broker.
struct ClientOptions: Sendable {
    /// Where it is.
    var url = ServerURL.standard
    /// Whether scripts are to read the output.
    var json = false

    /// The options, for a command that keeps them at `path`.
    ///
    /// - Parameters:
    ///   - path: Where the command keeps them.
    ///   - json: What `--json` prints there.
    /// - Returns: `--url` and `--json`.
    static func options<Root: Command>(_ path: WritableKeyPath<Root, ClientOptions>, json: String) -> [Option<Root>] {
        [
            Option("url", path.appending(path: \.url), .serverURL, "Where the broker is.", hasVariable: true),
            Option(flag: "json", path.appending(path: \.json), json),
        ]
    }
}

/// Whether output is coloured.
enum ColorChoice: String, CaseIterable, Sendable {
    case auto
    case always
    case never

    /// The option, for a command that keeps it at `path`.
    static func option<Root: Command>(_ path: WritableKeyPath<Root, ColorChoice>) -> Option<Root> {
        Option(
            "color",
            path,
            .choice("WHEN"),
            "Colours: auto means on a terminal, unless the variable NO_COLOR is set."
        )
    }
}
