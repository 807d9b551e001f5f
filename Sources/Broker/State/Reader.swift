/// A reader's place in one inbox: linked into exactly one of the inbox's lists while the reader waits or streams.
///
/// The links live in the object, so that registering allocates nothing.
package class Membership: Scheduled {
    /// Which list it is in.
    enum Line: UInt8 {
        case none
        /// Waits for a message of its own.
        case takers
        /// Waits for the log to grow; or is a stream that has everything, whether or not its last write has gone out.
        case followers
        /// Streams whose last write has not gone out yet, and that have more to get: they ask again themselves.
        case busy
    }

    fileprivate(set) var line = Line.none
    /// Who is behind it in its line.
    var successor: Membership? { lineNext }
    // The lists' strong chains run forward. Inbox and reader outlive the membership: it is unlinked before either goes.
    fileprivate var lineNext: Membership?
    fileprivate(set) unowned(unsafe) var linePrevious: Membership?
    unowned(unsafe) var inbox: Inbox
    /// The follower has everything up to this sequence number.
    @exclusivity(unchecked) var position: UInt64 = 0
    /// The position that it was last given as a cursor, or came with; where it began as long as there is neither.
    var given: UInt64 = 0

    init(inbox: Inbox) {
        self.inbox = inbox
        super.init()
    }

    /// Whose place it is.
    var reader: Reader { preconditionFailure("a membership knows its reader") }
}

/// The place in the second and every further inbox of a reader that named several.
final class FurtherMembership: Membership {
    private unowned(unsafe) let owner: Reader

    init(inbox: Inbox, reader: Reader) {
        owner = reader
        super.init(inbox: inbox)
    }

    override var reader: Reader { owner }
}

/// Somebody who reads: a poll, which is answered once, or a stream, which is answered until it ends.
///
/// To the state it is an opaque handle with an identity; what is behind it (a continuation, a connection) is the
/// runtime's affair and lives in a subclass, so that a parked poll is a single object. It is its own place in its first
/// inbox.
///
/// Once it was given to a shard, everything in it is touched only on that shard's executor; elsewhere it is a handle to
/// name it by. That is what makes it safe to send.
package class Reader: Membership, @unchecked Sendable {
    /// Where it stands between its coming and its going.
    enum Standing: UInt8 {
        /// No inbox knows of it yet.
        case outside
        /// Counted at its inboxes, which stay therefore; it does not wait yet.
        case attached
        /// Registered, and has nothing to do.
        case waiting
        /// A stream whose write is under way.
        case busy
        case gone
    }

    enum Mode: UInt8 {
        case take
        case lease
        case follow
    }

    var mode = Mode.take
    var standing = Standing.outside
    package let isStream: Bool
    /// Whether its timeout is counted: of a poll that waits in several shards, only one part is.
    var countsTimeout = true
    /// Whether it has waited, or would have: then it counts as having been there when it goes.
    var hasBeenThere = false
    /// Whether a gap is told alone, before the message behind it, so that it may go on from each of its messages.
    var tellsGapsInPlace = false
    /// Something to tell before any message: the position was of another life of an inbox.
    var isReset = false
    /// A follower that only looks: nothing that it is given counts as delivered.
    var isObserving = false
    /// Whether it knows its positions: it came with them as a cursor, or was given one.
    var hasCursor = false
    /// Whether it began without a position, so that it has yet to be told of drops that nobody saw.
    var startsUntold = false
    /// Messages and bytes that one answer carries.
    var limit: Int32 = 100
    var bytesMax: Int32 = .max
    var leaseMilliseconds: Int32 = 0
    var session: String?
    @exclusivity(unchecked) var further: [FurtherMembership] = []

    /// Makes a reader that is registered with nothing yet.
    package init(isStream: Bool) {
        self.isStream = isStream
        super.init(inbox: Inbox.nowhere)
    }

    override var reader: Reader { self }

    /// Carries an outcome to whoever waits; called by the runtime, never by the state.
    ///
    /// - Returns: Whether somebody was still there to receive it. If not, the runtime gives a batch back.
    package func receive(_ outcome: ReadOutcome) -> Bool {
        preconditionFailure("a reader is made by the runtime, which says where its outcomes go")
    }

    /// The inbox that it reads, if it reads one and has not been let go.
    var onlyInbox: Inbox? {
        guard further.isEmpty, standing != .outside, standing != .gone else { return nil }
        return inbox
    }

    /// What it was given and its connection has yet to take; only a stream says so.
    var withheld: Withheld {
        get { Withheld() }
        set {}
    }

    /// Calls `body` with its place in each of its inboxes, in the order of the request.
    @inline(__always)
    func forEachMembership(_ body: (Membership) -> Void) {
        body(self)
        for membership in further { body(membership) }
    }
}

/// Memberships in order, first come first.
struct MembershipLine {
    private(set) var first: Membership?
    private(set) unowned(unsafe) var last: Membership?

    /// Puts `membership` at the end; `line` is what this line is called.
    mutating func append(_ membership: Membership, as line: Membership.Line) {
        precondition(membership.line == .none, "a membership of \(membership.line) cannot be in \(line) as well")
        membership.line = line
        membership.linePrevious = last
        if let last { last.lineNext = membership } else { first = membership }
        last = membership
    }

    /// Takes out `membership`, which is in this line.
    mutating func remove(_ membership: Membership) {
        precondition(membership.line != .none, "a membership that is in no line cannot be taken out of one")
        let next = membership.lineNext
        let previous = membership.linePrevious
        membership.lineNext = nil
        membership.linePrevious = nil
        membership.line = .none
        if let next { next.linePrevious = previous } else { last = previous }
        if let previous { previous.lineNext = next } else { first = next }
    }

    /// Takes the chain apart link by link; released as a whole it would be released recursively.
    mutating func removeAll() {
        while let membership = first { remove(membership) }
    }
}
