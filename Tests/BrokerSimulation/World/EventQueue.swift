#if os(Linux)
/// What the network and the clients do at a later time.
enum WorldEvent {
    case connect(Link)
    case toServer(Link, Int)
    case endToServer(Link)
    case resetToServer(Link, Int32)
    case toClient(Link, Int)
    case endToClient(Link)
    case resetToClient(Link)
    case acknowledged(Link, Int)
    case endAcknowledged(Link)
    case clientReads(Link)
    case givenUp(Link)
}

/// Events in the order of their times, and of their coming where those are equal.
struct EventQueue {
    private struct Entry {
        let time: Int64
        let order: UInt64
        let event: WorldEvent

        @inline(__always)
        func isBefore(_ other: Entry) -> Bool { time < other.time || (time == other.time && order < other.order) }
    }

    private var heap: [Entry] = []
    private var count: UInt64 = 0

    var nextTime: Int64? { heap.first?.time }

    mutating func add(_ event: WorldEvent, at time: Int64) {
        count += 1
        heap.append(Entry(time: time, order: count, event: event))
        var place = heap.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard heap[place].isBefore(heap[parent]) else { break }
            heap.swapAt(place, parent)
            place = parent
        }
    }

    mutating func popFirst() -> WorldEvent? {
        guard !heap.isEmpty else { return nil }
        heap.swapAt(0, heap.count - 1)
        let event = heap.removeLast().event
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[child].isBefore(heap[least]) {
                least = child
            }
            guard least != place else { break }
            heap.swapAt(place, least)
            place = least
        }
        return event
    }
}
#endif
