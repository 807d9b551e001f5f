/// Bytes that are appended at the back and dropped from the front, kept in one piece.
///
/// It exists only while a channel has something to keep: input that its handler did not consume, or output that the
/// kernel did not take. Confined to one loop.
final class ByteQueue {
    private var start: UnsafeMutablePointer<UInt8>
    /// How many bytes of memory it owns: what a budget is charged.
    private(set) var capacity: Int
    private var head = 0
    /// How many bytes it holds.
    private(set) var count = 0

    /// Makes an empty queue with exactly `capacity` bytes of memory.
    init(capacity: Int) {
        self.capacity = capacity
        start = .allocate(capacity: capacity)
    }

    deinit {
        start.deallocate()
    }

    /// What it holds, valid until it is next changed.
    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start + head, count: count) }

    /// The capacity of a fresh queue for `count` bytes.
    static func capacity(for count: Int) -> Int { max(256, count) }

    /// The capacity that `more` bytes need: the present one, or twice that but no more than `limit`, or more if need
    /// be.
    func capacity(afterAppending more: Int, limit: Int) -> Int {
        count + more <= capacity ? capacity : max(min(capacity * 2, limit), count + more)
    }

    /// Appends a copy of `bytes`, which are not its own; `wanted` is the capacity after that.
    func append(_ bytes: UnsafeBufferPointer<UInt8>, growingTo wanted: Int) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        if wanted > capacity {
            move(to: wanted)
        } else if head + count + bytes.count > capacity {
            start.update(from: start + head, count: count)
            head = 0
        }
        (start + head + count).update(from: source, count: bytes.count)
        count += bytes.count
    }

    /// Drops the first `dropped` bytes.
    func drop(_ dropped: Int) {
        precondition(dropped >= 0 && dropped <= count, "dropping \(dropped) of \(count) bytes")
        head += dropped
        count -= dropped
        if count == 0 { head = 0 }
    }

    /// Gives memory back if it holds far less than it once did; returns how many bytes it gave back.
    func shrink() -> Int {
        guard capacity > 16_384, count < capacity / 8 else { return 0 }
        let before = capacity
        move(to: ByteQueue.capacity(for: count))
        return before - capacity
    }

    private func move(to capacity: Int) {
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        moved.update(from: start + head, count: count)
        start.deallocate()
        start = moved
        head = 0
        self.capacity = capacity
    }
}
