/// How far behind a reader is that waits or streams: what is there for it and has not been given to it.
///
/// What was written to a reader's connection counts as given, wherever it is on its way. A client that polls is a
/// reader only while a poll of it waits.
public struct ReaderLag: Hashable, Sendable {
    /// Messages that it has yet to be given, up to the newest.
    ///
    /// For a follower those behind its position, of which some may be gone and come as a gap; for a taker those that are
    /// unread. For both, those that its connection has yet to take.
    public var messages: Int
    /// How long ago the oldest of those that are kept was sent, by the wall clock; zero if there is none.
    public var age: Duration

    /// So many messages, the oldest of them so old.
    public init(messages: Int = 0, age: Duration = .zero) {
        self.messages = messages
        self.age = age
    }

    /// The most messages and the highest age of two; that of one alone if the other does not exist.
    package static func slowest(_ one: ReaderLag?, _ other: ReaderLag?) -> ReaderLag? {
        guard var one, let other else { return one ?? other }
        one.include(other)
        return one
    }

    /// Keeps the most messages and the highest age of this and another.
    mutating func include(_ other: ReaderLag) {
        messages = max(messages, other.messages)
        age = max(age, other.age)
    }
}
