/// One message in an inbox, and what has become of it.
struct LogEntry {
    /// Where the message stands between its sending and its going.
    enum Standing: UInt8 {
        /// Nobody has it.
        case unread
        /// Given to a taker whose answer is not known to have arrived.
        case handed
        /// Claimed by a taker until `leasedUntil`.
        case leased
        /// Given up by the holder of its lease, and unread again at `leasedUntil`.
        case delayed
        /// Done with; kept a while for followers that lag.
        case read
    }

    /// Nil where a message was removed from the middle: the entry is a hole until holes are closed.
    var payload: Payload?
    let sequence: UInt64
    /// When it goes by itself.
    var expires: MonotonicInstant
    /// When its lease or delay ends; meaningful only then.
    var leasedUntil = MonotonicInstant.distantFuture
    var standing = Standing.unread
    /// Written to a stream, or confirmed by a follower's cursor.
    var isDelivered = false
    /// How often it has been leased.
    var attempt: UInt16 = 0
    /// How many sequence numbers the answers reach back that ended here, the shortest of them; see
    /// ``MessageLog/noteAnswer(from:to:)``.
    var reach = LogEntry.unanswered

    /// What it counts against the limit of its inbox; 0 in a hole.
    var byteCount: Int { payload?.byteCount ?? 0 }

    /// The reach where no answer has ended.
    static let unanswered: UInt16 = .max
}

/// The messages of one inbox in the order of their sequence numbers: a ring of entries.
///
/// Appending and removing at the front are O(1) and move nothing, so a full inbox that drops one message for each new
/// one stays in the room that it has; removing from the middle leaves a hole, and holes are closed before they outnumber
/// the messages. Everything is amortised O(1), and the memory is proportional to the messages. Finding a sequence number
/// is O(1) without holes, O(log n) with them.
///
/// The ring is memory of its own rather than an array: there is one in every inbox, an array would begin with 32 bytes
/// that say what is known, and growing it would count the references of all that moves.
struct MessageLog: ~Copyable {
    /// The ring; nil while it has no slots.
    ///
    /// Those of the entries are initialised, the others are not.
    private var slots: UnsafeMutablePointer<LogEntry>?
    // 32 bits each, because there is a log in every inbox.
    /// How many slots there are: a power of two, or 0.
    private var slotCount: Int32 = 0
    /// The slot of the first entry.
    private var head: Int32 = 0
    private var entryCount: Int32 = 0
    private var holeCount: Int32 = 0
    // The numbers of the first and the last entry, kept here so that most look-ups touch no entry but the one wanted.
    // Meaningless while there is none.
    private var firstSequence: UInt64 = 0
    private var lastSequence: UInt64 = 0

    /// Slots that are kept when the log is empty.
    private static let slotsKept: Int32 = 8

    deinit {
        for index in indices { address(of: index).deinitialize(count: 1) }
        slots?.deallocate()
    }

    /// How many messages it holds.
    var count: Int { Int(entryCount - holeCount) }
    /// How many entries have lost their message.
    var holes: Int { Int(holeCount) }
    /// How many entries there is room for.
    var capacity: Int { Int(slotCount) }
    /// The indices of its entries, holes included, from 0; valid until `tidy`.
    var indices: Range<Int> { 0..<Int(entryCount) }

    subscript(index: Int) -> LogEntry {
        @inline(__always) _read { yield entry(index).pointee }
        @inline(__always) _modify { yield &entry(index).pointee }
    }

    @inline(__always)
    private func entry(_ index: Int) -> UnsafeMutablePointer<LogEntry> {
        precondition(indices.contains(index), "there is no entry with this index")
        return address(of: index)
    }

    /// Where the entry with this index is, or would be.
    @inline(__always)
    private func address(of index: Int) -> UnsafeMutablePointer<LogEntry> {
        guard let slots else { preconditionFailure("a log without room has no entry") }
        return slots + slot(of: index)
    }

