import Foundation
import Testing

@testable import brokerctl

@Suite struct CompletionScriptTests {
    private let script = CompletionScript(commands: CommandTable.descriptions)

    @Test(arguments: Shell.allCases)
    func `every command, option and choice is there`(shell: Shell) {
        let text = script.text(for: shell)
        let dashes = shell == .fish ? "-l " : "--"
        for command in CommandTable.descriptions {
            #expect(text.contains(command.name))
            for option in command.options {
                #expect(text.contains("\(dashes)\(option.name)"), "\(command.name) \(option.name)")
                for choice in option.choices { #expect(text.contains(choice)) }
            }
        }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `the shell finds no mistake in its script`(name: String) throws {
        guard let path = executable(name), let shell = Shell(rawValue: name) else { return }
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = ["-n", "/dev/stdin"]
        #expect(try run(process, input: script.text(for: shell)).status == 0)
    }

    @Test(arguments: [
        ("brokerctl se", "serve send"),
        ("brokerctl serve --inbox", "--inbox-messages-max --inbox-bytes-max"),
        ("brokerctl serve --poller ", ValueSyntax<String>.pollers),
        ("brokerctl serve --when-full dr", "drop-oldest"),
        ("brokerctl serve --port ", ""),
        ("brokerctl completions f", "fish"),
        ("brokerctl tail --color a", "auto always"),
    ])
    func `bash completes`(line: String, expected: String) throws {
        guard let path = executable("bash") else { return }
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map { "'\($0)'" }
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = ["--norc", "--noprofile"]
        let input =
            script.bash + """
                COMP_WORDS=(\(words.joined(separator: " "))) COMP_CWORD=\(words.count - 1)
                _brokerctl
                echo "${COMPREPLY[*]}"

                """
        let answer = try run(process, input: input)
        #expect(answer.output == expected + "\n")
        #expect(answer.status == 0)
    }

    private func executable(_ name: String) -> String? {
        ["/bin/", "/usr/bin/", "/usr/local/bin/", "/opt/homebrew/bin/"].map { $0 + name }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private func run(_ process: Process, input: String) throws -> (status: Int32, output: String) {
        let standardInput = Pipe()
        let standardOutput = Pipe()
        process.standardInput = standardInput
        process.standardOutput = standardOutput
        try process.run()
        standardInput.fileHandleForWriting.write(Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        let output = try standardOutput.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

extension ValueSyntax where Value == String {
    /// What this system watches sockets with.
    fileprivate static var pollers: String {
        #if os(Linux)
        "epoll poll"
        #else
        "poll"
        #endif
    }
}
