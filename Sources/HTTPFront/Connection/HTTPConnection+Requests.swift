internal import Broker

extension HTTPConnection {
    /// Answers a request, or begins to.
    func handle(_ request: Request) {
        front.countRequest()
        traits = answerTraits(request.head, request.headBytes)
        requestIsComplete()
        do throws(Problem) {
            let route = try check(request)
            try carryOut(request, route)
        } catch {
            answer(error)
        }
    }

    /// Checks what can be checked without the body: who asks, for what.
    ///
    /// - Returns: The route; nil for a page.
    @discardableResult
    func check(_ request: Request) throws(Problem) -> Route? {
        let bytes = request.headBytes.span
        front.requestLog?.began(self, request)
        try front.access.checkHost(request.head, bytes)
        // TRACE is a method that everybody knows and that nothing here has.
        guard request.head.method != .other || request.head.methodRange.equals("TRACE", in: bytes) else {
            let method = request.head.methodRange.text(in: bytes)
            throw Problem(
                .notImplemented,
                "the method \(method) is not known here; use GET, HEAD, POST, DELETE or OPTIONS"
            )
        }
        guard let route = RouteTable.route(request.head.path, in: bytes) else { return nil }
        try front.access.checkOrigin(request.head, bytes)
        let isKnown =
            switch request.head.method {
            case .get: route.get != nil
            case .head: route.get != nil && route.allowsHead
            case .post: route.post != nil
            case .delete: route.delete != nil
            case .options: true
            case .put, .patch, .other: false
            }
        guard isKnown else { throw methodNotAllowed(request, allow: route.allow) }
        return route
    }

    private func methodNotAllowed(_ request: Request, allow: String) -> Problem {
        let method = request.head.methodRange.text(in: request.headBytes.span)
        return Problem(
            .methodNotAllowed,
            "the method \(method.prefix(20)) is not one of this path; use \(allow)",
            allow: allow
        )
    }

    private func carryOut(_ request: Request, _ route: Route?) throws(Problem) {
        guard let route else { return try answerPage(request) }
        let operation: Operation?
        switch request.head.method {
        case .get, .head: operation = route.get
        case .post: operation = route.post
        case .delete: operation = route.delete
        default: operation = nil
        }
        guard let operation else { return answerOptions(request, allow: route.allow) }
        switch operation {
        case .getStats, .getMetrics, .getLiveness, .getReadiness: try FieldReader(known: []).read(request) { _ in }
        default: break
        }
        switch operation {
        case .pollMessages, .pollMessagesByPost: try poll(request)
        case .sendMessage: try send(request)
        case .streamMessages: try openStream(request)
        case .ackMessages: try ack(request)
        case .releaseLeases: try release(request)
        case .extendLeases: try extend(request)
        case .getInbox: try showInbox(request)
        case .deleteInbox: try deleteInbox(request)
        case .listInboxes: try listInboxes(request)
        case .getPresence: try showPresence(request)
        case .getStats: showStatistics()
        case .getMetrics: showMetrics()
        case .getLiveness: answer(.json { $0.append("{\"status\":\"live\"}") })
        case .getReadiness: try showReadiness()
        }
    }

    private func answerOptions(_ request: Request, allow: String) {
        var fields = "Allow: \(allow)\r\n"
        if request.head.accessControlRequestMethod != nil, !traits.crossOriginFields.isEmpty {
            fields += "Access-Control-Allow-Methods: \(allow)\r\n"
            fields += "Access-Control-Allow-Headers: Content-Type, Idempotency-Key, Last-Event-ID\r\n"
            fields += "Access-Control-Max-Age: 600\r\n"
        }
        answer(Response(status: 204, contentType: nil, fields: fields))
    }

    /// Pages, the contract, and everything that is not there.
    private func answerPage(_ request: Request) throws(Problem) {
        let bytes = request.headBytes.span
        let head = request.head
        if head.method == .options, head.path.equals("*", in: bytes) {
            return answerOptions(request, allow: "GET, HEAD, POST, DELETE, OPTIONS")
        }
        let path = head.path.text(in: bytes)
        let decoded = (try? percentDecodedPath(head.path, in: bytes)) ?? path
        guard let response = Pages.response(decoded, ifNoneMatch: head.ifNoneMatch?.text(in: bytes)) else {
            throw Problem(.notFound, "there is nothing at '\(path.prefix(80))'; /openapi.yaml lists what there is")
        }
        // What every origin may read says so already.
        if Pages.isForEveryOrigin(decoded) { traits.crossOriginFields = "" }
        switch head.method {
        case .get, .head: answer(response)
        case .options: answerOptions(request, allow: Pages.allow)
        default: throw methodNotAllowed(request, allow: Pages.allow)
        }
    }

    // MARK: Operations that end at once

    /// Runs `body` on a recipient's shard and answers with what `write` puts into the body buffer.
    func answer<Value: Sendable>(
        for recipient: Recipient,
        status: Int = 200,
        _ body: @escaping @Sendable (isolated Shard) throws -> Value,
        write: @escaping @Sendable (Value, ByteBuffer) -> Void
    ) {
        beginWork()
        front.perform(for: recipient, body) { result in
            guard !self.channel.isClosed else { return }
            switch result {
            case .success(let value):
                write(value, self.front.body)
                self.answerJSON(status: status)
            case .failure(let error):
                self.answer(Problem(caught: error))
            }
        }
    }

