import Broker
import Testing

// What a program does that embeds the broker; only what is public is used here.
@Suite struct ExampleTests {
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
}
