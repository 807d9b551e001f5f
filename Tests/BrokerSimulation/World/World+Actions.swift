#if os(Linux)
internal import BrokerTestSupport

// What a step does.
extension World {
    func perform(_ action: Action) throws {
        switch action {
        case .send(let client, let to, let size, let key, let timeToLive, let style):
            clients[client].send(sendAsk(client, to, size, key, timeToLive, style), &random)
        case .retry(let client): clients[client].retry(&random)
        case .take(let client, let from, let seconds, let limit, let lease, let session):
            let ask = ReadAsk(
                recipients: from,
                starts: from.map { _ in .take },
                isStream: false,
                format: .sse,
                limit: limit,
                lease: lease,
                timeout: Int64(seconds) * 1_000_000_000,
                session: session
            )
            clients[client].read(ask, &random)
        case .follow(let client, let from, let origin, let seconds, let limit, let session, let observes):
            let ask = ReadAsk(
                recipients: from,
                starts: starts(client, from, origin == .unread ? .oldest : origin),
                isStream: false,
                format: .sse,
                limit: limit,
                lease: 0,
                timeout: Int64(seconds) * 1_000_000_000,
                session: session,
                observes: observes
            )
            clients[client].read(ask, &random)
        case .stream(let client, let from, let origin, let format, let session, let observes):
            let starts = starts(client, from, origin)
            clients[client].read(streamAsk(from, starts, format, session, observes: observes), &random)
        case .streamTaking(let client, let from, let format, let session):
            clients[client].read(streamAsk(from, from.map { _ in .take }, format, session, observes: false), &random)
        case .watch(let client, let from, let whom, let format, let session):
            let starts = starts(client, from, .own)
            let ask = streamAsk(from, starts, format, session, observes: true, watches: whom)
            clients[client].read(ask, &random)
        case .presence(let client, let recipients): clients[client].ask(.presence(recipients), &random)
        case .ack(let client, let choice): hold(client, choice, 0) { .ack($0) }
        case .release(let client, let choice, let delay): hold(client, choice, delay) { .release($0) }
        case .extend(let client, let choice, let seconds): hold(client, choice, seconds) { .extend($0) }
        case .look(let client, let recipient): clients[client].ask(.look(recipient), &random)
        case .list(let client): clients[client].ask(.list, &random)
        case .statistics(let client): clients[client].ask(.statistics, &random)
        case .delete(let client, let recipient): clients[client].ask(.delete(recipient), &random)
        case .cut(let client, let reading): clients[client].cut(reading: reading)
        case .close(let client, let reading): clients[client].close(reading: reading)
        case .halfClose(let client, let reading): clients[client].halfClose(reading: reading)
        case .vanish(let client, let reading): clients[client].vanish(reading: reading)
        case .stall(let client): clients[client].stall()
        case .goOn(let client): clients[client].goOn()
        case .dribble(let client): clients[client].dribble()
        case .mumble(let client): clients[client].mumble(&random)
        case .restart(let gently):
            report.operations += 1
            try restart(gently: gently)
        case .wait: break
        }
    }

    private func sendAsk(
        _ client: Int,
        _ to: [Int],
        _ size: Int,
        _ key: Int,
        _ timeToLive: Int,
        _ style: Style
    ) -> SendAsk {
        func line(_ recipients: [Int], isList: Bool, key: Int) -> SendAsk.Line {
            SendAsk.Line(
                token: ledger.newToken(),
                recipients: recipients,
                size: size,
                isList: isList,
                key: key,
                timeToLive: timeToLive
            )
        }
        switch style {
        case .json, .chunked:
            return SendAsk(client: client, lines: [line([to[0]], isList: false, key: key)], style: style)
        case .list: return SendAsk(client: client, lines: [line(to, isList: true, key: key)], style: style)
        case .form: return SendAsk(client: client, lines: [line(to, isList: to.count > 1, key: key)], style: style)
        case .batch:
            var lines = to.map { line([$0], isList: false, key: 0) }
            lines.append(line(to, isList: true, key: key))
            return SendAsk(client: client, lines: lines, style: style)
        }
    }

    private func starts(_ client: Int, _ recipients: [Int], _ origin: Origin) -> [ReadAsk.Start] {
        switch origin {
        case .now: return recipients.map { _ in .now }
        case .unread: return recipients.map { _ in .unread }
        case .oldest: return recipients.map { _ in .oldest }
        case .own:
            guard let cursor = clients[client].cursor(of: recipients), let ids = [ID](cursor: cursor) else {
                return recipients.map { _ in .oldest }
            }
            return ids.map { .after($0) }
        }
    }

    func streamAsk(
        _ recipients: [Int],
        _ starts: [ReadAsk.Start],
        _ format: Format,
        _ session: Int,
        observes: Bool,
        watches: [Int] = []
    ) -> ReadAsk {
        ReadAsk(
            recipients: recipients,
            starts: starts,
            isStream: true,
            format: format,
            limit: .max,
            lease: 0,
            timeout: .max,
            session: session,
            observes: observes,
            watches: watches
        )
    }

    private func hold(_ client: Int, _ choice: Choice, _ seconds: Int, _ make: (HoldAsk) -> Ask) {
        guard var (recipient, ids) = clients[client].choose(choice, &random) else { return }
        if case .foreign = choice, setup.recipients > 1 {
            // An id of one inbox, said of another: of no life of that one.
            recipient = (recipient + 1) % setup.recipients
        }
        if ids.isEmpty { ids = [ID(epoch: "zzz", sequence: 1)] }
        let ask = HoldAsk(recipient: recipient, ids: ids, isUpTo: choice == .upTo, seconds: seconds)
        clients[client].ask(make(ask), &random)
    }
}
#endif
