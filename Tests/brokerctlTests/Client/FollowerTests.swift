import Testing

@testable import brokerctl

@Suite struct FollowerTests {
    private func event(_ name: String, _ data: String, id: String = "") -> ServerSentEvent {
        ServerSentEvent(name: name, data: data, lastEventID: id)
    }

    @Test func `messages, gaps and resets move the cursor`() {
        var follower = Follower(cursor: "0")
        #expect(follower.take(event("message", "{}", id: "e.1")) == .message("{}"))
        #expect(follower.cursor == "e.1")
        #expect(follower.take(event("gap", "{\"lost\":5}", id: "e.6")) == .gap(lost: 5))
        #expect(follower.cursor == "e.6")
        #expect(follower.take(event("reset", "{}", id: "f.0")) == .reset)
        #expect(follower.cursor == "f.0")
        #expect(follower.messageCount == 1)
    }

    @Test func `pings, goodbyes and unknown events leave the cursor where it is`() {
        var follower = Follower(cursor: "e.1~f.2")
        #expect(follower.take(event("ping", "{}")) == .nothing)
        #expect(follower.take(event("news", "{}")) == .nothing)
        #expect(follower.take(event("bye", "{\"reason\":\"draining\"}")) == .bye(reason: "draining"))
        #expect(follower.take(event("bye", "nonsense")) == .bye(reason: ""))
        #expect(follower.cursor == "e.1~f.2")
    }

    @Test func `the request goes on from the cursor, for every recipient, and only observes`() {
        let follower = Follower(cursor: "e.1~f.2")
        let request = follower.request(for: ["u42", "room:lobby"])
        #expect(request.target == "/v1/stream?recipient=u42&recipient=room%3Alobby&cursor=e.1~f.2&observe=1")
    }

    @Test(arguments: [
        ("draining", true), ("overloaded", true), ("rate_limited", true), ("broker_full", true),
        ("invalid_request", false), ("forbidden", false), ("of_a_later_version", false),
    ])
    func `some refusals pass by themselves`(code: String, isPassing: Bool) {
        #expect(Refusal(code: code, detail: "x").isPassing == isPassing)
    }
}
