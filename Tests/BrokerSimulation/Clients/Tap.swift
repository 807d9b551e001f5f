#if os(Linux)
/// Listens to what the server says on one connection, where it says it, and reads it as a client of the contract would.
///
/// What it hears goes to the ledger at once, and to the client when its program has read so far.
final class Tap {
    private enum State {
        case head
        case body(status: Int, remaining: Int)
        case stream(Format)
        /// After an answer with which the server ends the connection.
        case ended
        /// What is said to half a request.
        case ignored
    }

    unowned let link: Link
    private(set) var exchanges: [Exchange] = []
    private var answered = 0
    private var state = State.head
    private var buffer: [UInt8] = []
    private(set) var heardTotal = 0
    private var isClosing = false
    private var isOneWrite = true
    /// What the client will know when it has read so far.
    private var news: [(offset: Int, () -> Void)] = []
    private let generation: Int
    /// Whether the server that it listens to has ended.
    private var isMuted: Bool { generation != ledger.generation }

    private var world: World { link.world }
    private var ledger: Ledger { link.world.ledger }

    init(link: Link) {
        self.link = link
        generation = link.world.ledger.generation
    }

    /// The request that is to be answered next.
    var current: Exchange? { answered < exchanges.count ? exchanges[answered] : nil }

    var isIdle: Bool { current == nil }

    func add(_ exchange: Exchange) {
        if answered > 64 {
            exchanges.removeFirst(answered)
            answered = 0
        }
        exchanges.append(exchange)
    }

    /// The client learns something when it has read everything heard so far.
    func tellClient(_ body: @escaping () -> Void) {
        news.append((heardTotal, body))
    }

    func clientRead(through offset: Int) {
        var count = 0
        while count < news.count, news[count].offset <= offset {
            news[count].1()
            count += 1
        }
        if count > 0 { news.removeFirst(count) }
    }

    // MARK: The server's side

    func serverReceived() {
        guard !isMuted else { return }
        for exchange in exchanges[answered...] where !exchange.isReceived && link.receivedTotal >= exchange.end {
            exchange.isReceived = true
            exchange.beganAt = world.now
            ledger.received(exchange)
        }
        beginNext()
    }

    /// What could not be written has been.
    func serverWasUnblocked() {
        beginNext()
    }

    private func beginNext() {
        if case .ended = state { return }
        // Nothing more is looked at until the answer before has been written.
        guard !link.isBlocked, let next = current, !next.isBegun, link.receivedTotal >= next.end, !isMuted else {
            return
        }
        begin(next)
    }

    private func begin(_ next: Exchange) {
        world.note("connection \(link.number): request \(next.number) has been received")
        next.isBegun = true
        next.beganAt = world.now
        ledger.begun(next)
    }

    func serverKnowsWhatArrived() {
        guard !isMuted else { return }
        world.note("connection \(link.number): \(link.confirmedThrough) bytes have arrived, as the server knows")
        ledger.settle(link, isClosed: false)
    }

    func serverClosed() {
        guard !isMuted else { return }
        world.note("connection \(link.number) is closed by the server")
        ledger.closed(link)
        for exchange in exchanges[answered...] {
            exchange.isOver = true
            if exchange.isReceived { ledger.abandoned(exchange) }
        }
    }

    /// The server has said `bytes`, or would have.
    ///
    /// `isOneWrite` says whether they were written at once, and not kept back by the server before.
    func heard(_ bytes: UnsafeRawBufferPointer, isOneWrite: Bool) {
        guard !isMuted else { return }
        world.hash(bytes, of: link.number)
        world.note("connection \(link.number) hears \(text(bytes).debugDescription)")
        buffer.append(contentsOf: bytes)
        heardTotal += bytes.count
        self.isOneWrite = isOneWrite
        world.attempt { () throws(Violation) in while try readOn() {} }
    }

    private func readOn() throws(Violation) -> Bool {
        switch state {
        case .head:
            guard let end = buffer.firstRange(ofEmptyLine: 0) else { return false }
            try readHead(String(decoding: buffer[..<end], as: UTF8.self))
            buffer.removeFirst(end + 4)
            return true
        case .body(let status, let remaining):
            guard buffer.count >= remaining else { return false }
            let body = Array(buffer[..<remaining])
            buffer.removeFirst(remaining)
            state = isClosing ? .ended : .head
            try answer(status, body)
            return true
        case .stream(let format):
            return try readStream(format)
        case .ignored: return false
        case .ended:
            guard buffer.isEmpty else { throw Violation("the server says more after the end: \(text(buffer))") }
            return false
        }
    }

