#if os(Linux)
internal import BrokerTestSupport

/// Somebody who uses the broker over two connections, one to ask on and one to read on, as a page in a browser does.
///
/// It knows what it has read, not what was said to it.
final class Client {
    let number: Int
    unowned let world: World
    private var asking: Link?
    private var readingOn: Link?
    /// Where it stands as a follower, by the inboxes that it follows.
    private var cursors: [[Int]: String] = [:]
    /// Messages that it has received and may speak of.
    private var held: [(recipient: Int, id: ID)] = []
    private var lastSend: SendAsk?
    private var isBytewise = false

    init(number: Int, world: World) {
        self.number = number
        self.world = world
    }

    // MARK: What it learns

    func learned(_ recipients: [Int], cursor: String) {
        cursors[recipients] = cursor
    }

    func received(_ recipient: Int, _ id: ID) {
        held.append((recipient, id))
        if held.count > 24 { held.removeFirst(8) }
    }

    func cursor(of recipients: [Int]) -> String? { cursors[recipients] }

    // MARK: Connections

    private func link(_ reading: Bool) -> Link? { reading ? readingOn : asking }

    /// The connection to ask on, or to read on; a new one if the present one is of no use or busy.
    private func usableLink(reading: Bool, _ random: inout SeededGenerator) -> Link {
        if let link = link(reading), !link.isOver, !link.hasClientFinished, !link.isSilenced {
            if link.tap.isIdle || (!reading && random.chance(60)) { return link }
            // Who reads anew has left the old connection, in one way or another.
            if reading {
                switch random.number(1...10) {
                case ...6: link.close()
                case 7: link.reset()
                case 8: link.vanish()
                default: break
                }
            }
        }
        let link = world.connect(self, salt: random.next())
        if isBytewise { link.reading = .bytewise }
        if reading { readingOn = link } else { asking = link }
        return link
    }

    private func say(_ ask: Ask, reading: Bool, _ random: inout SeededGenerator, onNewLink: Bool = false) {
        if onNewLink { asking = nil }
        let link = usableLink(reading: reading, &random)
        let bytes = world.writer.request(ask, &random)
        let exchange = Exchange(number: world.nextExchange(), ask: ask, link: link, end: link.spoken + bytes.count)
        link.tap.add(exchange)
        world.note(
            "connection \(link.number) (client \(number)): request \(exchange.number) \(text(bytes).debugDescription)"
        )
        link.say(bytes, isBytewise: isBytewise)
    }

    // MARK: What it does

    func send(_ ask: SendAsk, _ random: inout SeededGenerator) {
        lastSend = ask
        say(.send(ask), reading: false, &random)
    }

    func retry(_ random: inout SeededGenerator) {
        guard let lastSend else { return }
        say(.send(lastSend), reading: false, &random, onNewLink: random.chance(70))
    }

    func read(_ ask: ReadAsk, _ random: inout SeededGenerator) {
        say(.read(ask), reading: true, &random)
    }

    func ask(_ ask: Ask, _ random: inout SeededGenerator) {
        say(ask, reading: false, &random)
    }

    /// Ids that it may speak of, all of one inbox.
    func choose(_ choice: Choice, _ random: inout SeededGenerator) -> (recipient: Int, ids: [ID])? {
        guard let newest = held.last else { return nil }
        switch choice {
        case .newest: return (newest.recipient, [newest.id])
        case .upTo, .foreign:
            let any = random.pick(held)
            return (any.recipient, [any.id])
        case .some:
            let recipient = random.pick(held).recipient
            var ids = held.filter { $0.recipient == recipient }.map(\.id)
            ids.shuffle(using: &random)
            // In an order that does not come from a set: each process has another.
            return (recipient, Set(ids.prefix(4)).sorted { ($0.sequence, $0.epoch) < ($1.sequence, $1.epoch) })
        }
    }

    // MARK: What becomes of its connections

    func cut(reading: Bool) { link(reading)?.reset() }
    func close(reading: Bool) { link(reading)?.close() }
    func halfClose(reading: Bool) { link(reading)?.finish() }
    func vanish(reading: Bool) { link(reading)?.vanish() }

    func stall() {
        world.report.operations += readingOn == nil ? 0 : 1
        readingOn?.reading = .stalled
        readingOn?.isSpoiltForGood = true
    }

    func goOn() {
        isBytewise = false
        for link in [readingOn, asking].compactMap(\.self) where link.reading != .eager {
            world.report.operations += 1
            link.reading = .eager
            link.readOn()
            if link.serverHasEnded { link.close() }
        }
    }

    func dribble() { isBytewise = true }

    /// Says a part of a request and leaves it at that.
    func mumble(_ random: inout SeededGenerator) {
        let link = usableLink(reading: false, &random)
        let bytes = Array("POST /v1/send HTTP/1.1\r\nHost: localhost\r\nContent-Length: 400\r\n\r\n{\"recip".utf8)
        link.isSilenced = true
        link.isSpoiltForGood = true
        link.say(Array(bytes.prefix(random.number(1...bytes.count))), isBytewise: random.chance(50))
    }
}
#endif
