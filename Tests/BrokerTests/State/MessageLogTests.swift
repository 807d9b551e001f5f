import BrokerTestSupport
import Testing

@testable import Broker

@Suite struct MessageLogTests {
    private let payload = [].withUnsafeBufferPointer { bytes in
        Payload.make(sender: nil, type: nil, content: bytes, sentAt: WallInstant(millisecondsSinceEpoch: 0))
    }

    private func entry(_ sequence: UInt64) -> LogEntry {
        LogEntry(payload: payload, sequence: sequence, expires: .distantFuture)
    }

    private func sequences(_ log: borrowing MessageLog) -> [UInt64] {
        log.indices.compactMap { log[$0].payload == nil ? nil : log[$0].sequence }
    }

    @Test(arguments: UInt64(0)..<40)
    func `a log does what an array does`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var log = MessageLog()
        var kept: [UInt64] = []
        var last: UInt64 = UInt64(random.number(0...5))
        for _ in 0..<300 {
            if random.chance(55) {
                last += 1
                log.append(entry(last))
                kept.append(last)
            } else {
                for _ in 0..<random.number(1...6) where !kept.isEmpty {
                    let place = random.chance(50) ? 0 : random.number(0...kept.count - 1)
                    let sequence = kept.remove(at: place)
                    guard let index = log.index(of: sequence) else {
                        Issue.record("\(sequence) is not found")
                        return
                    }
                    log.remove(at: index)
                }
                log.tidy()
            }
            #expect(sequences(log) == kept)
            #expect(log.count == kept.count)
            #expect(log.first == kept.first)
            let wanted = UInt64(random.number(0...Int(last) + 2))
            #expect(log.index(of: wanted).map { log[$0].sequence } == (kept.contains(wanted) ? wanted : nil))
            let from = log.index(notBefore: wanted)
            #expect(
                sequences(log).filter { $0 >= wanted }
                    == (from..<log.indices.upperBound).compactMap { index in
                        log[index].payload == nil ? nil : log[index].sequence
                    }
            )
        }
    }

    @Test(arguments: UInt64(0)..<60)
    func `a log that grows, is holed and shrinks, wherever in its ring it stands, keeps what an array keeps`(
        seed: UInt64
    ) {
        var random = SeededGenerator(seed: seed)
        var log = MessageLog()
        var kept: [UInt64] = []
        var last: UInt64 = 0
        for _ in 0..<12 {
            let appends = random.number(20...95)
            for _ in 0..<60 {
                if random.chance(appends) {
                    last += 1
                    log.append(entry(last))
                    kept.append(last)
                } else {
                    for _ in 0..<min(kept.count, random.number(1...40)) {
                        let place = random.chance(20) ? 0 : random.number(0...kept.count - 1)
                        log.remove(at: log.index(notBefore: kept.remove(at: place)))
                    }
                    log.tidy()
                }
                #expect(log.capacity <= max(8, log.indices.count * 3))
            }
            #expect(sequences(log) == kept, "seed \(seed)")
            #expect(kept.allSatisfy { log.index(of: $0) != nil }, "seed \(seed)")
        }
    }

    @Test func `a log lets go of each message once`() {
        weak var storage: AnyObject?
        do {
            let payload = Payload.make(
                sender: nil,
                type: nil,
                content: UnsafeBufferPointer(start: nil, count: 0),
                sentAt: WallInstant(millisecondsSinceEpoch: 0)
            )
            storage = Mirror(reflecting: payload).children.first.map { $0.value as AnyObject }
            var log = MessageLog()
            for sequence in 1...UInt64(200) {
                log.append(LogEntry(payload: payload, sequence: sequence, expires: .distantFuture))
            }
            // Some at the front, most from the middle, so that the ring wraps, closes its holes and shrinks.
            for sequence in 1...UInt64(60) { log.remove(at: log.index(notBefore: sequence)) }
            log.tidy()
            for sequence in 201...UInt64(300) {
                log.append(LogEntry(payload: payload, sequence: sequence, expires: .distantFuture))
            }
            for sequence in 62...UInt64(290) {
                log.remove(at: log.index(notBefore: sequence))
                if sequence % 7 == 0 { log.tidy() }
            }
            log.tidy()
            #expect(log.count == 11)
            #expect(storage != nil)
        }
        #expect(storage == nil)
    }

    @Test func `an entry has 40 bytes`() {
        // What Cost.message was measured with.
        #expect(MemoryLayout<LogEntry>.stride == 40)
    }

    @Test func `an answer that reaches back further than is noted counts as shorter, never as longer`() {
        var log = MessageLog()
        for sequence in 1...70_000 { log.append(entry(UInt64(sequence))) }
        log.noteAnswer(from: 0, to: 70_000)
        #expect(log.confirm(through: 70_000) == 70_000 - 65_534..<70_000)
        #expect(log.confirm(through: 70_000) == nil)
    }

    /// Answers that were noted and messages that went, in any order; what of it a cursor is to confirm.
    private struct Confirming: ~Copyable {
        var log = MessageLog()
        var kept = Set(UInt64(1)...60)
        var answers: [(start: UInt64, end: UInt64)] = []

        func confirmed(through position: UInt64) -> [UInt64] {
            let before = kept.filter { $0 <= position }.max()
            let behind = kept.filter { $0 > position }.min() ?? .max
            let starts = answers.filter { $0.end >= before ?? .max && $0.end < behind }.map(\.start)
            return starts.max().map { start in kept.filter { $0 > start && $0 <= position } }?.sorted() ?? []
        }
    }

    private func confirming(seed: UInt64) -> Confirming {
        var random = SeededGenerator(seed: seed)
        var all = Confirming()
        for sequence in 1...60 { all.log.append(entry(UInt64(sequence))) }
        for _ in 0..<40 {
            if random.chance(50) {
                let end = UInt64(random.number(1...60))
                let start = end - UInt64(random.number(0...Int(end)))
                all.log.noteAnswer(from: start, to: end)
                all.answers.append((start, end))
            } else {
                for sequence in all.kept.sorted() where random.chance(8) {
                    if let index = all.log.index(of: sequence) { all.log.remove(at: index) }
                    all.kept.remove(sequence)
                }
                all.log.tidy()
            }
        }
        return all
    }

    @Test(arguments: UInt64(0)..<40)
    func `a cursor is confirmed alike, whatever became of the messages around it`(seed: UInt64) {
        for position in UInt64(1)...60 {
            var all = confirming(seed: seed)
            let told = all.log.confirm(through: position) ?? 0..<0
            let seen = told.compactMap { all.log[$0].payload == nil ? nil : all.log[$0].sequence }
            #expect(seen == all.confirmed(through: position), "seed \(seed), position \(position)")
        }
    }

    @Test func `holes are closed before they outnumber the messages`() {
        var log = MessageLog()
        for sequence in 1...1000 { log.append(entry(UInt64(sequence))) }
        for sequence in 2...999 {
            if let index = log.index(of: UInt64(sequence)) { log.remove(at: index) }
            log.tidy()
            #expect(log.holes <= log.count + 8)
        }
        #expect(sequences(log) == [1, 1000])
        #expect(log.indices.count <= 20)
    }

    @Test func `a burst that has been read leaves no memory behind`() {
        var log = MessageLog()
        for sequence in 1...1000 { log.append(entry(UInt64(sequence))) }
        for index in log.indices { log.remove(at: index) }
        log.tidy()
        #expect(log.count == 0)
        #expect(log.first == nil)
        #expect(log.capacity <= 8)
    }

    @Test func `a queue that is fed and emptied does not grow`() {
        var log = MessageLog()
        for sequence in 1...10_000 {
            log.append(entry(UInt64(sequence)))
            guard sequence > 5, let index = log.index(of: UInt64(sequence - 5)) else { continue }
            log.remove(at: index)
            log.tidy()
        }
        #expect(log.count == 5)
        #expect(log.capacity == 8)
    }

    @Test func `a full log that drops one for each new one stays in its room`() {
        var log = MessageLog()
        for sequence in 1...1000 { log.append(entry(UInt64(sequence))) }
        #expect(log.capacity == 1024)
        for sequence in 1001...10_000 {
            log.remove(at: 0)
            log.tidy()
            log.append(entry(UInt64(sequence)))
            #expect(log.capacity == 1024)
        }
        #expect(sequences(log) == Array(9001...10_000))
    }

    @Test func `a log that is read but for some gives its room back on the way`() {
        var log = MessageLog()
        for sequence in 1...1000 { log.append(entry(UInt64(sequence))) }
        for sequence in 1...995 {
            guard let index = log.index(of: UInt64(sequence)) else { continue }
            log.remove(at: index)
            log.tidy()
            #expect(log.capacity <= max(8, log.count * 3))
        }
        #expect(sequences(log) == [996, 997, 998, 999, 1000])
        #expect(log.capacity == 8)
    }
}
