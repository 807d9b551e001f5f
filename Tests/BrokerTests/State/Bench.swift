import BrokerTestSupport
import Testing

@testable import Broker

/// The state of one shard on a test bench: says what clients would say, carries out what was decided, and checks after
/// each call that everything is consistent and every byte is counted.
final class Bench {
    var state: ShardState
    let budget: MemoryBudget
    let limits: Limits
    var now = MonotonicInstant(nanoseconds: 1_000_000_000)
    var wall = WallInstant(millisecondsSinceEpoch: 1_795_241_728_123)
    /// What the observer would have been told.
    private(set) var observed: [BrokerEvent] = []
    /// Whether followers are served at once, all of them.
    var servesFollowers = true
    /// Whether watchers are told at once, all of them.
    var tellsPresence = true

    init(_ change: (inout Limits) -> Void = { _ in }) {
        var limits = Limits()
        change(&limits)
        self.limits = limits
        budget = MemoryBudget(bytesMax: limits.memoryBytesMax)
        state = ShardState(limits: limits, budget: budget, randomness: SeededGenerator(seed: 1), now: now)
    }

    /// What a poll comes to.
    enum Answer {
        case batch(Batch)
        case ended(EndReason, Cursor)
        case waits(TestReader)
    }

    // MARK: Sending

    @discardableResult
    func send(
        _ text: String,
        to name: String = "a",
        sender: String? = nil,
        type: String? = nil,
        timeToLive: Duration? = nil,
        key: String? = nil
    ) throws -> SendReceipt {
        let payload = Array(text.utf8).withUnsafeBufferPointer { content in
            Payload.make(sender: sender, type: type, content: content, sentAt: wall)
        }
        let draft = Draft(recipient: try Recipient(name), payload: payload, timeToLive: timeToLive, key: key)
        defer { settle() }
        return try state.send(draft, now: now)
    }

    /// Sends several texts.
    func send(_ texts: [String], to name: String = "a") throws {
        for text in texts { try send(text, to: name) }
    }

    // MARK: Reading

    /// Polls, without waiting unless told so.
    ///
    /// What is taken stays under way until it is confirmed or given back.
    func poll(
        _ names: String...,
        mode: ReadMode = .take,
        limit: Int = 100,
        bytesMax: Int? = nil,
        within timeout: Duration? = .zero,
        session: String? = nil,
        isObserving: Bool = false
    ) throws -> Answer {
        let reader = TestReader(isStream: false)
        let request = try request(
            names,
            mode,
            limit: limit,
            bytesMax: bytesMax,
            session: session,
            isObserving: isObserving
        )
        defer { settle() }
        try state.attach(reader, request, wall: wall)
        if let batch = state.collect(reader, now: now) {
            state.leave(reader)
            return .batch(batch)
        }
        guard timeout != .zero else {
            let cursor = state.cursor(of: reader)
            state.leave(reader)
            return .ended(.timedOut, cursor)
        }
        state.wait(reader, until: timeout.map { now + $0 })
        return .waits(reader)
    }

    /// What a reader of these inboxes asks for, of the inbox `a` if none is named.
    private func request(
        _ names: [String],
        _ mode: ReadMode,
        limit: Int,
        bytesMax: Int? = nil,
        session: String?,
        isObserving: Bool = false
    ) throws -> ReadRequest {
        ReadRequest(
            recipients: try (names.isEmpty ? ["a"] : names).map { try Recipient($0) },
            mode: mode,
            limit: limit,
            bytesMax: bytesMax,
            session: session,
            isObserving: isObserving
        )
    }

    /// What there is to take, under way; an empty batch if there is nothing.
    func take(_ name: String = "a", limit: Int = 100) throws -> Batch {
        try poll(name, limit: limit).batch ?? Batch(cursor: .oldest)
    }

    func lease(_ name: String = "a", for lease: Duration = .seconds(30), limit: Int = 100) throws -> Batch {
        try poll(name, mode: .lease(lease), limit: limit).batch ?? Batch(cursor: .oldest)
    }

    func follow(_ name: String = "a", from cursor: Cursor, limit: Int = 100) throws -> Batch {
        switch try poll(name, mode: .follow(cursor), limit: limit) {
        case .batch(let batch): batch
        case .ended(_, let cursor): Batch(cursor: cursor)
        case .waits: preconditionFailure("it was not to wait")
        }
    }

    /// A poll that finds nothing and waits.
    func wait(
        _ names: String...,
        mode: ReadMode = .take,
        limit: Int = 100,
        within timeout: Duration? = nil,
        session: String? = nil
    ) throws -> TestReader {
        let reader = TestReader(isStream: false)
        let request = try request(names, mode, limit: limit, session: session)
        defer { settle() }
        try state.attach(reader, request, wall: wall)
        try #require(state.collect(reader, now: now) == nil, "there was something to read at once")
        state.wait(reader, until: timeout.map { now + $0 })
        return reader
    }

