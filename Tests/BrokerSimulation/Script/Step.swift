#if os(Linux)
/// One thing that a client, the network or an operator does, after a pause.
///
/// A step says what is to be done in terms of what is there when it is done ("acknowledge the newest message that you
/// hold"), so that a script from which steps are taken out still makes sense.
public struct Step: Sendable {
    /// Microseconds since the step before.
    public let pause: Int
    /// What all chance within this step comes from, apart from all other steps.
    public let salt: UInt64
    /// What is done.
    public let action: Action

    /// Says what is done when.
    public init(_ pause: Int, _ salt: UInt64, _ action: Action) {
        self.pause = pause
        self.salt = salt
        self.action = action
    }
}

/// How a send is written.
public enum Style: String, CaseIterable, Sendable {
    case json, list, form, batch, chunked
}

/// How a stream is written.
public enum Format: String, CaseIterable, Sendable {
    case sse, ndjson, iframe
}

/// Where a follower begins.
public enum Origin: String, CaseIterable, Sendable {
    /// From its own cursor, on whichever transport it came; from the oldest message if it has none.
    case own
    case oldest, now, unread
}

/// Which of the messages that a client has received are meant.
public enum Choice: String, CaseIterable, Sendable {
    case newest, some, upTo
    /// Of an earlier life of the inbox, or of another one.
    case foreign
}

/// What can be done in a step.
///
/// Clients and recipients are numbers; 0 stands for none where a thing may be left out.
public enum Action: Sendable {
    case send(client: Int, to: [Int], size: Int, key: Int, timeToLive: Int, style: Style)
    /// The client's last send once more, on a new connection.
    case retry(client: Int)
    case take(client: Int, from: [Int], seconds: Int, limit: Int, lease: Int, session: Int)
    case follow(client: Int, from: [Int], origin: Origin, seconds: Int, limit: Int, session: Int, observes: Bool)
    case stream(client: Int, from: [Int], origin: Origin, format: Format, session: Int, observes: Bool)
    case streamTaking(client: Int, from: [Int], format: Format, session: Int)
    /// A stream that is told of the comings and goings of others, and is there itself.
    case watch(client: Int, from: [Int], whom: [Int], format: Format, session: Int)
    /// Asks who is there.
    case presence(client: Int, of: [Int])
    case ack(client: Int, choice: Choice)
    case release(client: Int, choice: Choice, delay: Int)
    case extend(client: Int, choice: Choice, seconds: Int)
    case look(client: Int, at: Int)
    case list(client: Int)
    case statistics(client: Int)
    case delete(client: Int, recipient: Int)
    /// What becomes of the connection that a client reads on, or the one that it asks on.
    case cut(client: Int, reading: Bool)
    case close(client: Int, reading: Bool)
    case halfClose(client: Int, reading: Bool)
    case vanish(client: Int, reading: Bool)
    case stall(client: Int)
    case goOn(client: Int)
    /// From now on it says and reads one byte at a time.
    case dribble(client: Int)
    /// Half a request, and then nothing.
    case mumble(client: Int)
    case restart(gently: Bool)
    case wait
}

extension Step: CustomStringConvertible {
    /// The step as it stands in a script.
    public var description: String { "Step(\(pause), \(salt), .\(action.text))" }
}

extension Action {
    /// As Swift, without the leading dot.
    var text: String {
        switch self {
        case .send(let client, let to, let size, let key, let timeToLive, let style):
            "send(client: \(client), to: \(to), size: \(size), key: \(key), timeToLive: \(timeToLive), style: .\(style))"
        case .retry(let client): "retry(client: \(client))"
        case .take(let client, let from, let seconds, let limit, let lease, let session):
            "take(client: \(client), from: \(from), seconds: \(seconds), limit: \(limit), lease: \(lease), session: \(session))"
        case .follow(let client, let from, let origin, let seconds, let limit, let session, let observes):
            "follow(client: \(client), from: \(from), origin: .\(origin), seconds: \(seconds), limit: \(limit), "
                + "session: \(session), observes: \(observes))"
        case .stream(let client, let from, let origin, let format, let session, let observes):
            "stream(client: \(client), from: \(from), origin: .\(origin), format: .\(format), session: \(session), "
                + "observes: \(observes))"
        case .streamTaking(let client, let from, let format, let session):
            "streamTaking(client: \(client), from: \(from), format: .\(format), session: \(session))"
        case .watch(let client, let from, let whom, let format, let session):
            "watch(client: \(client), from: \(from), whom: \(whom), format: .\(format), session: \(session))"
        case .presence(let client, let recipients): "presence(client: \(client), of: \(recipients))"
        case .ack(let client, let choice): "ack(client: \(client), choice: .\(choice))"
        case .release(let client, let choice, let delay):
            "release(client: \(client), choice: .\(choice), delay: \(delay))"
        case .extend(let client, let choice, let seconds):
            "extend(client: \(client), choice: .\(choice), seconds: \(seconds))"
        case .look(let client, let recipient): "look(client: \(client), at: \(recipient))"
        case .list(let client): "list(client: \(client))"
        case .statistics(let client): "statistics(client: \(client))"
        case .delete(let client, let recipient): "delete(client: \(client), recipient: \(recipient))"
        case .cut(let client, let reading): "cut(client: \(client), reading: \(reading))"
        case .close(let client, let reading): "close(client: \(client), reading: \(reading))"
        case .halfClose(let client, let reading): "halfClose(client: \(client), reading: \(reading))"
        case .vanish(let client, let reading): "vanish(client: \(client), reading: \(reading))"
        case .stall(let client): "stall(client: \(client))"
        case .goOn(let client): "goOn(client: \(client))"
        case .dribble(let client): "dribble(client: \(client))"
        case .mumble(let client): "mumble(client: \(client))"
        case .restart(let gently): "restart(gently: \(gently))"
        case .wait: "wait"
        }
    }
}
#endif
