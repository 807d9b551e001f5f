/// Writes a line of the log for each request: its method, its path without the query, and its status.
///
/// There is one for each loop, confined to it, at the level debug; at the others there is none, and a request pays for
/// looking whether there is.
final class RequestLog {
    private let log: any ServerLog
    /// Requests that were not answered yet, under the connection that they came over.
    private var open: [ObjectIdentifier: (method: String, path: String)] = [:]

    /// Characters of a path that are written.
    private static let pathLengthMax = 200

    /// Makes one; nil if the log would not write its lines.
    init?(_ log: (any ServerLog)?) {
        guard let log, log.level >= .debug else { return nil }
        self.log = log
    }

    /// A request has come over a connection.
    func began(_ connection: AnyObject, method: String, path: String) {
        open[ObjectIdentifier(connection)] = (method, String(path.prefix(RequestLog.pathLengthMax)))
    }

    /// It is answered, or what came was no request and is refused.
    func answered(_ connection: AnyObject, status: Int) {
        let request = open.removeValue(forKey: ObjectIdentifier(connection)) ?? ("-", "-")
        write(request, status: "\(status)")
    }

    /// The connection has gone; a request that was not answered is written without a status.
    func closed(_ connection: AnyObject) {
        guard let request = open.removeValue(forKey: ObjectIdentifier(connection)) else { return }
        write(request, status: "-")
    }

    private func write(_ request: (method: String, path: String), status: String) {
        log.record(.debug, "request", [("method", request.method), ("path", request.path), ("status", status)])
    }
}

extension RequestLog {
    /// A request has come over a connection; only its head is looked at.
    func began(_ connection: AnyObject, _ request: Request) {
        let bytes = request.headBytes.span
        began(
            connection,
            method: request.head.methodRange.text(in: bytes),
            path: request.head.path.text(in: bytes)
        )
    }
}
