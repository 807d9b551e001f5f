import BrokerTestSupport
import Testing

@testable import HTTPFront

struct ByteQueueTests {
    @Test
    func `bytes leave in the order in which they came, whatever the sizes`() {
        var generator = SeededGenerator(seed: 42)
        var model: [UInt8] = []
        let queue = ByteQueue(capacity: 256)
        var next: UInt8 = 0
        for _ in 0..<1000 {
            let more = (0..<Int.random(in: 0..<300, using: &generator)).map { _ in
                next &+= 1
                return next
            }
            more.withUnsafeBufferPointer {
                queue.append($0, growingTo: queue.capacity(afterAppending: $0.count, limit: 1024))
            }
            model += more
            let dropped = Int.random(in: 0...model.count, using: &generator)
            queue.drop(dropped)
            model.removeFirst(dropped)
            #expect(Array(queue.bytes) == model)
            #expect(queue.capacity >= model.count)
        }
    }

    @Test
    func `it grows by doubling up to a limit and gives memory back`() {
        let queue = ByteQueue(capacity: 256)
        #expect(queue.capacity(afterAppending: 256, limit: 1000) == 256)
        #expect(queue.capacity(afterAppending: 257, limit: 1000) == 512)
        #expect(queue.capacity(afterAppending: 257, limit: 300) == 300)
        #expect(queue.capacity(afterAppending: 2000, limit: 1000) == 2000)
        let bytes = [UInt8](repeating: 7, count: 40_000)
        bytes.withUnsafeBufferPointer { queue.append($0, growingTo: 40_000) }
        #expect(queue.shrink() == 0)
        queue.drop(39_000)
        #expect(queue.shrink() == 39_000)
        #expect(Array(queue.bytes) == [UInt8](repeating: 7, count: 1000))
    }
}
