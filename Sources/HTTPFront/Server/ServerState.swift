internal import Broker
internal import Synchronization

/// What the loops of a server share.
final class ServerState: Sendable {
    let configuration: ServerConfiguration
    let access: AccessPolicy
    let loops: [EventLoop]
    let budget: BufferBudget
    let startedAt: MonotonicInstant
    let time: any TimeSource
    /// Nil if nobody is to be told.
    let journal: Journal?
    private let openConnections = Atomic<Int>(0)
    private let refusedConnections = Atomic<Int>(0)
    private let draining = Atomic<Bool>(false)
    private let fronts = Mutex<[Front]>([])

    init(
        configuration: ServerConfiguration,
        access: AccessPolicy,
        loops: [EventLoop],
        budget: BufferBudget,
        time: any TimeSource,
        journal: Journal?
    ) {
        self.configuration = configuration
        self.access = access
        self.loops = loops
        self.budget = budget
        self.time = time
        self.journal = journal
        startedAt = time.now
    }

    /// Counts one more connection, unless there may be no more.
    func admitConnection() -> Bool {
        let (_, count) = openConnections.add(1, ordering: .relaxed)
        guard count > configuration.connectionsMax else { return true }
        openConnections.subtract(1, ordering: .relaxed)
        refusedConnections.add(1, ordering: .relaxed)
        return false
    }

    func connectionClosed() {
        openConnections.subtract(1, ordering: .relaxed)
    }

    var openCount: Int { openConnections.load(ordering: .relaxed) }

    var refusedCount: Int {
        refusedConnections.load(ordering: .relaxed) + loops.reduce(0) { $0 + $1.counters.outOfDescriptors }
    }

    var acceptedCount: Int { loops.reduce(0) { $0 + $1.counters.accepted } }

    var isDraining: Bool {
        get { draining.load(ordering: .relaxed) }
        set { draining.store(newValue, ordering: .relaxed) }
    }

    /// The fronts, in the order of their loops; each is confined to its loop.
    var allFronts: [Front] {
        get { fronts.withLock { $0 } }
        set { fronts.withLock { $0 = newValue } }
    }
}
