#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// Growable bytes that are written front to back, read as one piece, and then used again.
///
/// It is a class so that a loop can own one and lend it: appending through a reference needs no exclusive access to the
/// owner. It never shrinks by itself; ``reset(keeping:)`` gives memory back. Confined to one loop.
package final class ByteBuffer {
    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    // Private: where a module can see every access to a property, the compiler proves them exclusive; where it cannot, each is
    // checked as the program runs, which here would cost more than the append.
    private var used = 0

    /// Makes an empty buffer with room for `capacity` bytes, at least 64.
    package init(capacity: Int = 4096) {
        self.capacity = max(64, capacity)
        start = .allocate(capacity: self.capacity)
    }

    deinit {
        start.deallocate()
    }

    /// How many bytes it holds.
    package var count: Int { used }

    /// Whether it holds nothing.
    package var isEmpty: Bool { used == 0 }

    /// What it holds, valid until it is next changed.
    package var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: count) }

    /// Appends one byte.
    @inline(__always)
    package func append(_ byte: UInt8) {
        if used == capacity { grow(by: 1) }
        start[used] = byte
        used += 1
    }

    /// Appends the bytes of a literal.
    @inline(__always)
    package func append(_ literal: StaticString) {
        append(UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    /// Appends a copy of `bytes`.
    @inline(__always)
    package func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        if capacity - used < bytes.count { grow(by: bytes.count) }
        (start + count).update(from: source, count: bytes.count)
        used += bytes.count
    }

    /// Appends a copy of `bytes`.
    package func append(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { append($0) }
    }

    /// Appends a copy of `bytes`.
    package func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { append($0) }
    }

    /// Appends the UTF-8 of `text`.
    package func append(text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    /// Appends `value` in decimal digits.
    package func append(decimal value: UInt64) {
        guard value >= 10 else { return append(UInt8(truncatingIfNeeded: 48 + value)) }
        var count = 2
        var bound: UInt64 = 100
        while value >= bound {
            count += 1
            guard count < 20 else { break }
            bound *= 10
        }
        if capacity - used < count { grow(by: count) }
        var rest = value
        var index = used + count
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            index -= 1
            start[index] = UInt8(truncatingIfNeeded: 48 + digit)
            rest = quotient
        } while rest > 0
        used += count
    }

    /// Appends `value` in decimal digits, with a sign if it is negative.
    package func append(decimal value: Int) {
        if value < 0 { append(UInt8(ascii: "-")) }
        append(decimal: UInt64(value.magnitude))
    }

    /// Lets `body` write up to `room` bytes behind what it holds; `body` returns how many it wrote.
    package func append(room: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int) {
        if capacity - used < room { grow(by: room) }
        let written = body(start + count)
        precondition(written >= 0 && written <= room, "wrote \(written) bytes into room for \(room)")
        used += written
    }

    /// Replaces bytes that it holds already, from `offset` on.
    package func overwrite(at offset: Int, with bytes: UnsafeBufferPointer<UInt8>) {
        precondition(offset >= 0 && offset + bytes.count <= used, "overwriting beyond the end")
        guard let source = bytes.baseAddress else { return }
        (start + offset).update(from: source, count: bytes.count)
    }

    /// Forgets all bytes from `length` on.
    package func truncate(to length: Int) {
        precondition(length >= 0 && length <= used, "truncating to \(length) of \(count) bytes")
        used = length
    }

    /// Forgets its bytes, and gives memory back if it has grown beyond `limit` bytes.
    package func reset(keeping limit: Int = .max) {
        used = 0
        guard capacity > limit else { return }
        start.deallocate()
        capacity = max(64, limit)
        start = .allocate(capacity: capacity)
    }

    @inline(never)
    private func grow(by more: Int) {
        let next = max(capacity * 2, used + more)
        let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: next)
        grown.update(from: start, count: count)
        start.deallocate()
        start = grown
        capacity = next
    }
}
