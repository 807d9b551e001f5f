#if os(Linux)
internal import BrokerTestSupport
internal import Glibc

/// One connection: the server's end with its descriptor, the wire, and the client's end.
///
/// Towards the client only bytes are counted, because what the server says is listened to where it says it (see `Tap`).
/// A byte is on the wire until it has arrived at the client's kernel, unacknowledged until word of that has come back,
/// and unread until the client's program has taken it.
final class Link: KernelObject {
    let number: Int
    unowned let world: World
    var random: SeededGenerator
    /// How long a packet takes, in nanoseconds, at least; it may take twice as long.
    let latency: Int64
    private(set) lazy var tap = Tap(link: self)
    /// Who speaks here; nil once it has forgotten the connection.
    weak var client: Client?

    // MARK: The server's end

    /// What has arrived and was not received yet.
    private var arrived = Bytes()
    /// Bytes that the server has received.
    private(set) var receivedTotal = 0
    /// Bytes that the server has sent, and how many of them are known to have arrived.
    private(set) var sent = 0
    private(set) var acknowledged = 0
    /// How many bytes have arrived, as far as the server has asked.
    private(set) var confirmedThrough = 0
    private var acknowledgedWhenAsked = 0
    private let sendRoom: Int
    private var error: Int32 = 0
    private(set) var isDead = false
    private var isReset = false
    /// Whether something had come that nobody had looked at when the server asked for the last time.
    private var wasHeardAtEnd = false
    private(set) var clientHasEnded = false
    private(set) var hasFinished = false
    private var isEndAcknowledged = false
    private(set) var isServerClosed = false
    /// Whether the kernel did not take all of the last send.
    private(set) var isBlocked = false
    private var unacknowledgedSince: Int64 = 0

    // MARK: The wire

    private var toServerAt: Int64 = 0
    private var toClientAt: Int64 = 0
    private(set) var isVanished = false

    // MARK: The client's end

    private var outgoing = Bytes()
    /// Bytes that the client has sent.
    private(set) var spoken = 0
    /// Bytes in the client's kernel, and how many of them its program has read.
    private(set) var delivered = 0
    private(set) var read = 0
    /// Bytes that have come and find no room.
    private var held = 0
    private let receiveRoom: Int
    private(set) var isClientClosed = false
    private(set) var hasClientFinished = false
    /// Whether the client knows that this connection is of no more use.
    private(set) var isOver = false
    private(set) var serverHasEnded = false
    var reading = Reading.eager
    var isSpoiltForGood = false
    /// Whether the client has begun to say something that it will not end.
    var isSilenced = false
    private var isReadScheduled = false
    private var isDribbling = false

    enum Reading {
        case eager
        case bytewise
        case stalled
    }

    init(number: Int, world: World, client: Client, salt: UInt64) {
        self.number = number
        self.world = world
        self.client = client
        random = SeededGenerator(seed: salt)
        latency = Int64(random.pick([0, 20, 100, 300, 1000, 5000, 40_000])) * 1000
        sendRoom = random.pick([2048, 4096, 16_384, 65_536])
        receiveRoom = random.pick([1024, 4096, 65_536])
        super.init()
        _ = tap
    }

    /// Whether anything that the client did, or did not do, may have made the server give the connection up.
    var isSpoilt: Bool {
        isSpoiltForGood || isDead || clientHasEnded || hasClientFinished || isClientClosed || isVanished
            || reading == .stalled
            || reading == .bytewise
    }

    private func delay() -> Int64 { latency == 0 ? 0 : latency + Int64(random.number(0...Int(latency))) }

    private func whenAtServer(_ pause: Int64 = 0) -> Int64 {
        toServerAt = max(toServerAt, world.now + delay()) + pause
        return toServerAt
    }

    private func whenAtClient() -> Int64 {
        toClientAt = max(toClientAt, world.now + delay())
        return toClientAt
    }

    // MARK: The server calls

    override var readiness: UInt32 {
        if isDead {
            return Ready.input | Ready.output | Ready.peerLeft | Ready.hangUp | (error != 0 ? Ready.failed : 0)
        }
        var ready: UInt32 = 0
        if !arrived.isEmpty || clientHasEnded { ready |= Ready.input }
        if sendRoom - (sent - acknowledged) > sendRoom / 3 { ready |= Ready.output }
        if clientHasEnded { ready |= Ready.peerLeft }
        if clientHasEnded, hasFinished { ready |= Ready.hangUp }
        return ready
    }

