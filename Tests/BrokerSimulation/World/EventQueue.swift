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
///
/// The heap holds numbers only, so that moving them about counts no references; the events stay in their slots.
struct EventQueue {
    private struct Entry {
        let time: Int64
        let order: UInt64
        let slot: Int

        @inline(__always)
        func isBefore(_ other: Entry) -> Bool { time < other.time || (time == other.time && order < other.order) }
    }

    private var heap: [Entry] = []
    private var slots: [WorldEvent?] = []
    private var free: [Int] = []
    private var count: UInt64 = 0

    var nextTime: Int64? { heap.first?.time }

    mutating func add(_ event: WorldEvent, at time: Int64) {
        count += 1
        let slot: Int
        if let known = free.popLast() {
            slot = known
            slots[slot] = event
        } else {
            slot = slots.count
            slots.append(event)
        }
        let entry = Entry(time: time, order: count, slot: slot)
        heap.append(entry)
        var place = heap.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard entry.isBefore(heap[parent]) else { break }
            heap[place] = heap[parent]
            place = parent
        }
        heap[place] = entry
    }

    mutating func popFirst() -> WorldEvent? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        let event = slots[first.slot].take()
        free.append(first.slot)
        guard !heap.isEmpty else { return event }
        var place = 0
        while true {
            var child = 2 * place + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
            guard heap[child].isBefore(last) else { break }
            heap[place] = heap[child]
            place = child
        }
        heap[place] = last
        return event
    }
}
#endif
