internal import Synchronization

/// Where the outcome of a poll goes that anybody may cancel from any thread, and that may wait in several shards at
/// once.
///
/// The first outcome wins; to every later one it says that nobody is there any more, so that its shard takes the
/// messages back in the same turn. Cancelling is an outcome like any other.
final class PollGate: Sendable {
    /// What came, and in which part of the request.
    typealias Arrival = (outcome: ReadOutcome, part: Int)

    private enum Standing {
        /// Nobody waits yet and nothing has come.
        case open
        case waiting(UnsafeContinuation<Arrival, Never>)
        /// It came before anybody waited.
        case early(Arrival)
        case closed
    }

    private let standing = Mutex<Standing>(.open)

    /// Offers an outcome.
    ///
    /// - Returns: Whether it was the first.
    func offer(_ outcome: ReadOutcome, from part: Int) -> Bool {
        let before = standing.withLock { standing in
            let before = standing
            switch standing {
            case .open: standing = .early((outcome, part))
            case .waiting: standing = .closed
            case .early, .closed: break
            }
            return before
        }
        switch before {
        case .open: return true
        case .waiting(let continuation): continuation.resume(returning: (outcome, part))
        case .early, .closed: return false
        }
        return true
    }

    /// Whether an outcome has come.
    var isDecided: Bool {
        standing.withLock { standing in
            switch standing {
            case .open, .waiting: false
            case .early, .closed: true
            }
        }
    }

    /// Waits for the outcome; to be called once.
    ///
    /// If the task is cancelled before one came, it is that nobody is there.
    func outcome() async -> Arrival {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let early = standing.withLock { standing -> Arrival? in
                    guard case .early(let arrival) = standing else {
                        standing = .waiting(continuation)
                        return nil
                    }
                    standing = .closed
                    return arrival
                }
                if let early { continuation.resume(returning: early) }
            }
        } onCancel: {
            _ = offer(.ended(.left, .oldest), from: 0)
        }
    }
}

/// A poll whose outcome goes through a gate.
final class GatedReader: Reader, @unchecked Sendable {
    private let gate: PollGate
    private let part: Int

    init(gate: PollGate, part: Int) {
        self.gate = gate
        self.part = part
        super.init(isStream: false)
    }

    @available(*, unavailable)
    package override init(isStream: Bool) {
        preconditionFailure("a gated poll has a gate")
    }

    override func receive(_ outcome: ReadOutcome) -> Bool {
        gate.offer(outcome, from: part)
    }
}

/// A poll that waits on its shard's own executor and is let go there too: one object and one continuation.
///
/// This is what a server parks by the ten thousand. Everything happens on the executor of the shard, so it needs no
/// lock. The continuation carries no value: the outcome lies here until it is fetched, because a task's frame that had
/// room for it would not fit into the memory that a task begins with.
package final class ParkedPoll: Reader, @unchecked Sendable {
    private var continuation: UnsafeContinuation<Void, Never>?
    private var arrived: Arrived?
    private var isParkExpected = false

    /// Makes a poll that is not registered yet.
    package init() {
        super.init(isStream: false)
    }

    /// Keeps the continuation that is resumed once the outcome is there.
    ///
    /// To be called in the turn in which the poll was registered, unless ``expectPark()`` was called before.
    package func park(_ continuation: UnsafeContinuation<Void, Never>) {
        if arrived == nil { self.continuation = continuation } else { continuation.resume() }
    }

    /// Promises that ``park(_:)`` will be called: an outcome that comes before is kept for it.
    ///
    /// It may come in the very turn that registers the poll, if that ends a reader of the same session who gives back
    /// what it had.
    package func expectPark() {
        isParkExpected = true
    }

    /// The outcome that the continuation was resumed for; to be called once.
    package func takeOutcome() -> ReadOutcome {
        guard let arrived else { preconditionFailure("a poll is resumed when its outcome is there") }
        self.arrived = nil
        return arrived.outcome
    }

    package override func receive(_ outcome: ReadOutcome) -> Bool {
        guard arrived == nil, continuation != nil || isParkExpected else { return false }
        arrived = Arrived(outcome)
        isParkExpected = false
        continuation?.resume()
        continuation = nil
        return true
    }

    private final class Arrived {
        let outcome: ReadOutcome

        init(_ outcome: ReadOutcome) {
            self.outcome = outcome
        }
    }
}
