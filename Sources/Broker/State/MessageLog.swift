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

    /// Nil where a message was removed from the middle: the entry is a hole until the log is compacted.
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

/// The messages of one inbox in the order of their sequence numbers.
///
/// Appending and removing at the front are O(1); removing from the middle leaves a hole, and holes are compacted before
/// they outnumber the messages, so that everything is amortised O(1) and the memory is proportional to the messages.
/// Finding a sequence number is O(1) without holes, O(log n) with them.
struct MessageLog {
    private(set) var entries: [LogEntry] = []
    /// Entries before this index are gone.
    private var head = 0
    private(set) var holes = 0
    // The numbers of the first and the last entry, kept here so that most look-ups touch no entry but the one wanted.
    // Meaningless while there is none.
    private var firstSequence: UInt64 = 0
    private var lastSequence: UInt64 = 0

    /// How many messages it holds.
    var count: Int { entries.count - head - holes }
    /// The indices of its entries, holes included; valid until the next change.
    var indices: Range<Int> { head..<entries.count }

    subscript(index: Int) -> LogEntry {
        @inline(__always) _read { yield entries[index] }
        @inline(__always) _modify { yield &entries[index] }
    }

    /// The sequence number of the oldest message; nil if there is none.
    var first: UInt64? { head < entries.count ? firstSequence : nil }

    mutating func append(_ entry: LogEntry) {
        if head == entries.count { firstSequence = entry.sequence }
        lastSequence = entry.sequence
        entries.append(entry)
    }

    /// The index of the first entry whose sequence number is `sequence` or higher.
    func index(notBefore sequence: UInt64) -> Int {
        guard head < entries.count, sequence > firstSequence else { return head }
        guard sequence <= lastSequence else { return entries.count }
        // Where no hole was compacted the entry is exactly here; otherwise it is here or before.
        let dense = head + Int(sequence - firstSequence)
        if lastSequence - firstSequence == UInt64(entries.count - 1 - head) { return dense }
        var high = min(dense, entries.count - 1)
        var low = head
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The index of the last entry whose sequence number is `sequence` or lower; nil if there is none.
    func index(notAfter sequence: UInt64) -> Int? {
        let index = index(notBefore: sequence)
        if index < entries.count, entries[index].sequence == sequence { return index }
        return index > head ? index - 1 : nil
    }

    /// The index of the message with this number; nil if it is not kept.
    func index(of sequence: UInt64) -> Int? {
        let index = index(notBefore: sequence)
        guard index < entries.count, entries[index].sequence == sequence else { return nil }
        return entries[index].payload == nil ? nil : index
    }

    /// Removes the message at `index`.
    ///
    /// Other indices stay valid until `tidy`.
    mutating func remove(at index: Int) {
        entries[index].payload = nil
        holes += 1
    }

    /// Gives room back after removals.
    mutating func tidy() {
        while head < entries.count, entries[head].payload == nil {
            head += 1
            holes -= 1
        }
        guard head < entries.count else {
            // A burst that has been read leaves no memory behind.
            if entries.capacity > 8 { entries = [] } else { entries.removeAll(keepingCapacity: true) }
            head = 0
            holes = 0
            return
        }
        firstSequence = entries[head].sequence
        let kept = entries.count - head - holes
        if holes > kept + 8 {
            var compacted: [LogEntry] = []
            compacted.reserveCapacity(kept + kept / 4)
            for entry in entries[head...] {
                if entry.payload != nil {
                    compacted.append(entry)
                } else if let start = entry.answersStart {
                    // The log does not begin with a hole, so there is a message before it.
                    compacted[compacted.count - 1].noteAnswer(from: start)
                }
            }
            entries = compacted
            lastSequence = entries[entries.count - 1].sequence
            head = 0
            holes = 0
        } else if head > kept + holes + 8 {
            entries.removeFirst(head)
            head = 0
        }
    }
}
