internal import Broker

/// A stream over a connection: how it is written, and where its readers are.
///
/// Confined to its loop; unchecked because callbacks that come back to the loop hold it.
final class EventStream: @unchecked Sendable {
    let recipients: [Recipient]
    let encoder: StreamEncoder
    /// A reader in each shard that holds one of the inboxes.
    let parts: [Part]
    /// The position in each inbox, in the order of the request, behind what was written.
    var positions: [MessageID]
    /// The position that the request gave, if it gave one.
    private let requested: Cursor?
    /// Whether the head has been written; what comes before waits.
    var hasBegun = false
    /// Why it ends, if that was known before it began.
    var endReason: EndReason?
    /// The batch whose write is under way.
    @exclusivity(unchecked) var writing: Writing?
    /// Batches that wait for it.
    @exclusivity(unchecked) var waiting: [Writing] = []
    var pingsAt = MonotonicInstant.distantFuture
    /// Whose coming and going it tells, who watches them in which shard, and what is yet to be told.
    let presence: [Recipient]
    var watchers: [(PresenceWatcher, Int)] = []
    var untoldPresence: [Recipient: Bool] = [:]

    struct Part {
        let reader: StreamReader
        let request: Broker.Part
    }

    struct Writing {
        let part: Int
        let batch: Batch
    }

    init(
        _ query: StreamQuery,
        _ requests: [Broker.Part],
        sink: any StreamSink,
        randomness: inout any RandomNumberGenerator & Sendable
    ) {
        recipients = query.request.recipients
        presence = query.presence
        let nonce =
            query.format == .iframe
            ? String(randomness.next(), radix: 36) + String(randomness.next(), radix: 36)
            : ""
        encoder = StreamEncoder(
            format: query.format,
            callback: query.callback,
            nonce: nonce,
            isComposite: recipients.count > 1,
            tellsPositions: query.request.mode != .take
        )
        parts = requests.enumerated().map { Part(reader: StreamReader(sink: sink, part: $0), request: $1) }
        positions = []
        guard case .follow(let cursor) = query.request.mode, !cursor.positions.isEmpty else {
            requested = nil
            return
        }
        requested = cursor
    }

    /// Where to go on from if nothing is written.
    ///
    /// A position that the request gave stays as it was: if it is answered with a gap or a reset and that does not
    /// arrive, the next request is told again.
    var openingCursor: Cursor { requested ?? cursor }

    /// Where to go on from.
    var cursor: Cursor { Cursor(positions) }

    /// Writes a batch.
    func write(_ writing: Writing, _ rendered: RenderedMessage, _ output: ByteBuffer) {
        let batch = writing.batch
        let hasMessages = !batch.messages.isEmpty
        if !hasMessages { parts[writing.part].request.put(batch.cursor, into: &positions) }
        if batch.isReset { encoder.reset(cursor, output) }
        if batch.lost > 0 { encoder.gap(batch.lost, cursor, output) }
        guard recipients.count > 1 else {
            for message in batch.messages { encoder.message(message, .after(message.id), rendered, output) }
            return
        }
        for message in batch.messages {
            if let place = recipients.firstIndex(of: message.recipient) { positions[place] = message.id }
            encoder.message(message, cursor, rendered, output)
        }
        parts[writing.part].request.put(batch.cursor, into: &positions)
    }
}
