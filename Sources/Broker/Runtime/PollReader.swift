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
    private var isDecided = false

    /// Makes a poll that is not registered yet.
    package init() {
        super.init(isStream: false)
    }

    /// Keeps the continuation that is resumed once the outcome is there.
    ///
    /// To be called in the turn in which the poll was registered. The outcome may have come before, in that very turn, if
    /// the poll has ended a reader of the same session, which gave back what it had.
    package func park(_ continuation: UnsafeContinuation<Void, Never>) {
        if arrived == nil { self.continuation = continuation } else { continuation.resume() }
    }

    /// The outcome that the continuation was resumed for; to be called once.
    package func takeOutcome() -> ReadOutcome {
        guard let outcome = arrived?.outcome.take() else {
            preconditionFailure("a poll is resumed when its outcome is there")
        }
        arrived = nil
        return outcome
    }

    package override func receive(_ outcome: ReadOutcome) -> Bool {
        guard !isDecided else { return false }
        isDecided = true
        arrived = Arrived(outcome)
        continuation?.resume()
        continuation = nil
        return true
    }

    private final class Arrived {
        var outcome: ReadOutcome?

        init(_ outcome: ReadOutcome) {
            self.outcome = outcome
        }
    }
}
