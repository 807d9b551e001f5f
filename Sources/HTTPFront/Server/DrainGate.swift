internal import Synchronization

/// Something that is waited for once, unless the waiter is cancelled.
final class DrainGate: Sendable {
    private enum Standing {
        case closed
        case waiting(CheckedContinuation<Void, Never>)
        case open
    }

    private let standing = Mutex<Standing>(.closed)

    /// Lets the waiter go on.
    func open() {
        let waiter = standing.withLock { standing -> CheckedContinuation<Void, Never>? in
            defer { standing = .open }
            guard case .waiting(let waiter) = standing else { return nil }
            return waiter
        }
        waiter?.resume()
    }

    /// Waits until it is open, or the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOpen = standing.withLock { standing in
                    if case .open = standing { return true }
                    standing = .waiting(continuation)
                    return false
                }
                if isOpen { continuation.resume() }
            }
        } onCancel: {
            open()
        }
    }
}
