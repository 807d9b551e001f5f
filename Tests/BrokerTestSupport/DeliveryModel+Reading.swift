package import Broker

extension DeliveryModel {
    /// What a read was answered at once.
    package enum ReadAnswer {
        case refused(BrokerError)
        case batch(Batch, number: Int)
        case ended(EndReason, Cursor)
        case waits
    }

    /// Judges a poll from its coming to its answer, or to its waiting.
    package mutating func poll(
        _ id: Int,
        _ request: ReadRequest,
        until deadline: MonotonicInstant?,
        _ answer: ReadAnswer,
        _ glimpse: Glimpse
    ) throws(Mismatch) {
        var error: BrokerError?
        if case .refused(let refusal) = answer { error = refusal }
        guard try attach(id, request, isStream: false, error, glimpse) else { return }
        switch answer {
        case .refused(let error):
            throw Mismatch("refused with \(error)")
        case .batch(let batch, let number):
            try collect(id, batch, number, glimpse.now)
            try remove(id)
        case .ended(let reason, let cursor):
            try collect(id, nil, 0, glimpse.now)
            try require(reason == (isDraining ? .draining : .timedOut), "ended with \(reason)")
            try require(isDraining || deadline.map { $0 <= glimpse.now } == true, "ended although it was to wait")
            try check(cursor, of: try reader(id))
            try giveCursor(id, with: [])
            if reason == .timedOut { totals.timeouts += 1 }
            try remove(id)
        case .waits:
            try collect(id, nil, 0, glimpse.now)
            try require(!isDraining && deadline.map { $0 <= glimpse.now } != true, "waits although it was not to")
            try change(reader: id) { $0.deadline = deadline }
            try queue(id)
        }
    }

    /// Judges the opening of a stream, and what it receives at once.
    package mutating func open(
        _ id: Int,
        _ request: ReadRequest,
        _ answer: Result<Cursor, BrokerError>,
        _ glimpse: Glimpse
    ) throws(Mismatch) {
        if isDraining {
            guard case .failure(let error) = answer, error.code == .draining else {
                throw Mismatch("a stream was opened while draining")
            }
            return
        }
        var error: BrokerError?
        if case .failure(let refusal) = answer { error = refusal }
        guard try attach(id, request, isStream: true, error, glimpse) else { return }
        guard case .success(let cursor) = answer else { throw Mismatch("refused with \(answer)") }
        try check(cursor, of: try reader(id))
        try giveCursor(id, with: [])
        try change(reader: id) { $0.standing = .busy }
        try resume(id, glimpse.now)
    }

    /// Judges what a stream receives after its write has gone out.
    package mutating func resume(_ id: Int, _ now: MonotonicInstant) throws(Mismatch) {
        if case .deliver(id, let batch, let number) = events.first?.event {
            events.removeFirst()
            try collect(id, batch, number, now)
        } else {
            try collect(id, nil, 0, now)
            try queue(id)
        }
    }

    /// A reader's client has left.
    package mutating func leave(_ id: Int) throws(Mismatch) {
        try remove(id)
    }

    // MARK: Coming

