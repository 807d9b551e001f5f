#if os(Linux)
internal import BrokerTestSupport

extension Script {
    /// The script of a seed.
    ///
    /// - Parameters:
    ///   - seed: The same seed makes the same script.
    ///   - steps: How many; nil for what the seed says.
    ///   - clients: How many; nil for what the seed says.
    public init(seed: UInt64, steps: Int? = nil, clients: Int? = nil) {
        var random = SeededGenerator(seed: seed)
        let crowd = clients ?? (seed % 100 == 99 ? 1000 : random.pick([2, 3, 5, 8, 12]))
        let setup = Setup(
            seed: seed,
            loops: random.pick([1, 1, 2, 3]),
            clients: crowd,
            recipients: crowd > 100 ? crowd / 20 : random.pick([1, 2, 3, 5]),
            messagesMax: random.pick([3, 8, 100, 1000]),
            dropsOldest: random.chance(50),
            memory: random.chance(10) ? random.number(6...24) : 0
        )
        var maker = StepMaker(random: random, setup: setup)
        let count = steps ?? (crowd > 100 ? 3000 : random.pick([40, 80, 120, 200]))
        self.init(setup, (0..<count).map { _ in maker.next() })
    }

    /// The same steps with longer pauses, so that all of them take so many hours.
    public func stretched(toHours hours: Int) -> Script {
        let whole = max(1, steps.reduce(0) { $0 + $1.pause })
        let factor = Double(hours) * 3_600_000_000 / Double(whole)
        return Script(setup, steps.map { Step(Int(Double($0.pause) * factor), $0.salt, $0.action) })
    }
}

/// Makes steps, one after the other, of which nearly all make sense.
struct StepMaker {
    private var random: SeededGenerator
    private let setup: Setup
    /// Some runs are all haste, some take days.
    private let tempo: Int
    /// In most runs nothing is restarted.
    private let restarts: Int
    private let troubles: Int

    init(random: SeededGenerator, setup: Setup) {
        var random = random
        tempo = setup.seed % 50 == 7 ? 3 : random.pick([1, 1, 1, 2])
        restarts = random.pick([0, 0, 0, 1])
        troubles = random.pick([0, 1, 2])
        self.random = random
        self.setup = setup
    }

    mutating func next() -> Step {
        Step(pause(), random.next(), action())
    }

    private mutating func pause() -> Int {
        switch random.number(1...100) {
        case ...30: 0
        case ...60: random.number(1...3000)
        case ...85: random.number(3...60) * 1000
        case ...95: random.number(50...1500) * 1000
        case ...97: random.number(1...12) * 1_000_000
        // About as long as somebody who has left counts as there.
        case 98: random.number(14_990...15_010) * 1000
        case 99 where tempo > 1: random.number(20...400) * 1_000_000
        case 100 where tempo > 2: random.number(1...30) * 3_600_000_000
        default: random.number(1...2000) * 1000
        }
    }

    private mutating func client() -> Int { random.number(0...setup.clients - 1) }

    private mutating func recipient() -> Int {
        // Some are more popular than others.
        min(random.number(0...setup.recipients - 1), random.number(0...setup.recipients - 1))
    }

    private mutating func recipients() -> [Int] {
        var some: [Int] = []
        for _ in 0..<random.pick([1, 1, 1, 2, 3]) {
            let next = recipient()
            if !some.contains(next) { some.append(next) }
        }
        return some
    }

    private mutating func session() -> Int { random.chance(15) ? random.number(1...2) : 0 }

    private mutating func seconds() -> Int { random.pick([0, 1, 2, 5, 40, 300]) }

    private mutating func limit() -> Int { random.pick([1, 2, 5, 100, 100]) }

    private mutating func action() -> Action {
        let kind = random.number(1...100 + 6 * troubles + restarts)
        switch kind {
        case ...36:
            return .send(
                client: client(),
                to: recipients(),
                size: random.pick([0, 3, 20, 20, 100, 3000]),
                key: random.chance(20) ? random.number(1...4) : 0,
                timeToLive: random.chance(25) ? random.number(1...9) : 0,
                style: random.pick([.json, .json, .json, .list, .form, .batch, .chunked])
            )
        case ...39: return .retry(client: client())
        case ...50:
            return .take(
                client: client(),
                from: recipients(),
                seconds: seconds(),
                limit: limit(),
                lease: random.chance(50) ? random.pick([1, 2, 5, 30, 3600]) : 0,
                session: session()
            )
        case ...63:
            let origin: Origin = random.chance(75) ? .own : random.pick([.oldest, .now])
            return .follow(
                client: client(),
                from: recipients(),
                origin: origin,
                seconds: seconds(),
                limit: limit(),
                session: session(),
                observes: random.chance(20)
            )
        case ...73:
            let origin: Origin = random.chance(60) ? .own : random.pick([.oldest, .now, .unread, .unread])
            return .stream(
                client: client(),
                from: recipients(),
                origin: origin,
                format: random.pick(Format.allCases),
                session: session(),
                observes: random.chance(20)
            )
        case ...76:
            return .streamTaking(
                client: client(),
                from: recipients(),
                format: random.pick(Format.allCases),
                session: session()
            )
        case ...82: return .ack(client: client(), choice: choice())
        case ...85: return .release(client: client(), choice: choice(), delay: random.pick([0, 0, 1, 4]))
        case ...88: return .extend(client: client(), choice: choice(), seconds: random.pick([1, 3, 60]))
        case ...90: return .look(client: client(), at: recipient())
        case 91: return .presence(client: client(), of: recipients())
        case 92: return random.chance(50) ? .list(client: client()) : .statistics(client: client())
        case 93: return .delete(client: client(), recipient: recipient())
        case 94: return .close(client: client(), reading: random.chance(60))
        case 95: return .goOn(client: client())
        case ...98:
            return .watch(
                client: client(),
                from: [recipient()],
                whom: recipients(),
                format: random.pick(Format.allCases),
                session: session()
            )
        case ...100: return .wait
        case ...(100 + 6 * troubles): return trouble()
        default: return .restart(gently: random.chance(50))
        }
    }

    private mutating func choice() -> Choice { random.pick([.newest, .newest, .some, .upTo, .foreign]) }

    private mutating func trouble() -> Action {
        let client = client()
        let reading = random.chance(75)
        switch random.number(1...10) {
        case ...3: return .cut(client: client, reading: reading)
        case ...5: return .vanish(client: client, reading: reading)
        case 6: return .halfClose(client: client, reading: reading)
        case ...8: return .stall(client: client)
        case 9: return .dribble(client: client)
        default: return .mumble(client: client)
        }
    }
}
#endif
