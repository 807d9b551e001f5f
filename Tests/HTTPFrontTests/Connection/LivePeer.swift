import Dispatch
import Testing

@testable import HTTPFront

/// A client with threads of its own: where it blocks, it holds up nobody else.
///
/// Unchecked: a socket may be read and written at once, and a test closes it when it does neither.
final class LivePeer: @unchecked Sendable {
    private var peer: RawPeer?
    /// What was received and not yet asked for.
    private var input = Input()
    private let reading = DispatchQueue(label: "reading")
    private let writing = DispatchQueue(label: "writing")

    init(_ address: SocketAddress, receiveBytes: Int32? = nil) throws {
        peer = try RawPeer(address, receiveBytes: receiveBytes)
    }

    private func run<Value: Sendable>(
        on queue: DispatchQueue,
        _ body: @escaping @Sendable (borrowing RawPeer) -> Value
    ) async throws -> Value {
        let value = await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: self.withPeer(body))
            }
        }
        guard let value else { throw LiveFailure("the peer has left already") }
        return value
    }

    private func withPeer<Value>(_ body: (borrowing RawPeer) -> Value) -> Value? {
        switch peer {
        case .some(let peer): body(peer)
        case nil: nil
        }
    }

    /// Sends all of a text.
    func send(_ text: String) async throws {
        try await send(Array(text.utf8))
    }

    /// Sends all of some bytes.
    func send(_ bytes: [UInt8]) async throws {
        let sent = try await run(on: writing) { $0.send(bytes) }
        guard sent == bytes.count else { throw LiveFailure("\(sent) of \(bytes.count) bytes were sent") }
    }

    /// Reads so many bytes as text; fewer if the stream ends before.
    func receive(_ count: Int) async throws -> String {
        let bytes = try await run(on: reading) { peer in
            while self.input.count < count, self.receiveMore(peer) {}
            return self.input.take(min(count, self.input.count))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads up to and including `end`.
    ///
    /// - Throws: ``LiveFailure`` with what came if the stream ends before.
    func receive(through end: String) async throws -> String {
        let end = Array(end.utf8)
        let (bytes, isComplete) = try await run(on: reading) { peer in
            var searched = 0
            while true {
                if let place = self.input.place(behind: end, from: searched) { return (self.input.take(place), true) }
                searched = max(0, self.input.count - end.count)
                guard self.receiveMore(peer) else { return (self.input.take(self.input.count), false) }
            }
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard isComplete else { throw LiveFailure("the stream ended after '\(text.suffix(1000))'") }
        return text
    }

    private func receiveMore(_ peer: borrowing RawPeer) -> Bool {
        let bytes = peer.receiveSome(16_384)
        input.append(bytes)
        return !bytes.isEmpty
    }

    /// Reads the next answer; one to a HEAD request has no body, whatever length it tells.
    func answer(hasBody: Bool = true) async throws -> LiveAnswer {
        let head = try await receive(through: "\r\n\r\n")
        var answer = try LiveAnswer(head: head)
        if hasBody, let length = answer["Content-Length"].flatMap({ Int($0) }) {
            answer.body = try await receive(length)
        }
        return answer
    }

    /// Reads a stream's head and how it begins, which stands in the body then.
    @discardableResult
    func beginning() async throws -> LiveAnswer {
        var answer = try await answer()
        switch answer["Content-Type"] {
        case "text/event-stream": answer.body = try await receive(through: "\n\n")
        case "application/x-ndjson": answer.body = try await receive(through: "\n")
        default: answer.body = try await receive(through: "</script>\n")
        }
        return answer
    }

    /// Sends a request and reads its answer.
    func exchange(_ request: String, hasBody: Bool = true) async throws -> LiveAnswer {
        try await send(request)
        return try await answer(hasBody: hasBody)
    }

    /// Waits for the end of the stream: true at its end, false if something comes or the connection is reset.
    func reachesEnd() async throws -> Bool {
        try await run(on: reading) { self.input.count == 0 && $0.reachesEnd() }
    }

    /// Tells the server that nothing more will come.
    func finishSending() async throws { try await run(on: writing) { $0.finishSending() } }

    /// Closes; what was not read makes the system send a reset.
    func leave() async {
        await withCheckedContinuation { continuation in
            writing.async {
                self.peer.take()?.leave()
                continuation.resume()
            }
        }
    }

    /// Closes with a reset.
    func reset() async {
        await withCheckedContinuation { continuation in
            writing.async {
                self.peer.take()?.reset()
                continuation.resume()
            }
        }
    }
}

/// Bytes that are taken from the front.
private struct Input {
    private var bytes: [UInt8] = []
    private var start = 0

    var count: Int { bytes.count - start }

    mutating func append(_ more: [UInt8]) {
        if start > 1 << 20 {
            bytes.removeFirst(start)
            start = 0
        }
        bytes += more
    }

    mutating func take(_ count: Int) -> [UInt8] {
        defer { start += count }
        return Array(bytes[start..<start + count])
    }

    /// How many bytes there are up to and including the first `end`, looked for from `offset` on.
    func place(behind end: [UInt8], from offset: Int) -> Int? {
        guard count >= end.count, let last = end.last else { return nil }
        for index in (start + offset)...(bytes.count - end.count)
        where bytes[index + end.count - 1] == last && bytes[index..<index + end.count].elementsEqual(end) {
            return index + end.count - start
        }
        return nil
    }
}

/// An answer, taken apart.
struct LiveAnswer: CustomStringConvertible {
    let status: Int
    let fields: [(name: String, value: String)]
    var body = ""

    init(head: String) throws {
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: true)
        guard let first = lines.first, first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3))
        else {
            throw LiveFailure("this is no head: '\(head)'")
        }
        self.status = status
        fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            return (parts[0], parts.count > 1 ? String(parts[1].drop(while: { $0 == " " })) : "")
        }
    }

    /// The value of a header field.
    subscript(name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    var description: String { "\(status) \(body)" }
}
