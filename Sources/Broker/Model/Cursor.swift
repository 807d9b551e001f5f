/// How far a reader has come: where following starts, and what an answer gives back to go on from.
///
/// As text it is opaque to clients: `0`, `now`, or one ``MessageID`` for each recipient of the request, in the order of
/// the request, joined by `~`.
public enum Cursor: Hashable, Sendable {
    /// The oldest message that is kept. On the wire `0`.
    case oldest
    /// Only what comes from now on. On the wire `now`.
    case now
    /// After this message, in an inbox read alone.
    case after(MessageID)
    /// After these messages: one position for each recipient of the request, in its order.
    case afterEach([MessageID])

    /// Reads a cursor from its text.
    ///
    /// - Throws: ``BrokerError`` with `invalidRequest` if it is unreadable.
    public init(_ text: String) throws(BrokerError) {
        var text = text
        let parsed = text.withUTF8 { Cursor(utf8: $0) }
        guard let parsed else {
            throw BrokerError(
                .invalidRequest,
                "cursor '\(text.prefix(80))' is unreadable",
                remedy: "pass on the cursor of an answer as it came, or '0' for the oldest message kept, or 'now'"
            )
        }
        self = parsed
    }

    /// Reads a cursor from the bytes of its text; nil if it is unreadable.
    package init?(utf8 bytes: UnsafeBufferPointer<UInt8>) {
        if bytes.count == 1, bytes[0] == UInt8(ascii: "0") {
            self = .oldest
            return
        }
        if bytes.elementsEqual("now".utf8) {
            self = .now
            return
        }
        guard bytes.contains(UInt8(ascii: "~")) else {
            guard let position = MessageID(utf8: bytes) else { return nil }
            self = .after(position)
            return
        }
        var positions: [MessageID] = []
        for part in bytes.split(separator: UInt8(ascii: "~"), omittingEmptySubsequences: false) {
            guard let position = MessageID(utf8: UnsafeBufferPointer(rebasing: part)) else { return nil }
            positions.append(position)
        }
        self = .afterEach(positions)
    }

    /// Makes a cursor of one position or more.
    package init(_ positions: [MessageID]) {
        self = positions.count == 1 ? .after(positions[0]) : .afterEach(positions)
    }

    /// The positions, one for each recipient; empty for ``oldest`` and ``now``.
    package var positions: [MessageID] {
        switch self {
        case .oldest, .now: []
        case .after(let position): [position]
        case .afterEach(let positions): positions
        }
    }
}

extension Cursor: CustomStringConvertible {
    /// The text that stands on the wire.
    public var description: String {
        switch self {
        case .oldest: "0"
        case .now: "now"
        case .after(let position): position.description
        case .afterEach(let positions): positions.map(\.description).joined(separator: "~")
        }
    }
}
