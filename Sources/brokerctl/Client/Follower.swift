/// Where a tail is, and what the events of its stream mean: decides, and does nothing.
struct Follower: Sendable {
    /// What an event asks for.
    enum Outcome: Hashable, Sendable {
        /// Show a message, which is this JSON.
        case message(String)
        /// Tell that messages are gone.
        case gap(lost: Int)
        /// Tell that inboxes began anew: which of the recipients', by their places.
        case reset(places: [Int])
        /// The stream ends, for the reason that the broker gives.
        case bye(reason: String)
        /// The broker lives.
        case nothing
    }

    /// Where to go on after the connection is lost: behind everything that was given out.
    private(set) var cursor: String
    /// How many messages were given out.
    private(set) var messageCount = 0

    /// Makes a follower that begins at a cursor.
    init(cursor: String) {
        self.cursor = cursor
    }

    /// Takes the next event of the stream.
    mutating func take(_ event: ServerSentEvent) -> Outcome {
        let before = cursor
        if !event.lastEventID.isEmpty { cursor = event.lastEventID }
        switch event.name {
        case "message":
            messageCount += 1
            return .message(event.data)
        case "gap":
            return .gap(lost: JSONObject(Array(event.data.utf8))?.integer("lost") ?? 0)
        case "reset":
            // Each of the broker's shards tells of its inboxes, the first of them with the positions of all.
            let places = CursorText.begunAnew(from: before, to: cursor)
            return places.isEmpty ? .nothing : .reset(places: places)
        case "bye":
            return .bye(reason: JSONObject(Array(event.data.utf8))?.string("reason") ?? "")
        default:
            // A ping, or something that a later version says.
            return .nothing
        }
    }

    /// The request that goes on from here, as an observer.
    func request(for recipients: [String]) -> HTTPRequest {
        let fields = recipients.map { ("recipient", $0) } + [("cursor", cursor), ("observe", "1")]
        var request = HTTPRequest.get("/v1/stream", fields)
        request.fields = [("Accept", "text/event-stream")]
        return request
    }
}
