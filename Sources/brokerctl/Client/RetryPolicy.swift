/// When to try again after a connection was lost: later each time, and not when everybody else does.
///
/// The delay doubles with each attempt, up to a maximum, and is then shortened by chance, to half of it at most. It
/// reads no clock and draws no numbers, so that its answers depend on its input alone.
struct RetryPolicy: Hashable, Sendable {
    /// The longest first delay; a stream may set it.
    var base: Duration = .seconds(1)
    /// No delay is longer.
    var max: Duration = .seconds(30)
    /// How many attempts there were since the last success.
    private(set) var attempts = 0

    /// The delay before the next attempt.
    ///
    /// - Parameters:
    ///   - chance: From 0 to 1: a random number.
    ///   - least: The delay that the broker asked for, if it did.
    /// - Returns: From half of the delay to all of it.
    mutating func nextDelay(chance: Double, least: Duration = .zero) -> Duration {
        precondition((0...1).contains(chance), "chance is \(chance), which is not from 0 to 1")
        // Beyond 2^20 the maximum has long been reached.
        let factor = 1 << Swift.min(attempts, 20)
        attempts += 1
        let delay = Swift.min(base * factor, max)
        return Swift.max(delay * (0.5 + chance / 2), least)
    }

    /// A connection proved to work: the next delay is short again.
    mutating func succeeded() {
        attempts = 0
    }
}