    /// Opens a stream; what it gets is under way until ``wrote(_:)``.
    func stream(
        _ names: String...,
        mode: ReadMode = .followUnread,
        limit: Int = 100,
        session: String? = nil,
        isObserving: Bool = false
    ) throws -> TestReader {
        let reader = TestReader(isStream: true)
        let request = try request(names, mode, limit: limit, session: session, isObserving: isObserving)
        defer { settle() }
        try state.attach(reader, request, wall: wall)
        _ = state.cursor(of: reader)
        state.wait(reader, until: nil)
        state.pause(reader)
        state.resume(reader, now: now)
        return reader
    }

    /// The newest batch of a stream was written.
    func wrote(_ reader: TestReader) {
        if let batch = reader.batches.last { state.confirm(batch, isStream: true, only: reader.onlyInbox, now: now) }
        state.resume(reader, now: now)
        settle()
    }

    func confirm(_ batch: Batch) {
        state.confirm(batch, isStream: false, now: now)
        settle()
    }

    func giveBack(_ batch: Batch) {
        state.giveBack(batch, now: now)
        settle()
    }

    func leave(_ reader: TestReader) {
        state.leave(reader)
        settle()
    }

    // MARK: Everything else

    @discardableResult
    func ack(_ name: String = "a", upTo id: MessageID? = nil, ids: [MessageID] = []) throws -> Int {
        defer { settle() }
        return try state.ack(try Recipient(name), upTo: id, ids: ids, now: now, wall: wall)
    }

    @discardableResult
    func release(_ name: String = "a", ids: [MessageID], after delay: Duration = .zero) throws -> Int {
        defer { settle() }
        return try state.release(try Recipient(name), ids: ids, delay: delay, now: now)
    }

    @discardableResult
    func extend(_ name: String = "a", ids: [MessageID], lease: Duration) throws -> Int {
        defer { settle() }
        return try state.extend(try Recipient(name), ids: ids, lease: lease, now: now)
    }

    func delete(_ name: String = "a") throws {
        state.delete(try Recipient(name))
        settle()
    }

    func drain() {
        state.drain()
        settle()
    }

    var isFanningOut: Bool { state.isFanningOut }
    var nextDeadline: MonotonicInstant? { state.nextDeadline }

    func fanOut(budget: Int) {
        state.fanOut(budget: budget, now: now)
        settle()
    }

    func summary(_ name: String = "a") throws -> InboxSummary {
        state.summary(of: try Recipient(name), wall: wall)
    }

    /// Lets time pass, as a punctual host would.
    func pass(_ duration: Duration) {
        let target = now + duration
        while let next = state.nextDeadline, next <= target { advance(to: max(now, next)) }
        advance(to: target)
    }

    private func advance(to instant: MonotonicInstant) {
        wall.millisecondsSinceEpoch += instant.duration(since: now).wholeNanoseconds / 1_000_000
        now = instant
        state.advance(to: now)
        settle()
    }

    // MARK: Carrying out

    private func settle() {
        if servesFollowers { state.fanOut(budget: .max, now: now) }
        if state.presence.hasChanged { state.settlePresence(now: now) }
        while let action = state.actions.popFirst() ?? state.endings.popFirst() {
            switch action {
            case .deliver(let reader, let batch): (reader as? TestReader)?.batches.append(batch)
            case .end(let reader, let reason, let cursor): (reader as? TestReader)?.ends.append((reason, cursor))
            case .observe(let event): observed.append(event)
            }
        }
        if tellsPresence {
            for news in state.presence.takeNews(budget: .max) { news.watcher.receive(news.presence) }
        }
        do {
            try state.checkInvariants()
        } catch {
            Issue.record("broken: \(error)")
        }
        #expect(budget.bytes == state.heldBytes)
        #expect(budget.bytes <= budget.bytesMax)
    }
}

/// A reader that keeps what it receives.
final class TestReader: Reader, @unchecked Sendable {
    var batches: [Batch] = []
    var ends: [(reason: EndReason, cursor: Cursor)] = []
    private var unwritten = Withheld()

    override var withheld: Withheld {
        get { unwritten }
        set { unwritten = newValue }
    }

    /// What it got, batch by batch.
    var texts: [[String]] { batches.map(\.texts) }
    /// Why it ended, once.
    var reason: EndReason? { ends.count == 1 ? ends[0].reason : nil }
    var isQuiet: Bool { batches.isEmpty && ends.isEmpty }
}

extension Batch {
    var texts: [String] { messages.map(\.text) }
    var ids: [MessageID] { messages.map(\.id) }
}

extension Bench.Answer {
    var batch: Batch? {
        guard case .batch(let batch) = self else { return nil }
        return batch
    }

    var cursor: Cursor? {
        switch self {
        case .batch(let batch): batch.cursor
        case .ended(_, let cursor): cursor
        case .waits: nil
        }
    }
}

extension Cursor {
    /// The same cursor so many messages further on.
    func moved(by count: Int) -> Cursor {
        Cursor(positions.map { MessageID(epoch: $0.epoch, sequence: UInt64(Int($0.sequence) + count)) })
    }
}
