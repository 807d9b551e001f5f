#if os(Linux)
internal import Broker
internal import BrokerTestSupport
internal import HTTPFront

/// The server, the network, the clients and time, in one thread.
final class World {
    let setup: Setup
    let kernel: Kernel
    let clock = WorldClock()
    let writer: RequestWriter
    private(set) lazy var ledger = Ledger(world: self)
    private(set) var clients: [Client] = []
    var report = Report()
    var server: Server?
    /// The loops of the server: when each would wake up by itself.
    var wakesAt: [Int64] = []
    var isDrained: DrainFlag?
    private var events = EventQueue()
    private var links = 0
    private var open: [Link] = []
    private var openBefore = 0
    private var exchanges = 0
    private var violation: Violation?
    /// What this step's chance comes from.
    var random = SeededGenerator(seed: 0)
    private var turn = 0
    private var touchedTurn = 0

    private let isTraced: Bool

    init(_ setup: Setup, _ kernel: Kernel, isTraced: Bool = false) {
        self.setup = setup
        self.isTraced = isTraced
        self.kernel = kernel
        writer = RequestWriter(recipients: setup.recipients)
        for number in 0..<setup.clients { clients.append(Client(number: number, world: self)) }
        EscapeWatch.begin
    }

    /// Nanoseconds.
    var now: Int64 { clock.nanoseconds }

    // MARK: Running

    func run(_ steps: [Step]) throws -> Report {
        let start = now
        try startServer()
        do {
            for step in steps {
                try advance(to: now + Int64(step.pause) * 1000)
                random = SeededGenerator(seed: step.salt)
                note("STEP \(step)")
                try perform(step.action)
                try settle()
            }
            try conclude()
            stopServer()
            guard kernel.openCount == 0 else { throw Violation("\(kernel.openCount) descriptors are left open") }
        } catch {
            stopServer()
            throw error
        }
        report.simulated = now - start
        report.connections = links
        return report
    }

    /// Runs what happens up to an instant, in the order of time.
    func advance(to target: Int64) throws {
        while true {
            let loop = wakesAt.min() ?? .max
            let next = min(events.nextTime ?? .max, loop)
            guard next <= target else { break }
            clock.nanoseconds = max(now, next)
            try settle()
        }
        clock.nanoseconds = max(now, target)
        try settle()
    }

    /// Lets everything happen that can happen without time, then looks whether all is as it must be.
    func settle() throws {
        var turns = 0
        repeat {
            while let time = events.nextTime, time <= now, let event = events.popFirst() { carryOut(event) }
            turns += 1
            guard turns < 100_000 else { throw Violation("the loops never come to rest") }
            if let violation { throw violation }
        } while stepLoops()
        if let violation { throw violation }
        guard EscapeWatch.escaped == 0 else { throw Violation("\(EscapeWatch.escaped) jobs left the loops") }
        turn += 1
        if ledger.isTouched { touchedTurn += 1 }
        try ledger.check(isThorough: turn % 512 == 0 || (ledger.isTouched && touchedTurn % 16 == 0))
    }

    func carryOut(_ event: WorldEvent) {
        switch event {
        case .connect(let link): offer(link)
        case .toServer(let link, let count): link.arriveAtServer(count)
        case .endToServer(let link): link.endArrivesAtServer()
        case .resetToServer(let link, let code): link.resetArrivesAtServer(code)
        case .toClient(let link, let count): link.arriveAtClient(count)
        case .endToClient(let link): link.endArrivesAtClient()
        case .resetToClient(let link): link.resetArrivesAtClient()
        case .acknowledged(let link, let count): link.acknowledge(count)
        case .endAcknowledged(let link): link.acknowledgeEnd()
        case .clientReads(let link): link.readOne()
        case .givenUp(let link): link.giveUp()
        }
    }

    func schedule(_ event: WorldEvent, at time: Int64) {
        events.add(event, at: time)
    }

    /// Keeps the first violation that comes from within a system call, to be thrown from outside the server.
    func attempt(_ body: () throws(Violation) -> Void) {
        guard violation == nil else { return }
        do throws(Violation) {
            try body()
        } catch {
            violation = error
        }
    }

    /// Tells of something, for whoever wants to see the run.
    @inline(__always)
    func note(_ text: @autoclosure () -> String) {
        guard isTraced else { return }
        print("\(Double(now - 1_000_000_000) / 1_000_000_000) \(text())")
    }

    // MARK: What clients need

    func connect(_ client: Client, salt: UInt64) -> Link {
        links += 1
        report.operations += 1
        let link = Link(number: links, world: self, client: client, salt: salt)
        offer(link)
        open.append(link)
        if open.count > 64, open.count > 2 * openBefore {
            open.removeAll { $0.isServerClosed && $0.isOver }
            openBefore = open.count
        }
        return link
    }

    /// Everybody leaves, also where they have not come back to for long.
    func closeAll() {
        for link in open {
            link.reading = .eager
            link.readOn()
            link.close()
        }
    }

    private func offer(_ link: Link) {
        // As the kernel spreads connections over listeners that share a port.
        guard !kernel.listeners.isEmpty else { return link.refuse() }
        kernel.listeners[link.number % kernel.listeners.count].offer(link)
    }

    func nextExchange() -> Int {
        exchanges += 1
        report.requests += 1
        report.operations += 1
        return exchanges
    }

    func hash(_ bytes: UnsafeRawBufferPointer, of link: Int) {
        var hash = report.hash ^ (UInt64(link) &* 0x9E37_79B9_7F4A_7C15) ^ UInt64(bitPattern: now)
        let words = bytes.count / 8
        for word in 0..<words {
            hash = (hash ^ bytes.loadUnaligned(fromByteOffset: 8 * word, as: UInt64.self)) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash >> 29
        }
        for byte in bytes[(8 * words)...] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        report.hash = hash
        report.bytes += bytes.count
    }
}

/// Clocks that stand still until the world moves them; confined to its thread.
final class WorldClock: TimeSource, @unchecked Sendable {
    var nanoseconds: Int64 = 1_000_000_000

    var now: MonotonicInstant { MonotonicInstant(nanoseconds: nanoseconds) }
    var wallNow: WallInstant { WallInstant(millisecondsSinceEpoch: 1_795_241_728_123 + nanoseconds / 1_000_000) }

    /// Loops have timers of their own; nothing else may wait.
    func sleep(until instant: MonotonicInstant) async throws {
        preconditionFailure("something waits that no loop knows of")
    }
}

/// Set when a server that shuts down has answered everything; confined to the world's thread.
final class DrainFlag: @unchecked Sendable {
    var isSet = false
}
#endif
