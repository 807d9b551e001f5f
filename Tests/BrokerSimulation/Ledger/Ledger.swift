#if os(Linux)
internal import Broker
internal import HTTPFront

/// The second opinion: which answers the contract allows.
///
/// From what was asked and what the server said it works out what each inbox may hold. It knows the contract and nothing of how the server keeps it.
///
/// What happens between two moments of rest (of all loops) may have happened in any order; at a moment of rest
/// everything is known, but for what time is just doing, and for sends whose outcome nobody was told.
final class Ledger {
    unowned let world: World
    private(set) var accounts: [Account]
    private var names: [String: Int] = [:]
    private(set) var sends: [SendAsk.Line?] = []
    /// Which moment of rest comes next.
    private(set) var span = 1
    var isDraining = false
    /// Counts up with each server.
    private(set) var generation = 0
    /// Numbers that were told and must fit what is known at the next moment of rest.
    var claims: [Claim] = []
    /// When the first of those who have left must be believed gone.
    var somebodyIsGoneAt = Int64.max
    /// Messages that a connection's answers have handed out and that are not known to have arrived.
    var handed: [ObjectIdentifier: [Handed]] = [:]
    var keys: [Key: KeyUse] = [:]

    struct Claim {
        let accounts: [Int]
        let number: Int
        let isOnline: Bool
        let text: () -> String
    }

    struct Handed {
        let account: Account
        let life: Int
        let record: Record
        /// Where, in all that was said on the connection, the write ends that it was in.
        let through: ClosedRange<Int>
        let attempt: Int
    }

    struct Key: Hashable {
        let recipient: Int
        let key: Int
    }

    struct KeyUse {
        let token: Int
        let id: ID
        let life: Int
        let at: Int64
    }

    init(world: World) {
        self.world = world
        accounts = (0..<world.setup.recipients).map { Account(recipient: $0) }
        for (number, name) in world.writer.names.enumerated() { names[name] = number }
    }

    var now: Int64 { world.now }

    /// Whether anything has happened since the last moment of rest.
    var isTouched: Bool { !claims.isEmpty || accounts.contains { $0.isTouched } }

    func account(named name: String) throws(Violation) -> Account {
        guard let number = names[name] else { throw Violation("a message is for '\(name)', whom nobody knows") }
        return accounts[number]
    }

    func newToken() -> Int {
        sends.append(nil)
        return sends.count - 1
    }

    func require(_ condition: Bool, _ text: @autoclosure () -> String) throws(Violation) {
        guard condition else { throw Violation(text()) }
    }

    // MARK: Requests come

    /// A request's turn has come.
    func begun(_ exchange: Exchange) {
        if case .read(let read) = exchange.ask { begin(read, exchange) }
    }

    /// A request has been received by the server to its last byte.
    func received(_ exchange: Exchange) {
        switch exchange.ask {
        case .send(let ask):
            for line in ask.lines {
                if sends[line.token] == nil { sends[line.token] = line }
                world.report.messages += line.recipients.count
                for recipient in line.recipients {
                    accounts[recipient].underWay.append((line.token, expiry(line)))
                    accounts[recipient].use(now)
                }
            }
        case .ack(let ask):
            for id in ask.ids { mark(ask, id) { $0.mayBeRead = true } }
        case .release(let ask):
            for id in ask.ids { mark(ask, id) { $0.mayBeReturned = true } }
        case .delete(let recipient):
            let account = accounts[recipient]
            account.mayHaveEnded = true
            account.isTouched = true
            deletions[exchange.number] = account.life
            for reader in account.readers { mayEnd(reader) }
        case .read, .extend, .look, .list, .statistics, .presence: break
        }
    }

    private var deletions: [Int: Int] = [:]

    func expiry(_ line: SendAsk.Line) -> ClosedRange<Int64> {
        let keeps: Int64 = line.timeToLive > 0 ? Int64(line.timeToLive) * 1_000_000_000 : 86_400_000_000_000
        return (now + keeps)...(now + keeps)
    }

    private func mark(_ ask: HoldAsk, _ id: ID, _ body: (Record) -> Void) {
        let account = accounts[ask.recipient]
        account.isTouched = true
        guard id.epoch == account.epoch else { return }
        guard ask.isUpTo else { return account.record(id.sequence).map(body) ?? () }
        for record in account.records where record.sequence <= id.sequence { body(record) }
    }

