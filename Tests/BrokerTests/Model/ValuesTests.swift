import BrokerTestSupport
import Testing

@testable import Broker

@Suite struct ValuesTests {
    private func payload(_ content: [UInt8], sender: String? = nil, type: String? = nil) -> Payload {
        content.withUnsafeBufferPointer { bytes in
            Payload.make(
                sender: sender,
                type: type,
                content: bytes,
                sentAt: WallInstant(millisecondsSinceEpoch: 1_795_241_728_123)
            )
        }
    }

    private func message(_ name: String, _ sequence: UInt64, at milliseconds: Int64) throws -> Message {
        let payload = [].withUnsafeBufferPointer { bytes in
            Payload.make(
                sender: nil,
                type: nil,
                content: bytes,
                sentAt: WallInstant(millisecondsSinceEpoch: milliseconds)
            )
        }
        let epoch = Epoch(bits: UInt64(name.utf8.reduce(0) { $0 + Int($1) }))
        return Message(
            id: MessageID(epoch: epoch, sequence: sequence),
            recipient: try Recipient(name),
            attempt: 0,
            payload: payload
        )
    }

    @Test func `a message says what was sent, byte for byte`() throws {
        let content: [UInt8] = [0, 255, 10, 34, 0xE2, 0x80, 0xA8]
        let message = Message(
            id: MessageID(epoch: Epoch(bits: 1), sequence: 1),
            recipient: try Recipient("a"),
            attempt: 0,
            payload: payload(content, sender: "séñder", type: "t")
        )
        #expect(message.content == content)
        #expect(message.sender == "séñder")
        #expect(message.type == "t")
        #expect(message.sentAt.millisecondsSinceEpoch == 1_795_241_728_123)
        #expect(message.payload.byteCount == content.count + 8 + 1)
    }

    @Test func `an empty message is one, too`() throws {
        let message = Message(
            id: MessageID(epoch: Epoch(bits: 1), sequence: 1),
            recipient: try Recipient("a"),
            attempt: 0,
            payload: payload([])
        )
        #expect(message.content == [])
        #expect(message.text == "")
        #expect(message.sender == nil)
        #expect(message.type == nil)
        #expect(message.payload.byteCount == 0)
    }

    @Test func `sorting by time keeps the order of each inbox, whatever the clock did`() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<200 {
            var batch = Batch(cursor: .oldest)
            for name in ["a", "b", "c"] {
                for sequence in 1...UInt64(random.number(1...12)) {
                    batch.messages.append(try message(name, sequence, at: Int64(random.number(0...30))))
                }
            }
            batch.sortBySendingTime()
            for name in ["a", "b", "c"] {
                let sequences = batch.messages.filter { $0.recipient.name == name }.map(\.id.sequence)
                #expect(sequences == Array(1...UInt64(sequences.count)))
            }
        }
    }

    @Test func `instants at the end of time stay there`() {
        let instant = MonotonicInstant(nanoseconds: .max - 5)
        #expect(instant + .nanoseconds(6) == .distantFuture)
        #expect(instant + .nanoseconds(4) == MonotonicInstant(nanoseconds: .max - 1))
        #expect(instant + .seconds(Int64.max) == .distantFuture)
        #expect(instant.duration(since: MonotonicInstant(nanoseconds: 0)) == .nanoseconds(Int64.max - 5))
    }

    @Test func `a duration beyond 64 bits of nanoseconds is cut`() {
        #expect(Duration.seconds(Int64.max).wholeNanoseconds == .max)
        #expect(Duration.seconds(Int64.min).wholeNanoseconds == .min)
        #expect(Duration.seconds(-3).wholeNanoseconds == -3_000_000_000)
        #expect((Duration.nanoseconds(7) + .nanoseconds(1) / 2).wholeNanoseconds == 7)
    }

    @Test func `statistics add up field by field`() {
        var part = Statistics()
        withUnsafeMutableBytes(of: &part) { bytes in
            // All fields but the last are integers; each gets another value, so that one which was forgotten shows.
            let integers = bytes[..<(MemoryLayout<Statistics>.offset(of: \.lag) ?? 0)]
            for (index, field) in integers.bindMemory(to: Int.self).indices.enumerated() {
                bytes.storeBytes(of: index + 1, toByteOffset: field * MemoryLayout<Int>.stride, as: Int.self)
            }
        }
        part.lag = ReaderLag(messages: 3, age: .seconds(4))
        var sum = Statistics()
        sum += part
        #expect(sum == part)
        #expect(sum != Statistics())
        part.lag = ReaderLag(messages: 7, age: .seconds(1))
        sum += part
        #expect(sum.lag == ReaderLag(messages: 7, age: .seconds(4)))
    }

    @Test func `an error says what was found and what to do`() {
        let error = BrokerError(.inboxFull, "inbox 'a' is full", remedy: "poll some")
        #expect("\(error)" == "inbox 'a' is full; poll some")
        #expect(
            BrokerError.Code.allCases.map(\.rawValue) == [
                "invalid_request", "not_found", "too_large", "key_reused", "inbox_full", "draining", "broker_full",
            ]
        )
    }

    @Test func `durations are cut to whole nanoseconds, and never beyond what there is room for`() {
        let attoseconds: [(Duration, Int64)] = [
            (.zero, 0), (.nanoseconds(1), 1), (Duration(secondsComponent: 0, attosecondsComponent: 999_999_999), 0),
            (Duration(secondsComponent: 0, attosecondsComponent: 1_000_000_001), 1), (.nanoseconds(-1), -1),
            (.seconds(1) - .nanoseconds(1), 999_999_999), (.seconds(9_223_372_036), 9_223_372_036_000_000_000),
            (.seconds(9_223_372_036) + .nanoseconds(854_775_807), .max), (.seconds(9_223_372_037), .max),
            (.seconds(Int64.max), .max), (.seconds(-9_223_372_037), .min), (.seconds(Int64.min), .min),
        ]
        for (duration, expected) in attoseconds { #expect(duration.wholeNanoseconds == expected, "\(duration)") }
    }

    @Test func `ids are read as they are written, at every number of digits`() {
        /// Powers of `base` with what stands beside them.
        func borders(of base: UInt64, upTo bound: UInt64) -> [UInt64] {
            var borders: [UInt64] = []
            var power: UInt64 = 1
            while power < bound {
                borders += [power - 1, power, power + 1]
                power *= base
            }
            return borders + [bound]
        }
        for bits in borders(of: 62, upTo: 0xFF_FFFF_FFFF) where bits > 0 {
            for sequence in borders(of: 10, upTo: 999_999_999_999_999_999) {
                let id = MessageID(epoch: Epoch(bits: bits), sequence: sequence)
                #expect(MessageID(id.description) == id, "\(id)")
            }
        }
    }
}
