/// Finds and checks the head of one request, in bytes that may come in pieces of any size.
///
/// The first call reads the bytes once, and if the whole head is there, that is all. If it is not, the parser keeps
/// a few words, goes on from where it stopped when it is called with more, and reads the head once more when it is
/// complete, to collect its ranges. So feeding is linear in the bytes however they are cut; and what is refused, and
/// why, does not depend on the cuts, since every rule is checked at the first byte that breaks it, by the same code.
package struct HeadParser: Sendable {
    let requestLineBytesMax: Int32
    let headerBytesMax: Int32
    let headerFieldsMax: Int32
    let bodyBytesMax: Int
    private var progress = Progress()

    /// How far a head has been read.
    struct Progress {
        var state = State.start
        var minorVersion: UInt8 = 1
        var fieldCount: UInt16 = 0
        /// Header fields that were met and that may come once, and what Connection said.
        var seen = SeenFields()
        /// The first byte that has not been dealt with.
        var position: Int32 = 0
        /// The first byte of the current line.
        var lineStart: Int32 = 0
        /// Behind the method, or behind a field's name.
        var nameEnd: Int32 = 0
        /// The first byte of the query; 0 without one.
        var queryStart: Int32 = 0
        /// The first byte that would be too far, by the limit of the part that is being read.
        var boundary: Int32 = 0
    }

    /// What the next byte belongs to; first the states of the request line, then those of the fields.
    enum State: UInt8 {
        case start
        case leadingLineFeed
        case method
        case target
        case path
        case query
        case version
        case requestLineReturn
        case requestLineFeed
        case lineStart
        case fieldName
        case fieldValue
        case fieldLineFeed
        case endLineFeed
    }

    /// Makes a parser for the first request of a connection.
    package init(limits: HTTPLimits) {
        // Offsets have 32 bits and the count of fields has 16.
        requestLineBytesMax = Int32(min(limits.requestLineBytesMax, 1 << 29))
        headerBytesMax = Int32(min(limits.headerBytesMax, 1 << 29))
        headerFieldsMax = Int32(min(limits.headerFieldsMax, 65535))
        bodyBytesMax = limits.bodyBytesMax
    }

    /// Forgets what it has read, for the next request.
    ///
    /// A parser that has returned a head has done so already.
    package mutating func reset() {
        progress = Progress()
    }

    /// Reads the head at the start of `bytes`.
    ///
    /// - Parameter bytes: All that came for this request so far: the bytes of the call before, and more.
    /// - Returns: The head, or nil if more bytes are needed.
    /// - Throws: ``RequestRefusal``, at the first byte that breaks a rule; the parser is of no use then until reset.
    /// - Complexity: O(n) in bytes that are new, and once O(n) in all.
    package mutating func parse(_ bytes: Span<UInt8>) throws(RequestRefusal) -> RequestHead? {
        var head = RequestHead()
        let isFresh = progress.position == 0
        guard try advance(bytes, &head) else { return nil }
        if !isFresh {
            // The pieces before were forgotten, except for what the rules need.
            progress = Progress()
            head = RequestHead()
            guard try advance(bytes, &head) else { preconditionFailure("a head that was complete no longer is") }
        }
        progress = Progress()
        return head
    }

    /// Goes on reading; returns whether the head is complete.
    private mutating func advance(_ bytes: Span<UInt8>, _ head: inout RequestHead) throws(RequestRefusal) -> Bool {
        precondition(bytes.count <= Int32.max, "\(bytes.count) bytes are no head")
        var now = progress
        var position = Int(now.position)
        if try readRequestLine(bytes, from: &position, &now, &head), try readFields(bytes, from: &position, &now, &head)
        {
            return true
        }
        now.position = Int32(truncatingIfNeeded: position)
        progress = now
        return false
    }
}
