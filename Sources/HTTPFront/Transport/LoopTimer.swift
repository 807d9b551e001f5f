package import Broker

/// A timer of an ``EventLoop``: a subclass says what happens when it is due.
///
/// The loop keeps it from `schedule` until it fires or is cancelled.
package class LoopTimer: Scheduled {
    /// It is due, and not scheduled any more.
    package func fired(on loop: EventLoop) {}
}

/// Work that waits until the other ready work of a turn is done; see ``EventLoop/later(_:)``.
package class LoopWork {
    fileprivate final var next: LoopWork?
    /// Whether it waits to be run.
    package final fileprivate(set) var isQueued = false

    /// Makes work that does not wait yet.
    package init() {}

    /// Its turn has come, and it waits no longer.
    package func run(on loop: EventLoop) {}
}

/// Work in the order in which it came, linked through the objects themselves, so that queuing allocates nothing.
struct WorkQueue: ~Copyable {
    private var head: LoopWork?
    private var tail: LoopWork?
    private(set) var count = 0

    var isEmpty: Bool { head == nil }

    mutating func append(_ work: LoopWork) {
        guard !work.isQueued else { return }
        work.isQueued = true
        if let tail { tail.next = work } else { head = work }
        tail = work
        count += 1
    }

    mutating func popFirst() -> LoopWork? {
        guard let first = head else { return nil }
        head = first.next
        if head == nil { tail = nil }
        first.next = nil
        first.isQueued = false
        count -= 1
        return first
    }

    deinit {
        // A chain of strong references would be released recursively: take it apart link by link.
        var next = head
        while let work = next {
            next = work.next
            work.next = nil
            work.isQueued = false
        }
    }
}
