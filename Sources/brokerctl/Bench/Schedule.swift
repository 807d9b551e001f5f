internal import Broker

/// When sends are due: at a rate, from a start on, fixed before the first of them, so that no answer can move it.
struct Schedule: Sendable {
    private let start: MonotonicInstant
    private let rate: Double
    /// How many were handed out.
    private(set) var taken = 0
    /// How many are known to have come due.
    private(set) var noticed = 0

    /// Makes a schedule of `rate` sends a second, the first of which is due at the start.
    init(rate: Double, start: MonotonicInstant) {
        self.rate = rate
        self.start = start
    }

    /// Sends that have come due and that nobody has been handed.
    var backlog: Int { noticed - taken }

    /// When one of them is due.
    func due(_ index: Int) -> MonotonicInstant {
        // Computed from the index each time: nothing adds up.
        start + .nanoseconds(Int64((Double(index) * 1e9 / rate).rounded()))
    }

    /// Looks which have come due.
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - tell: Is told when each was due that was not known before, in order.
    mutating func notice(_ now: MonotonicInstant, _ tell: (MonotonicInstant) -> Void) {
        while case let next = due(noticed), next <= now {
            noticed += 1
            tell(next)
        }
    }

    /// Hands out the one that is due longest; nil if none is.
    mutating func take() -> MonotonicInstant? {
        guard backlog > 0 else { return nil }
        defer { taken += 1 }
        return due(taken)
    }
}