    /// Puts a reader at its inboxes.
    ///
    /// - Returns: False if it is refused, rightly.
    private mutating func attach(
        _ id: Int,
        _ request: ReadRequest,
        isStream: Bool,
        _ error: BrokerError?,
        _ glimpse: Glimpse
    ) throws(Mismatch) -> Bool {
        if case .follow(let cursor) = request.mode, cursor != .oldest, cursor != .now,
            cursor.positions.count != request.recipients.count
        {
            try require(error?.code == .invalidRequest, "a cursor with a wrong number of parts was accepted")
            return false
        }
        guard fitsMemory(request.recipients, glimpse) else {
            try require(error?.code == .brokerFull, "a reader found a place that there is no memory for")
            return false
        }
        var reader = ModelReader(
            id: id,
            recipients: request.recipients,
            mode: request.mode,
            isStream: isStream,
            limit: request.limit,
            bytesMax: request.bytesMax ?? limits.answerBytesMax,
            session: request.session,
            isObserver: request.isObserving,
            hasPlacedGaps: isStream || request.tellsGapsInPlace,
            servedTurn: nextTurn()
        )
        let given = request.mode.positions
        for (index, recipient) in request.recipients.enumerated() {
            try wake(recipient, glimpse)
            // A new inbox that was left at once leaves no trace.
            let inbox = place(of: recipient).map { inboxes[$0] }
            switch request.mode {
            case .take, .lease, .followUnread:
                reader.positions.append(inbox?.beforeUnread ?? 0)
            case .follow(.oldest):
                reader.positions.append(inbox?.beforeOldest ?? 0)
            case .follow(.now):
                reader.positions.append(inbox?.last ?? 0)
            case .follow:
                guard let inbox, given[index].epoch == inbox.epoch else {
                    reader.isReset = true
                    reader.positions.append(inbox?.beforeOldest ?? 0)
                    continue
                }
                guard given[index].sequence <= inbox.last else {
                    try require(error?.code == .invalidRequest, "a cursor ahead of '\(recipient)' was accepted")
                    return false
                }
                reader.positions.append(given[index].sequence)
                if !reader.isObserver { try change(recipient) { $0.confirm(given[index].sequence) } }
            }
        }
        if !given.isEmpty { reader.cursor = reader.positions }
        try require(error == nil, "refused with \(error.map(String.init(describing:)) ?? "nothing")")
        reader.startsUntold = request.mode == .followUnread || request.mode == .follow(.oldest)
        readers.append(reader)
        try replaceOlder(reader)
        return true
    }

    /// Ends readers of the same session at one of the recipients.
    private mutating func replaceOlder(_ reader: ModelReader) throws(Mismatch) {
        guard let session = reader.session else { return }
        for recipient in reader.recipients {
            for older in readers
            where older.id != reader.id && older.session.map({ Array($0.utf8) }) == Array(session.utf8)
                && older.recipients.contains(recipient)
            {
                try explainEnd(older.id, .replaced)
            }
        }
    }

    private mutating func fitsMemory(_ recipients: [Recipient], _ glimpse: Glimpse) -> Bool {
        let held = heldBytes(positions: 0)
        let need = Cost.inbox * recipients.count { !isAwake($0) }
        if held + need + glimpse.positionsBefore * Cost.position > limits.memoryBytesMax { forgetPositions() }
        return held + need <= limits.memoryBytesMax
    }

    // MARK: Small steps

    func reader(_ id: Int) throws(Mismatch) -> ModelReader {
        guard let reader = readers.first(where: { $0.id == id }) else {
            throw Mismatch("reader \(id) has gone, or came never")
        }
        return reader
    }

    mutating func change(reader id: Int, _ body: (inout ModelReader) -> Void) throws(Mismatch) {
        guard let place = readers.firstIndex(where: { $0.id == id }) else {
            throw Mismatch("reader \(id) has gone, or came never")
        }
        body(&readers[place])
    }

    mutating func remove(_ id: Int) throws(Mismatch) {
        _ = try reader(id)
        readers.removeAll { $0.id == id }
    }

    mutating func queue(_ id: Int) throws(Mismatch) {
        let turn = nextTurn()
        try change(reader: id) { $0.standing = .waiting(turn: turn) }
    }

    mutating func nextTurn() -> Int {
        lineTurn += 1
        return lineTurn
    }

    /// Checks that a cursor says where a reader stands.
    func check(_ cursor: Cursor, of reader: ModelReader) throws(Mismatch) {
        var wanted: [MessageID] = []
        for (recipient, position) in zip(reader.recipients, reader.positions) {
            wanted.append(MessageID(epoch: try inbox(recipient).epoch, sequence: position))
        }
        try require(cursor.positions == wanted, "the cursor is \(cursor), not \(Cursor(wanted))")
    }
}

extension ReadMode {
    fileprivate var positions: [MessageID] {
        guard case .follow(let cursor) = self else { return [] }
        return cursor.positions
    }
}
