package import Broker

/// A second opinion: what the inboxes of one shard must do, worked out with arrays and linear scans, without a line in
/// common with what it judges.
///
/// Each method is told what was asked and what came of it. It either agrees, and takes the effects over, or throws a
/// ``Mismatch``. Where several answers are allowed (which of several inboxes is read first, which of two things due at
/// the same moment happens first), it agrees with each of them.
package struct DeliveryModel {
    let limits: Limits
    var inboxes: [ModelInbox] = []
    var readers: [ModelReader] = []
    var keys: [ModelKey] = []
    var totals = Statistics()
    var isDraining = false
    /// What came to waiting readers and has yet to be explained, in order.
    var events: [ModelEvent] = []
    /// What batches under way have told of drops, to be told again if they are given back.
    var toldDrops: [Int: [ModelDrops]] = [:]
    /// Batches that went to observers.
    var observed: Set<Int> = []
    /// Counts up with each reader that joins a line.
    var lineTurn = 0

    /// Makes the model of a shard that holds nothing.
    package init(limits: Limits) {
        self.limits = limits
    }

    /// What came to a waiting reader.
    package enum Event {
        /// A batch; the number tells it from all others.
        case deliver(reader: Int, Batch, number: Int)
        case end(reader: Int, EndReason, Cursor)
    }

    /// What can be seen of the shard from outside after something was done.
    package struct Glimpse {
        package var now: MonotonicInstant
        /// The epochs of the inboxes concerned, where they have one.
        package var epochs: [Recipient: Epoch]
        /// Positions of sleeping inboxes that were remembered before.
        package var positionsBefore: Int

        /// Says what was seen.
        package init(now: MonotonicInstant, epochs: [Recipient: Epoch], positionsBefore: Int) {
            self.now = now
            self.epochs = epochs
            self.positionsBefore = positionsBefore
        }
    }

    /// Says what came to waiting readers in the call that is judged next.
    package mutating func expect(_ events: [Event]) {
        self.events = events.map { ModelEvent(event: $0) }
    }
}

/// Something that was answered differs from what must be.
package struct Mismatch: Error, CustomStringConvertible {
    package let description: String

    /// Says what differs.
    package init(_ description: String) {
        self.description = description
    }
}

func require(_ condition: Bool, _ text: @autoclosure () -> String) throws(Mismatch) {
    guard condition else { throw Mismatch(text()) }
}

struct ModelEvent {
    let event: DeliveryModel.Event
}

/// One life of an inbox.
struct ModelInbox {
    let recipient: Recipient
    let epoch: Epoch
    var last: UInt64 = 0
    var messages: [ModelMessage] = []
    var untoldToTakers = 0
    var unseen = ModelUnseen()
    /// Whether a cursor of it was given out.
    var isKnown = false
    /// Every answer that gave out a cursor.
    var answers: [ModelAnswer] = []
    /// Since when nothing is in it and nobody waits on it; nil while that is not so.
    var sleepsSince: MonotonicInstant?
    /// Whether memory was short since.
    var mayBeForgotten = false

    var unread: [ModelMessage] { messages.filter { $0.standing == .unread } }
    var leased: Int { messages.count { $0.standing != .unread && $0.standing != .read } }
    var bytes: Int { messages.reduce(0) { $0 + $1.byteCount } }
    var beforeOldest: UInt64 { messages.first.map { $0.sequence - 1 } ?? last }
    var beforeUnread: UInt64 { unread.first.map { $0.sequence - 1 } ?? last }
}

/// Where an answer ended in one inbox, and the messages that it carried.
struct ModelAnswer {
    let end: UInt64
    let carried: Set<UInt64>
}

struct ModelMessage {
    enum Standing: Equatable {
        case unread
        case handed
        case leased(until: MonotonicInstant)
        case delayed(until: MonotonicInstant)
        case read
    }

    let sequence: UInt64
    let content: [UInt8]
    let byteCount: Int
    let sentAt: WallInstant
    var expires: MonotonicInstant
    var standing = Standing.unread
    var attempt = 0
    var isDelivered = false

    /// When something happens to it by itself.
    var due: MonotonicInstant {
        switch standing {
        case .handed: .distantFuture
        case .leased(let until), .delayed(let until): until
        case .unread, .read: expires
        }
    }
}

struct ModelReader {
    enum Standing: Equatable {
        case attached
        /// Its turn in every line that it stands in, the last that it may have.
        case waiting(turn: Int)
        case busy
    }

    let id: Int
    let recipients: [Recipient]
    let mode: ReadMode
    let isStream: Bool
    let limit: Int
    let bytesMax: Int
    let session: String?
    let isObserver: Bool
    /// Whether gaps are told alone, at their places.
    let hasPlacedGaps: Bool
    var deadline: MonotonicInstant?
    var standing = Standing.attached
    /// Its first turn as a follower: a stream that is done with a write before its turn comes keeps the place in line that
    /// it got with that write.
    var servedTurn: Int
    var positions: [UInt64] = []
    /// The positions that its client has as a cursor; nil while it has none.
    var cursor: [UInt64]?
    var isReset = false
    var startsUntold = false

    var isFollower: Bool {
        switch mode {
        case .take, .lease: false
        case .follow, .followUnread: true
        }
    }
}

struct ModelKey {
    let recipient: Recipient
    let sender: [UInt8]
    let key: [UInt8]
    let content: [UInt8]
    let type: [UInt8]
    let timeToLive: Duration?
    let receipt: ModelReceipt
    let forgetAt: MonotonicInstant

    var cost: Int { Cost.key + 2 * (recipient.name.utf8.count + sender.count + 1 + key.count) }
}

/// Drops that a batch has told of.
struct ModelDrops {
    let recipient: Recipient
    let epoch: Epoch
    var toTakers = 0
    var unseen = ModelUnseen()
}

/// What a sender must learn.
struct ModelReceipt: Equatable {
    let id: MessageID
    let online: Int
    let unread: Int
    let evicted: Int
    var isDuplicate: Bool
}

extension ModelReceipt {
    init(_ receipt: SendReceipt) {
        id = receipt.id
        online = receipt.online
        unread = receipt.unread
        evicted = receipt.evicted
        isDuplicate = receipt.isDuplicate
    }
}