    private func readHead(_ head: String) throws(Violation) {
        let lines = head.split(separator: "\r\n")
        guard lines[0].hasPrefix("HTTP/1.1 "), let status = Int(lines[0].dropFirst(9).prefix(3)) else {
            throw Violation("an answer begins with \(lines[0])")
        }
        if current == nil, status == 408, link.isSilenced {
            state = .ignored
            return
        }
        // Answers that were made together are written together, even if only a part of them fits.
        if let current, current.isReceived, !current.isBegun { begin(current) }
        guard let exchange = current, exchange.isBegun || status >= 400 else {
            throw Violation("connection \(link.number): an answer that nobody asked for: \(head)")
        }
        var length: Int?
        for line in lines.dropFirst() {
            if line.hasPrefix("Content-Length: ") { length = Int(line.dropFirst(16)) }
            if line == "Connection: close" { isClosing = true }
        }
        if exchange.isStream, status == 200 {
            guard case .read(let read) = exchange.ask else { return }
            exchange.isStreaming = true
            state = .stream(read.format)
            return try ledger.streamBegan(exchange)
        }
        guard let length = status == 204 ? 0 : length else { throw Violation("an answer without a length: \(head)") }
        state = .body(status: status, remaining: length)
    }

    private func answer(_ status: Int, _ body: [UInt8]) throws(Violation) {
        guard let exchange = current else { return }
        answered += 1
        exchange.isAnswered = true
        exchange.isOver = true
        try ledger.answered(exchange, status, body, through: wayThrough)
        beginNext()
    }

    /// Where the write ends whose words are understood: it arrives as a whole.
    ///
    /// If it had to wait for the client there may be several writes in it, and which of them it was is not known.
    private var wayThrough: ClosedRange<Int> { (isOneWrite ? heardTotal : heardTotal - buffer.count)...heardTotal }

    private func readStream(_ format: Format) throws(Violation) -> Bool {
        guard let exchange = current else { return false }
        switch format {
        case .sse:
            guard let end = buffer.firstRange(ofPair: 10) else { return false }
            let lines = String(decoding: buffer[..<end], as: UTF8.self).split(separator: "\n")
            buffer.removeFirst(end + 2)
            try event(lines, exchange)
        case .ndjson:
            guard let end = buffer.firstIndex(of: 10) else { return false }
            let json = JSON.parse(buffer[..<end])
            buffer.removeFirst(end + 1)
            try object(json, exchange)
        case .iframe:
            guard let end = buffer.firstIndex(of: 10) else { return false }
            let line = Array(buffer[..<end])
            buffer.removeFirst(end + 1)
            let script = Array("<script nonce=\"".utf8)
            if line.starts(with: script) {
                guard let open = line.firstIndex(of: UInt8(ascii: "(")), end > 10 else {
                    throw Violation("a script without a call: \(text(line))")
                }
                let inside = line[(open + 1)..<(end - 10)]
                guard !inside.contains(UInt8(ascii: "<")) else { throw Violation("a script holds '<': \(text(line))") }
                try object(JSON.parse(inside), exchange)
            }
        }
        return true
    }

    private func event(_ lines: [Substring], _ exchange: Exchange) throws(Violation) {
        var name = "message"
        var id: String?
        var data: Substring?
        for line in lines {
            if line.hasPrefix("event: ") {
                name = String(line.dropFirst(7))
            } else if line.hasPrefix("id: ") {
                id = String(line.dropFirst(4))
            } else if line.hasPrefix("data: ") {
                data = line.dropFirst(6)
            } else if !line.hasPrefix("retry: ") {
                throw Violation("a stream says \(line)")
            }
        }
        guard let data else { return }
        guard let json = JSON.parse(Array(data.utf8)) else { throw Violation("data is no JSON: \(data)") }
        try said(name, json, id, exchange)
    }

    private func object(_ json: JSON?, _ exchange: Exchange) throws(Violation) {
        guard let json else { throw Violation("connection \(link.number): a stream says something that is no JSON") }
        if let name = json["event"]?.text { return try said(name, json, json["cursor"]?.text, exchange) }
        guard case .read(let read) = exchange.ask else { return }
        let own = read.recipients.count == 1 && !read.takes ? json["id"]?.text : nil
        try said("message", json, json["cursor"]?.text ?? own, exchange)
    }

    private func said(_ name: String, _ json: JSON, _ cursor: String?, _ exchange: Exchange) throws(Violation) {
        if name == "bye" {
            answered += 1
            exchange.isOver = true
            exchange.isAnswered = true
            state = .ended
        }
        try ledger.streamed(exchange, name, json, cursor, through: wayThrough)
    }
}

func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

extension [UInt8] {
    /// Where the first empty line begins, as HTTP writes it.
    fileprivate func firstRange(ofEmptyLine start: Int) -> Int? {
        guard count >= 4 else { return nil }
        for place in start...(count - 4)
        where self[place] == 13 && self[place + 1] == 10 && self[place + 2] == 13 && self[place + 3] == 10 {
            return place
        }
        return nil
    }

    fileprivate func firstRange(ofPair byte: UInt8) -> Int? {
        guard count >= 2 else { return nil }
        for place in 0...(count - 2) where self[place] == byte && self[place + 1] == byte { return place }
        return nil
    }
}

/// Something that the server must not do.
public struct Violation: Error, CustomStringConvertible {
    /// What it did, and what it should have done.
    public let description: String

    /// The same script was run twice and was not the same run.
    public static let notRepeated = Violation("two runs of the same script differ")

    init(_ description: String) {
        self.description = description
    }
}
#endif
