import BrokerTestSupport
import Testing

@testable import Broker

@Suite struct PresenceTests {
    let bench = Bench()
    let notes = Notes()

    /// Keeps what a watcher is told.
    final class Notes: PresenceSink, @unchecked Sendable {
        var told: [String] = []

        func presenceChanged(_ presence: Presence) {
            told.append("\(presence.recipient) \(presence.isOnline ? "on" : "off")")
        }
    }

    func isOnline(_ name: String = "a") throws -> Bool {
        bench.state.presence(of: try Recipient(name), now: bench.now).isOnline
    }

    @discardableResult
    func watch(_ names: String...) throws -> (watcher: PresenceWatcher, isOnline: [Bool]) {
        let watcher = PresenceWatcher(sink: notes)
        let presences = bench.state.watch(watcher, try names.map { try Recipient($0) }, now: bench.now)
        return (watcher, presences.map(\.isOnline))
    }

    @Test func `nobody is online of whom nobody has read`() throws {
        try bench.send("1")
        #expect(try !isOnline())
        #expect(try !isOnline("stranger"))
    }

    @Test func `a poll that waits is online, and for a while after it`() throws {
        let poll = try bench.wait(within: .seconds(40))
        #expect(try isOnline())
        bench.pass(.seconds(40))
        #expect(poll.reason == .timedOut)
        #expect(try isOnline())
        bench.pass(.milliseconds(14_999))
        #expect(try isOnline())
        bench.pass(.milliseconds(1))
        #expect(try !isOnline())
    }

    @Test func `a poll that does not wait is not online`() throws {
        try bench.send("1")
        _ = try bench.take()
        _ = try bench.follow(from: .oldest)
        #expect(try !isOnline())
    }

    @Test func `an open stream is online as long as it is open`() throws {
        let stream = try bench.stream()
        bench.pass(.seconds(3600))
        #expect(try isOnline())
        bench.leave(stream)
        bench.pass(.seconds(15))
        #expect(try !isOnline())
    }

    @Test func `the last of several readers decides`() throws {
        let stream = try bench.stream()
        let poll = try bench.wait(within: .seconds(1))
        bench.pass(.seconds(1))
        #expect(poll.reason == .timedOut)
        bench.pass(.seconds(60))
        #expect(try isOnline())
        bench.leave(stream)
        bench.pass(.seconds(15))
        #expect(try !isOnline())
    }

    @Test func `a later departure counts from anew`() throws {
        for _ in 0..<3 {
            bench.leave(try bench.stream())
            bench.pass(.seconds(10))
        }
        bench.pass(.milliseconds(4_999))
        #expect(try isOnline())
        bench.pass(.milliseconds(1))
        #expect(try !isOnline())
    }

    @Test func `whoever leaves again is told at the right time, though others have left between`() throws {
        try watch("a", "b")
        bench.leave(try bench.stream("a"))
        bench.pass(.seconds(10))
        bench.leave(try bench.stream("a"))
        bench.pass(.seconds(4))
        bench.leave(try bench.stream("b"))
        bench.pass(.seconds(11))
        #expect(notes.told == ["a on", "b on", "a off"])
        bench.pass(.seconds(4))
        #expect(notes.told == ["a on", "b on", "a off", "b off"])
    }

    @Test func `a watcher is told how it is and what changes`() throws {
        let stream = try bench.stream("a")
        #expect(try watch("a", "b").isOnline == [true, false])
        let other = try bench.wait("b", within: .seconds(5))
        #expect(notes.told == ["b on"])
        bench.leave(stream)
        #expect(notes.told == ["b on"])
        bench.pass(.seconds(15))
        #expect(other.reason == .timedOut)
        #expect(notes.told == ["b on", "a off"])
        bench.pass(.seconds(5))
        #expect(notes.told == ["b on", "a off", "b off"])
    }