    func serverReceives(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard arrived.isEmpty else {
            let count = arrived.move(into: buffer)
            receivedTotal += count
            tap.serverReceived()
            return count
        }
        if error != 0 { return -Int(takeError()) }
        return clientHasEnded || isDead ? 0 : -Int(EAGAIN)
    }

    /// Whether there is something to receive, of which nothing is taken.
    func serverPeeks() -> Int {
        wasHeardAtEnd = !arrived.isEmpty
        return wasHeardAtEnd ? 1 : clientHasEnded || isDead ? 0 : -Int(EAGAIN)
    }

    func serverSends(_ bytes: UnsafeRawBufferPointer) -> Int {
        let wasBlocked = isBlocked
        guard !isDead, !hasFinished else {
            // What the server meant to say still tells what it did.
            let known = tap.heardTotal - sent
            if known < bytes.count {
                tap.heard(UnsafeRawBufferPointer(rebasing: bytes[max(0, known)...]), isOneWrite: !wasBlocked)
            }
            let code = takeError()
            return -Int(code == 0 ? EPIPE : code)
        }
        let count = max(0, min(bytes.count, sendRoom - (sent - acknowledged)))
        isBlocked = count < bytes.count
        if isBlocked { world.ledger.losesSight(of: tap.exchanges) }
        let start = sent
        sent += count
        // All of it is heard at once, also what the kernel does not take yet and will be given again.
        let known = tap.heardTotal - start
        if known < bytes.count {
            tap.heard(UnsafeRawBufferPointer(rebasing: bytes[max(0, known)...]), isOneWrite: !wasBlocked)
        }
        if wasBlocked, !isBlocked { tap.serverWasUnblocked() }
        guard count > 0 else { return -Int(EAGAIN) }
        if start == acknowledged { unacknowledgedSince = world.now }
        if !isVanished { world.schedule(.toClient(self, count), at: whenAtClient()) }
        return count
    }

    func serverFinishes() {
        guard !hasFinished, !isDead else { return }
        hasFinished = true
        if !isVanished { world.schedule(.endToClient(self), at: whenAtClient()) }
        changed()
    }

    func serverCloses() {
        // What was acknowledged before a reset counts only if the client has spoken since (decision 0021).
        if !isReset || wasHeardAtEnd { know(acknowledgedWhenAsked) }
        isServerClosed = true
        tap.serverClosed()
        guard !isDead, !isVanished else { return }
        if !arrived.isEmpty {
            arrived.removeAll()
            world.schedule(.resetToClient(self), at: whenAtClient())
        } else if !hasFinished {
            world.schedule(.endToClient(self), at: whenAtClient())
        }
    }

    func takeError() -> Int32 {
        defer { error = 0 }
        return error
    }

    func serverAsksWhatIsUnacknowledged() -> Int32 {
        // Our own end counts as a byte, and looks like the last one of the answer before it.
        let end = hasFinished && !isEndAcknowledged ? 1 : 0
        acknowledgedWhenAsked = acknowledged
        // While it waits for its peer's end it asks for other reasons, and confirms nothing before it closes.
        if !hasFinished { know(acknowledged) }
        return Int32(sent - acknowledged + end)
    }

    private func know(_ arrived: Int) {
        guard arrived > confirmedThrough else { return }
        confirmedThrough = arrived
        tap.serverKnowsWhatArrived()
    }

    /// Nobody listens any more.
    func refuse() {
        isServerClosed = true
        world.schedule(.resetToClient(self), at: whenAtClient())
    }

    // MARK: The client calls

    /// Sends bytes, in pieces if `isBytewise`.
    func say(_ bytes: [UInt8], isBytewise: Bool) {
        guard !hasClientFinished, !isClientClosed, !isOver else { return }
        spoken += bytes.count
        guard !isVanished else { return }
        outgoing.append(bytes)
        guard isBytewise else {
            // A network may cut anywhere.
            let cut = bytes.count > 1 && random.chance(15) ? random.number(1...bytes.count - 1) : bytes.count
            world.schedule(.toServer(self, cut), at: whenAtServer())
            if cut < bytes.count { world.schedule(.toServer(self, bytes.count - cut), at: whenAtServer(200_000)) }
            return
        }
        isSpoiltForGood = true
        isDribbling = true
        let pause = Int64(random.pick([0, 1, 10])) * 1_000_000
        for _ in bytes { world.schedule(.toServer(self, 1), at: whenAtServer(pause)) }
    }

