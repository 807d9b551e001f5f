internal import Foundation

/// How a person calls this program again, from wherever a new terminal is.
enum ProgramPath {
    /// The plain name if a shell finds this very program by it, else its path, in quotes where a shell needs them.
    ///
    /// - Parameters:
    ///   - argument: What the process was called as.
    ///   - searchPath: The variable `PATH`.
    ///   - directory: Where the process was started.
    ///   - target: What a path leads to, links followed; nil if there is nothing.
    /// - Returns: Text for a command line.
    static func shown(
        _ argument: String,
        searchPath: String,
        directory: String,
        target: (String) -> String?
    ) -> String {
        // Without a slash, a shell has found it by its name already.
        guard argument.contains("/") else { return quoted(argument) }
        let path = absolute(argument, in: directory)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let wanted = target(path) ?? path
        for folder in searchPath.split(separator: ":") {
            // A shell takes the first that there is.
            guard let found = target("\(folder)/\(name)") else { continue }
            guard found == wanted else { break }
            return quoted(name)
        }
        return quoted(path)
    }

    /// That of this process.
    static func ofThisProcess(_ environment: [String: String]) -> String {
        shown(
            CommandLine.arguments.first ?? "brokerctl",
            searchPath: environment["PATH"] ?? "",
            directory: FileManager.default.currentDirectoryPath,
            target: { path in
                guard FileManager.default.isExecutableFile(atPath: path) else { return nil }
                return URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            }
        )
    }

    private static func absolute(_ path: String, in directory: String) -> String {
        let whole = path.hasPrefix("/") ? path : "\(directory)/\(path)"
        var parts: [Substring] = []
        for part in whole.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    private static func quoted(_ text: String) -> String {
        let isPlain = text.wholeMatch(of: /[A-Za-z0-9_\/.,:=@%+-]+/) != nil
        return isPlain ? text : "'\(text.replacing("'", with: "'\\''"))'"
    }
}