    @Test func `a reload does not flap`() throws {
        try watch("a")
        var stream = try bench.stream()
        for _ in 0..<5 {
            bench.leave(stream)
            bench.pass(.milliseconds(14_900))
            stream = try bench.stream()
        }
        #expect(notes.told == ["a on"])
    }

    @Test func `polls one after the other are one presence`() throws {
        try watch("a")
        for _ in 0..<5 {
            let poll = try bench.wait(within: .seconds(40))
            bench.pass(.seconds(40))
            #expect(poll.reason == .timedOut)
            bench.pass(.seconds(2))
        }
        #expect(notes.told == ["a on"])
    }

    @Test func `a newer reader of the same session takes over without a word`() throws {
        try watch("a")
        _ = try bench.stream(session: "tab")
        _ = try bench.stream(session: "tab")
        bench.pass(.seconds(60))
        #expect(notes.told == ["a on"])
    }

    @Test(arguments: [true, false])
    func `whom a poll of the same session replaces that does not wait leaves like anybody else`(isWatched: Bool) throws
    {
        if isWatched { try watch("a") }
        _ = try bench.stream(session: "tab")
        bench.pass(.seconds(60))
        _ = try bench.poll(session: "tab")
        #expect(try isOnline())
        bench.pass(.milliseconds(14_999))
        #expect(try isOnline())
        #expect(notes.told == (isWatched ? ["a on"] : []))
        bench.pass(.milliseconds(1))
        #expect(try !isOnline())
        #expect(notes.told == (isWatched ? ["a on", "a off"] : []))
    }

    @Test func `each watcher is told once, and none that has gone`() throws {
        let first = try watch("a").watcher
        let second = try watch("a").watcher
        let stream = try bench.stream()
        #expect(notes.told == ["a on", "a on"])
        bench.state.unwatch(first)
        bench.leave(stream)
        bench.pass(.seconds(15))
        #expect(notes.told == ["a on", "a on", "a off"])
        bench.state.unwatch(second)
        bench.state.unwatch(second)
        _ = try bench.stream()
        #expect(notes.told.count == 3)
    }

    @Test func `however often somebody comes and goes before a turn, each watcher is told at most once`() throws {
        let hasty = Bench { $0.presenceLinger = .zero }
        let sinks = (0..<5).map { _ in Notes() }
        let a = try Recipient("a")
        for sink in sinks { _ = hasty.state.watch(PresenceWatcher(sink: sink), [a], now: hasty.now) }
        hasty.tellsPresence = false
        for _ in 0..<100 { hasty.leave(try hasty.stream()) }
        #expect(hasty.state.presence.takeNews(budget: .max).isEmpty)
        _ = try hasty.stream()
        // In slices, and what changes meanwhile reaches those who have been told already as well.
        var told = hasty.state.presence.takeNews(budget: 3).map(\.presence.isOnline)
        #expect(told == [true, true, true])
        try hasty.delete()
        told = hasty.state.presence.takeNews(budget: .max).map(\.presence.isOnline)
        #expect(told == [false, false, false])
        #expect(!hasty.state.presence.hasNews)
    }