    /// Will say no more, and still listens.
    func finish() {
        guard !hasClientFinished, !isOver else { return }
        world.report.operations += 1
        hasClientFinished = true
        stopDribbling()
        if !isVanished { world.schedule(.endToServer(self), at: whenAtServer()) }
    }

    /// Closes: whatever still comes is answered with a reset.
    func close() {
        guard !isClientClosed else { return }
        if delivered > read { return reset() }
        if hasClientFinished { world.report.operations += 1 }
        finish()
        isClientClosed = true
        isOver = true
    }

    /// Aborts.
    func reset() {
        guard !isClientClosed else { return }
        world.report.operations += 1
        isClientClosed = true
        isOver = true
        stopDribbling()
        if !isVanished { world.schedule(.resetToServer(self, ECONNRESET), at: whenAtServer()) }
    }

    /// What a slow program has not said before it ends it will not say.
    private func stopDribbling() {
        guard isDribbling else { return }
        outgoing.removeAll()
        toServerAt = world.now
    }

    /// Is gone without a word; the server's kernel finds out later.
    func vanish() {
        guard !isVanished, !isClientClosed else { return }
        world.report.operations += 1
        isVanished = true
        isOver = true
        let isWaiting = sent > acknowledged
        world.schedule(
            .givenUp(self),
            at: isWaiting ? unacknowledgedSince + 30_000_000_000 : world.now + 60_000_000_000
        )
    }

    // MARK: What arrives

    func arriveAtServer(_ count: Int) {
        guard !isVanished, !outgoing.isEmpty else { return }
        let bytes = outgoing.take(min(count, outgoing.count))
        if isServerClosed { return world.schedule(.resetToClient(self), at: whenAtClient()) }
        guard !isDead else { return }
        arrived.append(bytes)
        changed()
    }

    func endArrivesAtServer() {
        guard !isVanished, !isServerClosed, !isDead else { return }
        world.ledger.losesSight(of: tap.exchanges)
        clientHasEnded = true
        changed()
    }

    func resetArrivesAtServer(_ code: Int32) {
        guard !isServerClosed, !isDead else { return }
        guard !isVanished || code == ETIMEDOUT else { return }
        isDead = true
        isReset = code == ECONNRESET
        error = code
        changed()
    }

    /// The server's kernel looks whether a client that has vanished was silent for too long.
    func giveUp() {
        guard !isServerClosed, !isDead else { return }
        let deadline = sent > acknowledged ? unacknowledgedSince + 30_000_000_000 : world.now
        guard deadline <= world.now else { return world.schedule(.givenUp(self), at: deadline) }
        resetArrivesAtServer(ETIMEDOUT)
    }

    func acknowledge(_ count: Int) {
        guard !isVanished, !isDead else { return }
        acknowledged += count
        unacknowledgedSince = world.now
        if sendRoom - (sent - acknowledged) > sendRoom / 3 { changed() }
    }

    func acknowledgeEnd() {
        guard !isVanished else { return }
        isEndAcknowledged = true
    }

    func arriveAtClient(_ count: Int) {
        guard !isVanished else { return }
        held += count
        takeIn()
    }

    private func takeIn() {
        guard !isClientClosed else {
            held = 0
            return world.schedule(.resetToServer(self, ECONNRESET), at: whenAtServer())
        }
        let count = min(held, receiveRoom - (delivered - read))
        guard count > 0 else { return }
        held -= count
        delivered += count
        world.schedule(.acknowledged(self, count), at: world.now + delay())
        readOn()
    }

    func endArrivesAtClient() {
        guard !isVanished else { return }
        serverHasEnded = true
        world.schedule(.endAcknowledged(self), at: world.now + delay())
        guard !isClientClosed else { return }
        if reading != .stalled { close() }
    }

    func resetArrivesAtClient() {
        guard !isVanished else { return }
        isOver = true
        isClientClosed = true
    }

    // MARK: Reading

    /// The client's program reads as it is told to.
    func readOn() {
        switch reading {
        case .stalled: return
        case .eager:
            guard read < delivered else { return }
            read = delivered
            tap.clientRead(through: read)
            if held > 0 { takeIn() }
        case .bytewise:
            guard !isReadScheduled, read < delivered else { return }
            isReadScheduled = true
            world.schedule(.clientReads(self), at: world.now + 1_000_000)
        }
    }

    func readOne() {
        isReadScheduled = false
        guard read < delivered, !isOver else { return }
        read += 1
        tap.clientRead(through: read)
        if held > 0 { takeIn() }
        readOn()
    }
}
#endif