    private func begin(_ read: ReadAsk, _ exchange: Exchange) {
        read.lastAtBeginning = read.recipients.map { accounts[$0].last }
        read.unreadAtBeginning = read.recipients.map { recipient in
            guard case .unread = read.starts[0] else { return nil }
            return accounts[recipient].records.first { $0.isQuietlyUnread(now, span) }?.sequence
        }
        read.lastAfterBeginning = read.recipients.map { _ in nil }
        read.lifeAtBeginning = read.recipients.map { accounts[$0].life }
        for recipient in read.recipients {
            let account = accounts[recipient]
            account.use(now)
            account.readersCame += 1
            account.isTouched = true
            if read.session > 0 {
                for older in account.readers {
                    guard case .read(let other) = older.ask, other.session == read.session else { continue }
                    other.mayEnd = true
                    // Short of memory, the newer one may be refused.
                    if world.setup.memory == 0 { other.mustEnd = true }
                }
            }
            account.readers.append(exchange)
        }
        comes(exchange, read)
        if isDraining { read.mayEnd = true }
    }

    private func mayEnd(_ exchange: Exchange) {
        if case .read(let read) = exchange.ask { read.mayEnd = true }
    }

    func forget(_ exchange: Exchange) {
        guard case .read(let read) = exchange.ask else { return }
        goes(exchange, read)
        for recipient in read.recipients {
            let account = accounts[recipient]
            guard let place = account.readers.firstIndex(where: { $0 === exchange }) else { continue }
            account.readers.remove(at: place)
            // What it was given last may not have been heard.
            if !read.takes, !read.observes { account.deliverUnheard() }
            account.readersWent += 1
            account.isTouched = true
            account.use(now)
        }
    }

    // MARK: Ends

    /// The server has closed a connection.
    func closed(_ link: Link) {
        settle(link, isClosed: true)
    }

    /// A request that the server had received will not be answered, because its connection is closed.
    func abandoned(_ exchange: Exchange) {
        let link = exchange.link
        if exchange.isBegun, !link.isSpoilt, !link.hasFinished, !isDraining {
            world.attempt { () throws(Violation) in
                throw Violation(
                    "connection \(link.number) was closed while request \(exchange.number) was to be answered"
                )
            }
        }
        // Whether a request was looked at that stands behind an answer which could not be written, nobody can say.
        let isSure = exchange.isBegun && !link.isBlocked
        switch exchange.ask {
        case .send(let ask):
            for line in ask.lines {
                for recipient in line.recipients {
                    let account = accounts[recipient]
                    guard let expires = account.arrives(line.token) else { continue }
                    account.ghosts.append(
                        (line.token, expires.lowerBound...(now + expires.upperBound - exchange.beganAt))
                    )
                    account.isTouched = true
                }
            }
        case .read: forget(exchange)
        case .ack(let ask): ack(ask, exchange, isSure: isSure)
        case .release(let ask): release(ask, exchange, isSure: isSure)
        case .extend(let ask): extend(ask, exchange, isSure: false)
        case .delete(let recipient): accounts[recipient].isTouched = true
        case .look, .list, .statistics, .presence: break
        }
    }

    /// A delete was answered.
    func deleted(_ recipient: Int, _ exchange: Exchange) {
        let account = accounts[recipient]
        for reader in account.readers { mayEnd(reader) }
        // It may be another life already, of which a later send was told first.
        guard deletions.removeValue(forKey: exchange.number) == account.life else { return }
        account.end(now)
    }

    func drainBegins() {
        isDraining = true
        for account in accounts {
            for reader in account.readers { mayEnd(reader) }
        }
    }

    /// The server ends, and with it all that it knew.
    func serverEnds() {
        generation += 1
        isDraining = false
        claims = []
        handed = [:]
        keys = [:]
        deletions = [:]
        for account in accounts {
            account.end(now)
            account.readers = []
            account.watchers = []
            account.presence = PresenceBounds()
            account.underWay = []
        }
        finishSpan()
    }

    func finishSpan() {
        span += 1
        claims.removeAll(keepingCapacity: true)
        for account in accounts {
            account.came = 0
            account.went = 0
            account.readersCame = 0
            account.readersWent = 0
            account.isTouched = false
        }
    }
}
#endif