    /// The request is being answered; the answer may come later.
    func beginWork() {
        phase = .working
    }

    private func send(_ request: Request) throws(Problem) {
        let now = front.broker.time.wallNow
        if !request.body.isEmpty, try request.bodyNotation() == .ndjson { return try sendBatch(request, at: now) }
        let command = try SendCommand(request, sentAt: now, scratch: front.scratch)
        front.scratch.reset(keeping: Front.scratchBytesKept)
        guard command.isList else {
            return try send(command.draft)
        }
        beginWork()
        front.send([.command(command)]) { results in
            guard !self.channel.isClosed else { return }
            guard case .sent(let results, _) = results[0] else { preconditionFailure("a command has results") }
            if let refusal = SendAnswer.refusal(results) { return self.answer(SendAnswer.response(refusal, results)) }
            SendAnswer.write(results, to: self.front.body)
            self.answerJSON(status: results.allSatisfy(\.1.isSuccess) ? 201 : 207)
        }
    }

    private func send(_ draft: Draft) throws(Problem) {
        guard front.isLocal(draft.recipient) else {
            return answer(for: draft.recipient, status: 201) { shard throws(BrokerError) in
                try shard.send(draft)
            } write: { receipt, body in
                SendAnswer.write(receipt, to: body)
            }
        }
        let receipt: SendReceipt
        do throws(BrokerError) {
            receipt = try front.ownShard.sendHere(draft)
        } catch {
            throw Problem(error)
        }
        SendAnswer.write(receipt, to: front.body)
        answerJSON(status: 201)
    }

    private func ack(_ request: Request) throws(Problem) {
        let query = try AckQuery(request)
        answer(for: query.recipient) { shard throws(BrokerError) in
            try shard.ack(query.recipient, upTo: query.upTo, ids: query.ids)
        } write: { unread, body in
            AckAnswer.write(unread, to: body)
        }
    }

    private func release(_ request: Request) throws(Problem) {
        let query = try ReleaseQuery(request)
        answer(for: query.recipient) { shard throws(BrokerError) in
            try shard.release(query.recipient, ids: query.ids, delay: query.delay)
        } write: { unread, body in
            AckAnswer.write(unread, to: body)
        }
    }

    private func extend(_ request: Request) throws(Problem) {
        let query = try ExtendQuery(request)
        answer(for: query.recipient) { shard throws(BrokerError) in
            try shard.extend(query.recipient, ids: query.ids, lease: query.lease)
        } write: { unread, body in
            AckAnswer.write(unread, to: body)
        }
    }

    private func showInbox(_ request: Request) throws(Problem) {
        let recipient = try InboxQuery.recipient(request)
        answer(for: recipient) { shard in
            shard.summary(of: recipient)
        } write: { summary, body in
            InboxAnswer.write(summary, to: body)
        }
    }

    private func deleteInbox(_ request: Request) throws(Problem) {
        let recipient = try InboxQuery.recipient(request)
        beginWork()
        front.perform(for: recipient) { shard in
            shard.delete(recipient)
        } then: { _ in
            guard !self.channel.isClosed else { return }
            self.answer(Response(status: 204, contentType: nil))
        }
    }

    private func listInboxes(_ request: Request) throws(Problem) {
        let query = try InboxesQuery(request)
        let broker = front.broker
        answerLater {
            let summaries = await broker.summaries(prefix: query.prefix, after: query.after, limit: query.limit + 1)
            return .json { InboxAnswer.write(summaries, limit: query.limit, to: $0) }
        }
    }

    private func showPresence(_ request: Request) throws(Problem) {
        let recipients = try PresenceQuery.recipients(request)
        let broker = front.broker
        answerLater {
            let presences = await broker.presence(of: recipients)
            return .json { PresenceAnswer.write(presences, to: $0) }
        }
    }

    private func showStatistics() {
        let server = front.server
        let broker = front.broker
        answerLater {
            let snapshot = await Snapshot(server, broker)
            return .json { snapshot.writeJSON(to: $0) }
        }
    }

    private func showMetrics() {
        let server = front.server
        let broker = front.broker
        answerLater {
            let snapshot = await Snapshot(server, broker)
            let body = ByteBuffer()
            snapshot.writeMetrics(to: body)
            let type = "text/plain; version=0.0.4; charset=utf-8"
            return Response(status: 200, contentType: type, body: Array(body.bytes))
        }
    }

    private func showReadiness() throws(Problem) {
        guard !front.server.isDraining else { throw Problem(.draining, "the server is shutting down; use another") }
        answer(.json { $0.append("{\"status\":\"ready\"}") })
    }

    /// Answers with what `make` comes to, which may take its time.
    private func answerLater(_ make: @escaping @Sendable () async -> Response) {
        beginWork()
        Task.immediate(executorPreference: front.loop.tasks) {
            let response = await make()
            guard !self.channel.isClosed else { return }
            self.answer(response)
        }
    }
}

extension Problem {
    /// What is thrown through a boundary that erases its type is still one of ours.
    init(caught error: any Error) {
        guard let error = error as? BrokerError else {
            preconditionFailure("a shard throws only its own errors, not \(error)")
        }
        self.init(error)
    }
}

extension Result {
    var isSuccess: Bool {
        if case .success = self { true } else { false }
    }
}
