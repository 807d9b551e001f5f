#if os(Linux)
/// What is known of one recipient's inbox, from what was asked and answered.
final class Account {
    let recipient: Int
    /// The present life; nil if no position of it has been told.
    private(set) var epoch: String?
    /// Counts up with each life.
    private(set) var life = 0
    /// Ended lives, and when that was known.
    private(set) var former: [String: Int64] = [:]
    private(set) var records: [Record] = []
    /// How many records were taken off the front because they are gone for good.
    private var base = 0
    /// Sends that may be in the inbox without anybody having been told: their tokens, and how long they keep.
    var ghosts: [(token: Int, expires: ClosedRange<Int64>)] = []
    /// Sends that are under way.
    var underWay: [(token: Int, expires: ClosedRange<Int64>)] = []
    /// Messages that were dropped unread, as senders were told.
    var evicted = 0
    /// Whether room may have been made in this life.
    var isPressed = false
    /// Whether this life may have ended without our having been told.
    var mayHaveEnded = false
    /// Reads that wait, or stream.
    var readers: [Exchange] = []
    /// Streams that are told of its comings and goings.
    var watchers: [Exchange] = []
    var presence = PresenceBounds()
    /// Reads that came or ended since the last moment of rest, and messages that became unread, or ceased to be.
    var readersCame = 0
    var readersWent = 0
    var came = 0
    var went = 0
    var isTouched = false
    private(set) var lastUse: Int64 = 0

    init(recipient: Int) {
        self.recipient = recipient
    }

    /// The newest sequence number.
    var last: Int { base + records.count }

    func record(_ sequence: Int) -> Record? {
        let place = sequence - base - 1
        return place >= 0 && place < records.count ? records[place] : nil
    }

    func record(_ id: ID) -> Record? { id.epoch == epoch ? record(id.sequence) : nil }

    func append(_ record: Record) {
        records.append(record)
        came += 1
        isTouched = true
    }

    /// Somebody uses it; after a day of silence it may have been forgotten meanwhile.
    func use(_ now: Int64) {
        if now - lastUse > 86_400_000_000_000 { mayHaveEnded = true }
        lastUse = now
    }

    /// Another life begins, or is learned of.
    func begin(_ epoch: String) {
        self.epoch = epoch
    }

    /// This life has ended.
    func end(_ now: Int64) {
        if let epoch { former[epoch] = now }
        epoch = nil
        life += 1
        went += records.count + ghosts.count
        records = []
        base = 0
        ghosts = []
        evicted = 0
        isPressed = false
        mayHaveEnded = false
        isTouched = true
    }

    /// A send is under way no longer.
    ///
    /// - Returns: How long its message keeps; nil if it was not under way.
    @discardableResult
    func arrives(_ token: Int) -> ClosedRange<Int64>? {
        guard let place = underWay.firstIndex(where: { $0.token == token }) else { return nil }
        return underWay.remove(at: place).expires
    }

    /// What was worked out at the moment of rest that is under way.
    private(set) var latest = Contents()

    @discardableResult
    func contents(_ now: Int64) -> Contents {
        var contents = Contents()
        var leading = 0
        var isLeading = true
        for record in records {
            let possible = record.possibilities(now)
            if possible == .gone {
                if isLeading { leading += 1 }
                continue
            }
            isLeading = false
            contents.unread.count(possible.contains(.unread), isOnly: possible == .unread)
            contents.out.count(possible.contains(.out), isOnly: possible == .out)
            contents.kept.count(true, isOnly: !possible.contains(.gone))
            if possible == [.unread, .gone], record.mayBeDropped, now < record.expires.lowerBound {
                contents.unreadBeforeDrops += 1
            }
        }
        contents.unreadBeforeDrops += contents.unread.least
        let untold = ghosts.count + underWay.count
        contents.unread.most += untold
        contents.kept.most += untold
        contents.out.most += untold
        if leading > 64 {
            records.removeFirst(leading)
            base += leading
        }
        latest = contents
        return contents
    }

    /// Room may have been made, from the oldest end.
    func press() {
        isPressed = true
        for record in records { record.mayBeDropped = true }
    }

    /// Everything may have been given to a follower, of which we do not hear because it has gone or does not listen.
    func deliverUnheard() {
        for record in records { record.mayBeDelivered = true }
    }
}
#endif
