/// Idempotency keys of the last minutes, and what their sends were answered.
///
/// A key belongs to its sender and its recipient. All are remembered equally long, so the oldest is always the first to
/// go.
struct KeyTable {
    /// Whose key it is.
    struct KeyID: Hashable {
        let recipient: Recipient
        /// Sender and key, compared byte by byte; neither contains a zero byte.
        private let name: [UInt8]

        /// The key of a draft; nil if it has none.
        init?(_ draft: borrowing Draft) {
            guard let key = draft.key else { return nil }
            recipient = draft.recipient
            name = draft.payload.withParts { sender, _, _ in sender + [0] + key.utf8 }
        }

        /// Bytes counted against the memory limit.
        var cost: Int { Cost.key + 2 * (recipient.name.utf8.count + name.count) }
    }

    struct Record {
        /// Of type, content and time to live.
        let fingerprint: Int
        let receipt: SendReceipt
    }

    private(set) var records: [KeyID: Record] = [:]
    private(set) var order: [(id: KeyID, forgetAt: MonotonicInstant)] = []
    /// Entries of `order` before this index are forgotten.
    private(set) var head = 0

    /// When the next key is to be forgotten; nil if there is none.
    var nextForget: MonotonicInstant? { head < order.count ? order[head].forgetAt : nil }

    subscript(id: KeyID) -> Record? { records[id] }

    mutating func remember(_ record: Record, as id: KeyID, until forgetAt: MonotonicInstant) {
        records[id] = record
        order.append((id, forgetAt))
    }

    /// Forgets the keys whose time has come.
    ///
    /// - Returns: The bytes that are free again.
    mutating func forget(_ now: MonotonicInstant) -> Int {
        var freed = 0
        while head < order.count, order[head].forgetAt <= now {
            let id = order[head].id
            records[id] = nil
            freed += id.cost
            head += 1
        }
        if head > order.count / 2 {
            order.removeFirst(head)
            head = 0
        }
        return freed
    }

    /// Forgets the keys of a recipient whose inbox is removed: what they promise is in the inbox no longer is.
    ///
    /// - Returns: The bytes that are free again.
    /// - Complexity: O(n) in all keys; removing an inbox is rare.
    mutating func forget(_ recipient: Recipient) -> Int {
        let gone = records.keys.filter { $0.recipient == recipient }
        guard !gone.isEmpty else { return 0 }
        for id in gone { records[id] = nil }
        order = order[head...].filter { $0.id.recipient != recipient }
        head = 0
        return gone.reduce(0) { $0 + $1.cost }
    }

    /// What makes two sends the same.
    static func fingerprint(_ draft: Draft) -> Int {
        var hasher = Hasher()
        draft.payload.withParts { _, type, content in
            hasher.combine(type.count)
            hasher.combine(bytes: UnsafeRawBufferPointer(type))
            hasher.combine(bytes: UnsafeRawBufferPointer(content))
        }
        hasher.combine(draft.timeToLive)
        return hasher.finalize()
    }
}
