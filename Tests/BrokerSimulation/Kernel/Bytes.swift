#if os(Linux)
/// Bytes in the order in which they came.
struct Bytes {
    private var storage: [UInt8] = []
    private var head = 0

    var count: Int { storage.count - head }
    var isEmpty: Bool { head == storage.count }

    mutating func append(_ bytes: some Collection<UInt8>) {
        storage.append(contentsOf: bytes)
    }

    /// Takes out the first `count` bytes.
    mutating func take(_ count: Int) -> ArraySlice<UInt8> {
        let taken = storage[head..<head + count]
        drop(count)
        return taken
    }

    /// Copies bytes out, and drops them.
    mutating func move(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(count, buffer.count)
        storage.withUnsafeBytes { bytes in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[head..<head + count]))
        }
        drop(count)
        return count
    }

    mutating func removeAll() {
        storage.removeAll()
        head = 0
    }

    private mutating func drop(_ count: Int) {
        head += count
        if head == storage.count {
            storage.removeAll(keepingCapacity: storage.capacity < 4096)
            head = 0
        } else if head > 4096, head > storage.count / 2 {
            storage.removeFirst(head)
            head = 0
        }
    }
}
#endif