    @inline(__always)
    private func slot(of index: Int) -> Int { (Int(head) &+ index) & (Int(slotCount) &- 1) }

    /// The sequence number of the oldest message; nil if there is none.
    var first: UInt64? { entryCount > 0 ? firstSequence : nil }
    /// The sequence number of the newest entry; nil if there is none.
    var last: UInt64? { entryCount > 0 ? lastSequence : nil }

    mutating func append(_ entry: consuming LogEntry) {
        if entryCount == slotCount { move(to: max(1, slotCount * 2)) }
        if entryCount == 0 { firstSequence = entry.sequence }
        lastSequence = entry.sequence
        address(of: Int(entryCount)).initialize(to: entry)
        entryCount += 1
    }

    /// The index of the first entry whose sequence number is `sequence` or higher.
    func index(notBefore sequence: UInt64) -> Int {
        guard entryCount > 0, sequence > firstSequence else { return 0 }
        let count = Int(entryCount)
        guard sequence <= lastSequence else { return count }
        // Where no hole was closed the entry is exactly here; otherwise it is here or before.
        let dense = Int(sequence - firstSequence)
        if lastSequence - firstSequence == UInt64(count - 1) { return dense }
        var high = min(dense, count - 1)
        var low = 0
        while low < high {
            let middle = (low + high) / 2
            if self[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The index of the last entry whose sequence number is `sequence` or lower; nil if there is none.
    func index(notAfter sequence: UInt64) -> Int? {
        let index = index(notBefore: sequence)
        if index < entryCount, self[index].sequence == sequence { return index }
        return index > 0 ? index - 1 : nil
    }

    /// The index of the message with this number; nil if it is not kept.
    func index(of sequence: UInt64) -> Int? {
        let index = index(notBefore: sequence)
        guard index < entryCount, self[index].sequence == sequence else { return nil }
        return self[index].payload == nil ? nil : index
    }

    /// Removes the message at `index`.
    ///
    /// Other indices stay valid until `tidy`.
    mutating func remove(at index: Int) {
        self[index].payload = nil
        holeCount += 1
    }

    /// Gives room back after removals.
    mutating func tidy() {
        while entryCount > 0, self[0].payload == nil {
            entry(0).deinitialize(count: 1)
            head = Int32(slot(of: 1))
            entryCount -= 1
            holeCount -= 1
        }
        guard entryCount > 0 else {
            // A burst that has been read leaves no memory behind.
            if slotCount > MessageLog.slotsKept { move(to: 0) }
            return
        }
        firstSequence = self[0].sequence
        if holeCount > entryCount - holeCount + 8 { closeHoles() }
        var room = slotCount
        while room > MessageLog.slotsKept, entryCount <= room / 3 { room /= 2 }
        if room < slotCount { move(to: room) }
    }

    private mutating func closeHoles() {
        var kept = 0
        for index in indices {
            if self[index].payload == nil {
                // The log does not begin with a hole, so there is a message before it.
                if let start = self[index].answersStart { self[kept - 1].noteAnswer(from: start) }
                entry(index).deinitialize(count: 1)
            } else {
                if kept < index { address(of: kept).moveInitialize(from: entry(index), count: 1) }
                kept += 1
            }
        }
        lastSequence = self[kept - 1].sequence
        entryCount = Int32(kept)
        holeCount = 0
    }

    /// Moves the entries to another number of slots, which has room for them.
    private mutating func move(to newCount: Int32) {
        let room = newCount > 0 ? UnsafeMutablePointer<LogEntry>.allocate(capacity: Int(newCount)) : nil
        if let room, let slots {
            // As they lie: up to the end of the ring, and the rest from its beginning.
            let upToEnd = Int(min(entryCount, slotCount - head))
            room.moveInitialize(from: slots + Int(head), count: upToEnd)
            (room + upToEnd).moveInitialize(from: slots, count: Int(entryCount) - upToEnd)
        }
        slots?.deallocate()
        slots = room
        slotCount = newCount
        head = 0
    }
}
