import Broker
import Foundation
import Testing

// What a program does that embeds the broker: every example of the documentation stands here, so that it compiles. Only
// what is public is used.
@Suite struct ExampleTests {
    @Test(arguments: try Example.all())
    func `an example of the documentation is compiled here`(example: Example) throws {
        #expect(
            try Example.lines(of: Example.root.appending(path: "Tests/BrokerTests/ExampleTests.swift"))
                .joined(separator: "\n").contains(example.text),
            "\(example) is not compiled"
        )
    }

    @Test func `the documentation has examples`() throws {
        let places = try Example.all().map(\.file)
        #expect(places.filter { $0 == "Broker.md" }.count == 3)
        #expect(places.contains("Broker.swift"))
        #expect(places.contains("README.md"))
    }

    @Test func `messages are sent and taken`() async throws {
        let broker = Broker()
        let u42 = try Recipient("u42")

        try await broker.send("Your parcel has arrived", to: u42, from: "post")

        let batch = try await broker.take(from: u42, within: .seconds(40))
        for message in batch.messages {
            print("\(message.sender ?? "somebody"): \(message.text)")
        }
        #expect(batch.messages.map(\.text) == ["Your parcel has arrived"])
    }

    @Test func `work is leased and acked`() async throws {
        let broker = Broker()
        let jobs = try Recipient("jobs")
        try await broker.send("resize cat.jpg", to: jobs)

        // Unless it is acked within half a minute, another worker gets it.
        let batch = try await broker.lease(from: jobs, for: .seconds(30), limit: 1)
        for message in batch.messages {
            print("attempt \(message.attempt): \(message.text)")
            try await broker.ack(jobs, ids: [message.id])
        }
        #expect(await broker.summary(of: jobs).unread == 0)
    }

    @Test func `a room is followed`() async throws {
        let broker = Broker()
        let lobby = try Recipient("room:lobby")
        for text in ["hello", "anybody here?", "bye"] {
            try await broker.send(text, to: lobby, from: "alice")
        }

        var heard: [String] = []
        following: for try await event in broker.follow(lobby, from: .oldest) {
            switch event {
            case .message(let message):
                heard.append(message.text)
                if message.text == "bye" { break following }
            case .gap(let lost):
                print("\(lost) messages were missed")
            case .reset:
                print("the room was removed and opened again")
            }
        }
        #expect(heard == ["hello", "anybody here?", "bye"])
    }

    // MARK: Examples that go on for ever, which are not run

    private func readme() async throws {
        let broker = Broker()
        let u42 = try Recipient("u42")

        try await broker.send("Your parcel has arrived", to: u42, from: "post")

        let batch = try await broker.take(from: u42, within: .seconds(40))
        for message in batch.messages {
            print("\(message.sender ?? "somebody"): \(message.text)")
        }

        for try await event in broker.follow(try Recipient("room:lobby"), from: .oldest) {
            switch event {
            case .message(let message): print(message.text)
            case .gap(let lost): print("\(lost) messages were missed")
            case .reset: print("the room was removed and opened again")
            }
        }
    }

    private func overview() async throws {
        let broker = Broker()
        let u42 = try Recipient("u42")
        try await broker.send("Your parcel has arrived", to: u42, from: "post")
        let batch = try await broker.take(from: u42, within: .seconds(40))
        print(batch.messages.map(\.text))

        let lobby = try Recipient("room:lobby")
        for try await event in broker.follow(lobby, from: .oldest) {
            if case .message(let message) = event { print(message.text) }
        }
    }
}

/// An example that stands in the documentation.
struct Example: CustomStringConvertible {
    let file: String
    let number: Int
    /// Its lines, but for indentation, empty lines and imports.
    var text: String

    var description: String { "example \(number) of \(file)" }

    static let root = URL(filePath: #filePath).appending(path: "../../..").standardized

    /// The lines of a file that have something on them, as doc comments or not, without their indentation.
    static func lines(of file: URL) throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
            var text = line.trimmingCharacters(in: .whitespaces)
            if text.hasPrefix("///") { text = text.dropFirst(3).trimmingCharacters(in: .whitespaces) }
            return text.isEmpty || text.hasPrefix("import ") ? nil : text
        }
    }

    /// All examples in Swift: of the README, the articles and the doc comments.
    static func all() throws -> [Example] {
        var files = [root.appending(path: "README.md")]
        let sources = FileManager.default.enumerator(
            at: root.appending(path: "Sources"),
            includingPropertiesForKeys: nil
        )
        for case let file as URL in sources ?? .init() where ["swift", "md"].contains(file.pathExtension) {
            files.append(file)
        }
        return try files.flatMap { file in
            var examples: [Example] = []
            var isInside = false
            for line in try lines(of: file) {
                if line == "```swift" {
                    isInside = true
                    examples.append(Example(file: file.lastPathComponent, number: examples.count + 1, text: ""))
                } else if line == "```" {
                    isInside = false
                } else if isInside {
                    examples[examples.count - 1].text += (examples[examples.count - 1].text.isEmpty ? "" : "\n") + line
                }
            }
            return examples
        }
    }
}