    @Test func `who begins to watch in the middle of a round takes nobody's turn`() throws {
        let hasty = Bench { $0.presenceLinger = .zero }
        hasty.tellsPresence = false
        let a = try Recipient("a")
        let first = PresenceWatcher(sink: notes)
        for watcher in [first, PresenceWatcher(sink: notes), PresenceWatcher(sink: notes)] {
            _ = hasty.state.watch(watcher, [a], now: hasty.now)
        }
        _ = try hasty.stream()
        #expect(
            hasty.state.presence.takeNews(budget: 1).map { ObjectIdentifier($0.watcher) } == [ObjectIdentifier(first)]
        )
        try hasty.delete()
        _ = hasty.state.watch(PresenceWatcher(sink: notes), [a], now: hasty.now)
        let told = hasty.state.presence.takeNews(budget: .max)
        #expect(told.map { ObjectIdentifier($0.watcher) } == [ObjectIdentifier(first)])
        #expect(told.map(\.presence.isOnline) == [false])
    }

    @Test func `who comes and goes without a pause holds up no news of others`() throws {
        let hasty = Bench { $0.presenceLinger = .zero }
        let (a, b) = (try Recipient("a"), try Recipient("b"))
        for _ in 0..<10 { _ = hasty.state.watch(PresenceWatcher(sink: notes), [a], now: hasty.now) }
        _ = hasty.state.watch(PresenceWatcher(sink: notes), [b], now: hasty.now)
        hasty.tellsPresence = false
        var told: [Presence] = []
        for turn in 0..<8 {
            _ = try hasty.stream("a")
            if turn == 0 { _ = try hasty.stream("b") }
            told += hasty.state.presence.takeNews(budget: 4).map(\.presence)
            try hasty.delete("a")
        }
        #expect(told.contains(Presence(recipient: b, isOnline: true)))
    }

    @Test func `watchers that come and leave while others are told keep none from being told`() throws {
        for seed in 0..<200 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let hasty = Bench { $0.presenceLinger = .zero }
            hasty.tellsPresence = false
            let a = try Recipient("a")
            var watchers = (0..<random.number(1...9)).map { _ in PresenceWatcher(sink: notes) }
            // Kept, so that no two have the same identity.
            var everybody = watchers
            defer { everybody.removeAll() }
            var last: [ObjectIdentifier: Bool] = [:]
            for watcher in watchers {
                last[ObjectIdentifier(watcher)] = hasty.state.watch(watcher, [a], now: hasty.now)[0].isOnline
            }
            var isOnline = false
            for _ in 0..<30 {
                switch random.number(1...5) {
                case 5:
                    let newcomer = PresenceWatcher(sink: notes)
                    watchers.append(newcomer)
                    everybody.append(newcomer)
                    let known = hasty.state.watch(newcomer, [a], now: hasty.now)[0].isOnline
                    last[ObjectIdentifier(newcomer)] = known
                case 1:
                    if isOnline { try hasty.delete() } else { _ = try hasty.stream() }
                    isOnline.toggle()
                case 2 where watchers.count > 1:
                    hasty.state.unwatch(watchers.remove(at: random.number(0...watchers.count - 1)))
                default:
                    for news in hasty.state.presence.takeNews(budget: random.number(1...3)) {
                        last[ObjectIdentifier(news.watcher)] = news.presence.isOnline
                    }
                }
                try hasty.state.presence.checkInvariants()
            }
            for news in hasty.state.presence.takeNews(budget: .max) {
                last[ObjectIdentifier(news.watcher)] = news.presence.isOnline
            }
            for watcher in watchers { #expect(last[ObjectIdentifier(watcher)] == isOnline, "seed \(seed)") }
        }
    }

    @Test func `who begins to watch in the time after a departure is told its end`() throws {
        bench.leave(try bench.stream())
        bench.pass(.seconds(10))
        #expect(try watch("a").isOnline == [true])
        bench.pass(.seconds(5))
        #expect(notes.told == ["a off"])
    }

    @Test func `a reader of several inboxes is at each of them`() throws {
        try watch("a", "b")
        bench.leave(try bench.stream("a", "b"))
        bench.pass(.seconds(15))
        #expect(notes.told.sorted() == ["a off", "a on", "b off", "b on"])
    }

    @Test func `where nobody watches no timer runs, and departures do not pile up`() throws {
        for number in 0..<100 { bench.leave(try bench.stream("r\(number)")) }
        #expect(bench.state.presence.nextDue == nil)
        bench.pass(.seconds(15))
        bench.leave(try bench.stream())
        #expect(bench.state.presence.lingeringCount == 1)
    }

    @Test func `a reader that comes in the turn in which the last one left is online`() throws {
        let before = try bench.stream(session: "tab")
        let after = try bench.stream(session: "tab")
        bench.pass(.seconds(60))
        #expect(try isOnline())
        bench.leave(before)
        bench.leave(after)
        bench.pass(.seconds(15))
        #expect(try !isOnline())
    }

    @Test func `an observer leaves no trace of when somebody was last there`() throws {
        try bench.send("1")
        bench.leave(try bench.stream(isObserving: true))
        #expect(try bench.summary().lastSeen == nil)
        _ = try bench.follow(from: .oldest)
        #expect(try bench.summary().lastSeen != nil)
    }

    @Test func `whoever goes on watching is told, whoever has left before and in whatever order`() throws {
        let names = ["a", "b"]
        let all = try (0..<6).map { number in
            let sink = Notes()
            let watcher = PresenceWatcher(sink: sink)
            // In another order for every other one, so that places differ.
            let recipients = try (number % 2 == 0 ? names : names.reversed()).map { try Recipient($0) }
            _ = bench.state.watch(watcher, recipients, now: bench.now)
            return (watcher: watcher, sink: sink)
        }
        for index in [1, 5, 0] { bench.state.unwatch(all[index].watcher) }
        bench.state.unwatch(all[0].watcher)
        _ = try bench.stream()
        for index in [2, 3, 4] { #expect(all[index].sink.told == ["a on"]) }
        for index in [0, 1, 5] { #expect(all[index].sink.told.isEmpty) }
        for index in [4, 2, 3] { bench.state.unwatch(all[index].watcher) }
        #expect(!bench.state.presence.isWatched)
    }

    @Test func `more departures than are remembered go early`() throws {
        var table = PresenceTable()
        for number in 0..<table.departuresMax {
            #expect(table.linger(try inbox("r\(number)"), until: bench.now) == nil)
        }
        #expect(table.linger(try inbox("r0"), until: bench.now) == nil)
        #expect(table.linger(try inbox("one more"), until: bench.now)?.name == "r1")
        #expect(table.lingers(try Recipient("r1"), bench.now) == false)
        try table.checkInvariants()
    }

    @Test func `a place in the queue of departures is used again only for the same recipient`() throws {
        var queue = DepartureQueue()
        let (ada, ben, cem) = (try Recipient("ada"), try Recipient("ben"), try Recipient("cem"))
        let place = queue.append(ada, until: bench.now, perhapsAt: -1)
        // Somebody else's place, and none.
        _ = queue.append(ben, until: bench.now, perhapsAt: place)
        _ = queue.append(cem, until: bench.now, perhapsAt: 1000)
        #expect(queue.count == 3)
        #expect(queue.append(ada, until: bench.now + .seconds(1), perhapsAt: place) == place)
        try queue.checkInvariants()
        #expect(queue.popFirst() == ben)
        #expect(queue.popFirst() == cem)
        // Both of their places are free, and one is given to somebody new: hints that were right are wrong now.
        _ = queue.append(cem, until: bench.now + .seconds(2), perhapsAt: 1)
        _ = queue.append(ben, until: bench.now + .seconds(2), perhapsAt: 2)
        try queue.checkInvariants()
        #expect([queue.popFirst(), queue.popFirst(), queue.popFirst(), queue.popFirst()] == [ada, cem, ben, nil])
    }

    @Test func `a recipient whose place in the queue of departures is free gets one anew`() throws {
        var queue = DepartureQueue()
        let (ada, ben) = (try Recipient("ada"), try Recipient("ben"))
        let place = queue.append(ada, until: bench.now, perhapsAt: -1)
        _ = queue.append(ben, until: bench.now + .seconds(1), perhapsAt: -1)
        #expect(queue.popFirst() == ada)
        // The place still has its name.
        _ = queue.append(ada, until: bench.now + .seconds(2), perhapsAt: place)
        #expect(queue[ada] == bench.now + .seconds(2))
        try queue.checkInvariants()
        #expect([queue.popFirst(), queue.popFirst(), queue.popFirst()] == [ben, ada, nil])
    }

    private func inbox(_ name: String) throws -> Inbox {
        Inbox(recipient: try Recipient(name), epoch: Epoch(bits: 1))
    }
}
