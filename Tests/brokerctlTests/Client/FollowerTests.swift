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
        #expect(follower.take(event("reset", "{}", id: "f.0")) == .reset(places: [0]))
        #expect(follower.cursor == "f.0")
        #expect(follower.messageCount == 1)
    }

    @Test func `a reset tells which inboxes began anew, and only once`() {
        var follower = Follower(cursor: "e.1~f.2~g.3")
        #expect(follower.take(event("reset", "{}", id: "x.0~f.2~y.0")) == .reset(places: [0, 2]))
        #expect(follower.take(event("reset", "{}", id: "x.0~f.2~y.0")) == .nothing)
        #expect(follower.take(event("message", "{}", id: "x.0~f.3~y.0")) == .message("{}"))
        #expect(follower.take(event("reset", "{}", id: "x.0~z.0~y.0")) == .reset(places: [1]))
        #expect(follower.cursor == "x.0~z.0~y.0")
    }

    @Test(arguments: [
        ("e.1", "e.2", []), ("e.1", "f.0", [0]), ("0", "f.0", []), ("now", "f.0", []), ("e.1~f.1", "e.1", []),
        ("e.1~f.1", "f.1~e.1", [0, 1]), ("", "", []),
    ])
    func `two cursors tell whose inboxes are others`(old: String, new: String, places: [Int]) {
        #expect(CursorText.begunAnew(from: old, to: new) == places)
    }

    @Test func `a gap is told in words that fit its reader`() {
        #expect(
            Notice.gap(lost: 1) == "gap: 1 message is gone that was not read here: dropped, expired, or taken by others"
        )
        #expect(
            Notice.gap(lost: 2)
                == "gap: 2 messages are gone that were not read here: dropped, expired, or taken by others"
        )
        #expect(Notice.gap(lost: 1, takes: true) == "gap: 1 message was dropped unread to make room")
        #expect(Notice.gap(lost: 2, takes: true) == "gap: 2 messages were dropped unread to make room")
    }

    @Test func `a reset is told with its inboxes`() {
        let cause = "(the broker was restarted, or the inbox removed); reading from its oldest message on"
        #expect(Notice.reset([]) == "reset: an inbox began anew \(cause)")
        #expect(Notice.reset(["u\n"]) == "reset: inbox 'u\\n' began anew \(cause)")
        let several = "(the broker was restarted, or they were removed); reading from their oldest messages on"
        #expect(Notice.reset(["a", "b"]) == "reset: inboxes 'a', 'b' began anew \(several)")
        #expect(Notice.reset(["a", "b", "c", "d", "e"]).hasPrefix("reset: inboxes 'a', 'b', 'c', 2 more began anew "))
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
