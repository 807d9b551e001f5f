import Broker
import Testing

@testable import HTTPFront

struct JournalTests {
    private let log = CollectedLog()
    private let time = SteppedTime()
    private let journal: Journal

    init() {
        journal = Journal(log: log, time: time)
    }

    private func told(_ times: Int) -> String {
        "warning connection limit reached, connections are answered 503 times=\(times) raise=--connections-max"
    }

    @Test
    func `a shortage is told at once, then once in ten seconds with how often it has come`() {
        journal.note(.connections)
        #expect(log.lines == [told(1)])
        for _ in 0..<1000 { journal.note(.connections) }
        time.advance(by: .milliseconds(9999))
        journal.note(.connections)
        #expect(log.lines == [told(1)])
        time.advance(by: .milliseconds(1))
        journal.note(.connections)
        #expect(log.lines == [told(1), told(1002)])
        time.advance(by: .seconds(3600))
        journal.note(.connections)
        #expect(log.lines == [told(1), told(1002), told(1)])
    }

    @Test
    func `each kind of shortage has its own turn`() {
        for _ in 0..<3 {
            for shortage in Journal.Shortage.allCases { journal.note(shortage) }
        }
        #expect(log.lines.count == Journal.Shortage.allCases.count)
        #expect(Set(log.lines).count == log.lines.count)
    }

    @Test
    func `that the memory is spent is told beside the event, other refusals are not`() throws {
        let recipient = try Recipient("u42")
        journal.observe(.refused(recipient: recipient, code: .inboxFull))
        journal.observe(.evicted(recipient: recipient, count: 3))
        #expect(log.lines == [])
        journal.observe(.refused(recipient: recipient, code: .brokerFull))
        journal.observe(.refused(recipient: recipient, code: .brokerFull))
        #expect(log.lines.map { $0.prefix(28) } == ["warning memory limit reached"])
        #expect(log.events.count == 4)
    }
}
