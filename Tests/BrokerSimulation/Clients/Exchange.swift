#if os(Linux)
/// A request on its way, and what has become of it.
final class Exchange {
    let number: Int
    let ask: Ask
    unowned let link: Link
    /// Where the request ends among the bytes that the client says on its connection.
    let end: Int
    /// Whether the client will hear more than one thing: a stream.
    var isStream: Bool { if case .read(let read) = ask { read.isStream } else { false } }

    /// Whether the server has received it to its last byte, and may do what it asks for.
    var isReceived = false
    /// Whether all requests before it on its connection have been answered.
    var isBegun = false
    var beganAt: Int64 = 0
    var isAnswered = false
    /// Whether it is over, answered or not.
    var isOver = false
    /// A stream whose head has come.
    var isStreaming = false
    /// A read that was certainly there when all was last at rest, and of which we would have heard had it ended.
    var isSettled = false

    init(number: Int, ask: Ask, link: Link, end: Int) {
        self.number = number
        self.ask = ask
        self.link = link
        self.end = end
    }
}

/// What a request asks for, in the numbers of the simulation.
enum Ask {
    case send(SendAsk)
    case read(ReadAsk)
    case ack(HoldAsk)
    case release(HoldAsk)
    case extend(HoldAsk)
    case look(Int)
    case list
    case statistics
    case presence([Int])
    case delete(Int)
}

/// A send: one line or several.
struct SendAsk {
    struct Line {
        let token: Int
        let recipients: [Int]
        let size: Int
        let isList: Bool
        /// 0 for none.
        let key: Int
        /// Seconds; 0 for none.
        let timeToLive: Int
    }

    let client: Int
    let lines: [Line]
    let style: Style
}

/// Something about messages that were received.
final class HoldAsk {
    let recipient: Int
    let ids: [ID]
    let isUpTo: Bool
    /// A delay or a lease.
    let seconds: Int

    init(recipient: Int, ids: [ID], isUpTo: Bool, seconds: Int) {
        self.recipient = recipient
        self.ids = ids
        self.isUpTo = isUpTo
        self.seconds = seconds
    }
}

/// A read, and how far it has come as far as the server has said.
final class ReadAsk {
    /// Where a reader begins in one inbox.
    enum Start {
        case oldest
        case now
        case unread
        case after(ID)
        /// It takes.
        case take
    }

    let recipients: [Int]
    let starts: [Start]
    let isStream: Bool
    let format: Format
    let limit: Int
    /// Seconds; 0 for none.
    let lease: Int
    /// Nanoseconds.
    let timeout: Int64
    /// 0 for none.
    let session: Int
    /// Whether it only looks.
    let observes: Bool
    /// Whose coming and going it is told.
    let watches: [Int]

    /// What it was told last of each whom it watches; nil if nothing yet.
    var told: [Bool?]
    /// Whether it may have missed a change that was followed by its contrary, because its client did not listen.
    var mayHaveMissed: [Bool]
    /// Where it stands in each inbox, as far as that is known.
    var positions: [ID?]
    /// Whether a stream has yet to say its first word.
    var isFresh = true
    /// Whether it has said where it begins.
    var isOpen = false
    var wasToldReset = false
    /// Whether somebody else may have taken its session over, or its inbox may have been deleted: then it may end early.
    var mayEnd = false
    var mustEnd = false
    /// The newest message of each inbox when it began.
    var lastAtBeginning: [Int] = []
    var lifeAtBeginning: [Int] = []
    /// The newest messages at the end of the moment in which it began.
    var lastAfterBeginning: [Int?] = []
    /// The oldest message of each inbox that was certainly unread when it began.
    var unreadAtBeginning: [Int?] = []
    /// Whether a stream has said anything that has a position.
    var hasSpoken = false
    /// Whether it may have been given messages that it could not say yet.
    var mayHold = false

    /// Whether it may be told of drops that nobody saw.
    var beginsAnywhere: Bool {
        switch starts[0] {
        case .oldest, .unread: true
        case .now, .after, .take: false
        }
    }

    /// Whether whoever reads so counts as there: a poll that does not wait does not.
    var counts: Bool { isStream || timeout > 0 }

    var takes: Bool { if case .take = starts[0] { true } else { false } }

    init(
        recipients: [Int],
        starts: [Start],
        isStream: Bool,
        format: Format,
        limit: Int,
        lease: Int,
        timeout: Int64,
        session: Int,
        observes: Bool = false,
        watches: [Int] = []
    ) {
        self.recipients = recipients
        self.starts = starts
        self.isStream = isStream
        self.format = format
        self.limit = limit
        self.lease = lease
        self.timeout = timeout
        self.session = session
        self.observes = observes
        self.watches = watches
        told = watches.map { _ in nil }
        mayHaveMissed = watches.map { _ in false }
        positions = starts.map { start in
            guard case .after(let id) = start else { return nil }
            return id
        }
    }
}

/// A message's id, or a position.
struct ID: Hashable, CustomStringConvertible {
    let epoch: String
    let sequence: Int

    init(epoch: String, sequence: Int) {
        self.epoch = epoch
        self.sequence = sequence
    }

    /// Reads it from text; nil if that is none.
    init?(_ text: some StringProtocol) {
        guard let dot = text.utf8.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        guard let sequence = Int(text[text.index(after: dot)...]), dot > text.startIndex else { return nil }
        epoch = String(text[..<dot])
        self.sequence = sequence
    }

    var description: String { "\(epoch).\(sequence)" }
}

extension [ID] {
    /// Reads a cursor; nil if it is none.
    init?(cursor: String) {
        var ids: [ID] = []
        for part in cursor.split(separator: "~", omittingEmptySubsequences: false) {
            guard let id = ID(part) else { return nil }
            ids.append(id)
        }
        self = ids
    }

    var cursor: String { map(\.description).joined(separator: "~") }
}
#endif
