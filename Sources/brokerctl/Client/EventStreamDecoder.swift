/// One event of an event stream.
struct ServerSentEvent: Hashable, Sendable {
    /// The type: "message" unless the stream says otherwise.
    var name: String
    /// The data, lines joined by line feeds.
    var data: String
    /// The last id that the stream has given, this event's or an earlier one's; empty if it gave none.
    var lastEventID: String
}

/// Decodes `text/event-stream` by the WHATWG's rules, however the bytes are cut.
///
/// Lines end with CR, LF or CRLF; a byte order mark at the very start is skipped; what is not UTF-8 becomes U+FFFD;
/// an event that the end of the stream cuts off is never given out. Source: HTML Living Standard, section 9.2.6.
struct EventStreamDecoder {
    /// Milliseconds to wait before connecting again, once the stream has said so.
    private(set) var retryMilliseconds: Int?
    /// The id of the last event that was complete; where to go on from.
    private(set) var lastEventID = ""
    /// Whether a line or an event was larger than allowed; nothing more is decoded then.
    private(set) var isOverflowing = false

    private let bytesMax: Int
    private var line: [UInt8] = []
    private var endedWithReturn = false
    private var isAtStart = true
    private var data: [UInt8] = []
    private var hasData = false
    private var name = ""
    private var newID: String?

    /// Makes a decoder of a new stream.
    ///
    /// - Parameter bytesMax: How large a line, and the data of an event, may be: what the decoder may come to hold.
    init(bytesMax: Int = 16 << 20) {
        self.bytesMax = bytesMax
    }

    /// Takes the next bytes; gives out the events that they complete.
    mutating func decode(_ bytes: [UInt8]) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        var start = bytes.startIndex
        for index in bytes.indices {
            guard !isOverflowing else { return events }
            let byte = bytes[index]
            if endedWithReturn {
                endedWithReturn = false
                // The line feed of a CRLF whose CR has ended the line already.
                if byte == 0x0A {
                    start = index + 1
                    continue
                }
            }
            guard byte == 0x0A || byte == 0x0D else { continue }
            keep(bytes[start..<index])
            start = index + 1
            endedWithReturn = byte == 0x0D
            if let event = endLine() { events.append(event) }
        }
        keep(bytes[start...])
        return events
    }

    private mutating func keep(_ part: ArraySlice<UInt8>) {
        line += part
        if line.count > bytesMax || data.count > bytesMax { isOverflowing = true }
    }

    private mutating func endLine() -> ServerSentEvent? {
        defer { line.removeAll(keepingCapacity: line.count < 65_536) }
        if isAtStart, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        isAtStart = false
        guard !line.isEmpty else { return dispatch() }
        // A line that begins with a colon is a comment: its field has no name.
        let colon = line.firstIndex(of: 0x3A) ?? line.endIndex
        var value = line[min(colon + 1, line.endIndex)...]
        if value.first == 0x20 { value = value.dropFirst() }
        take(field: line[..<colon], value)
        return nil
    }

    private mutating func take(field: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) {
        switch String(decoding: field, as: UTF8.self) {
        case "data":
            if hasData { data.append(0x0A) }
            data += value
            hasData = true
        case "event":
            name = String(decoding: value, as: UTF8.self)
        case "id" where !value.contains(0):
            newID = String(decoding: value, as: UTF8.self)
        case "retry" where !value.isEmpty && value.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }:
            retryMilliseconds = Int(String(decoding: value, as: UTF8.self)) ?? retryMilliseconds
        default:
            break
        }
    }

    /// An empty line ends an event; one without data only leaves its id.
    private mutating func dispatch() -> ServerSentEvent? {
        defer {
            data.removeAll(keepingCapacity: data.count < 65_536)
            hasData = false
            name = ""
            newID = nil
        }
        if let newID { lastEventID = newID }
        guard hasData else { return nil }
        return ServerSentEvent(
            name: name.isEmpty ? "message" : name,
            data: String(decoding: data, as: UTF8.self),
            lastEventID: lastEventID
        )
    }
}
