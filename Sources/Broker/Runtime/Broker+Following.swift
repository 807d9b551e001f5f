extension Broker {
    /// Follows an inbox for as long as the loop runs: what is there from `cursor` on, then everything that comes.
    ///
    /// Nothing is buffered for the follower but the batch it is working on; a slow one falls behind in the log, and is
    /// told of a gap if it falls behind further than the inbox keeps. Ends when the broker is drained; throws
    /// `CancellationError` when the task is cancelled.
    ///
    /// - Parameters:
    ///   - recipient: Whose inbox.
    ///   - cursor: Where to begin. ``Cursor/now`` means when the first element is asked for.
    ///   - observing: Whether only to look: nothing that is read counts as delivered. A cursor got in this way is for
    ///     going on observing.
    /// - Returns: A sequence each of whose iterators is a follower by itself.
    public func follow(
        _ recipient: Recipient,
        from cursor: Cursor = .now,
        observing: Bool = false
    ) -> FollowSequence {
        FollowSequence(broker: self, recipient: recipient, start: cursor, isObserving: observing)
    }
}

/// What a follower learns.
public enum FollowEvent: Sendable {
    /// The next message.
    case message(Message)
    /// So many messages between the last one and the next are gone; comes between them.
    case gap(lost: Int)
    /// The position belonged to another life of the inbox; it goes on from the oldest message kept.
    case reset
}

/// An inbox as a sequence that does not end by itself.
///
/// See ``Broker/follow(_:from:observing:)``.
public struct FollowSequence: AsyncSequence, Sendable {
    /// A message, or news of the inbox.
    public typealias Element = FollowEvent

    fileprivate let broker: Broker
    fileprivate let recipient: Recipient
    fileprivate let start: Cursor
    fileprivate let isObserving: Bool

    /// Begins to follow, independently of other iterators.
    public func makeAsyncIterator() -> Iterator {
        Iterator(broker: broker, recipient: recipient, cursor: start, isObserving: isObserving)
    }

    /// A follower: a cursor, and what has been read from there.
    public struct Iterator: AsyncIteratorProtocol {
        private let broker: Broker
        private let recipient: Recipient
        private let isObserving: Bool
        private var ready: [FollowEvent] = []
        private var given = 0
        /// Where the follower is; to be kept if it is to go on later from where it stopped.
        ///
        /// It is exact when everything that was ready has been consumed, and never ahead of what was given out.
        public private(set) var cursor: Cursor
        private var ahead: Cursor

        fileprivate init(broker: Broker, recipient: Recipient, cursor: Cursor, isObserving: Bool) {
            self.broker = broker
            self.recipient = recipient
            self.isObserving = isObserving
            self.cursor = cursor
            ahead = cursor
        }

        /// The next message, gap or reset; nil when the broker was drained.
        ///
        /// - Throws: `CancellationError`, or ``BrokerError`` if the cursor is not one of this inbox.
        public mutating func next() async throws -> FollowEvent? {
            while given == ready.count {
                let request = ReadRequest(
                    recipients: [recipient],
                    mode: .follow(ahead),
                    isObserving: isObserving,
                    tellsGapsInPlace: true
                )
                switch try await broker.poll(request, within: nil) {
                case .ended(.left, _):
                    throw CancellationError()
                case .ended(.deleted, let position):
                    // The next read is answered with a reset.
                    ahead = position
                case .ended:
                    return nil
                case .batch(let batch):
                    take(batch)
                }
            }
            let event = ready[given]
            given += 1
            if case .message(let message) = event { cursor = .after(message.id) }
            if given == ready.count { cursor = ahead }
            return event
        }

        private mutating func take(_ batch: Batch) {
            ready.removeAll(keepingCapacity: true)
            given = 0
            if batch.isReset { ready.append(.reset) }
            // A gap has a batch of its own, so this is its place.
            if batch.lost > 0 { ready.append(.gap(lost: batch.lost)) }
            ready += batch.messages.map { .message($0) }
            ahead = batch.cursor
        }
    }
}
