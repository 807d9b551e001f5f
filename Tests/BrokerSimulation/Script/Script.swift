#if os(Linux)
/// What a run begins with.
public struct Setup: Sendable {
    /// What the server's own chance comes from.
    public var seed: UInt64
    /// How many loops, and shards.
    public var loops: Int
    /// How many clients.
    public var clients: Int
    /// How many inboxes.
    public var recipients: Int
    /// Messages that an inbox keeps.
    public var messagesMax: Int
    /// Whether a full inbox drops what nobody has seen, or refuses.
    public var dropsOldest: Bool
    /// How many KiB all inboxes may hold; 0 for as much as there is.
    public var memory: Int

    /// Says what a run begins with.
    public init(
        seed: UInt64,
        loops: Int,
        clients: Int,
        recipients: Int,
        messagesMax: Int,
        dropsOldest: Bool,
        memory: Int
    ) {
        self.seed = seed
        self.loops = loops
        self.clients = clients
        self.recipients = recipients
        self.messagesMax = messagesMax
        self.dropsOldest = dropsOldest
        self.memory = memory
    }
}

/// A run, written down: the same script makes the same run, to the byte.
public struct Script: Sendable {
    /// What it begins with.
    public var setup: Setup
    /// What is done, in this order.
    public var steps: [Step]

    /// Writes a run down.
    public init(_ setup: Setup, _ steps: [Step]) {
        self.setup = setup
        self.steps = steps
    }

    /// Runs it, on a thread of its own.
    ///
    /// - Parameter isTraced: Whether to print everything that happens.
    /// - Returns: What the run came to.
    /// - Throws: ``Violation`` if the server did something that it must not.
    @discardableResult
    public func run(isTraced: Bool = false) throws(Violation) -> Report {
        try SimulationThread.run { () throws(Violation) -> Report in
            let kernel = Kernel()
            do {
                return try kernel.run { try World(setup, kernel, isTraced: isTraced).run(steps) }
            } catch let violation as Violation {
                throw violation
            } catch {
                throw Violation("\(error)")
            }
        }
    }

    /// The script as a test in Swift.
    public func test(named name: String) -> String {
        let setup = setup
        var lines = [
            "@Test func `\(name)`() async throws {",
            "    let setup = Setup(",
            "        seed: \(setup.seed), loops: \(setup.loops), clients: \(setup.clients), "
                + "recipients: \(setup.recipients),",
            "        messagesMax: \(setup.messagesMax), dropsOldest: \(setup.dropsOldest), memory: \(setup.memory)",
            "    )",
            "    let steps = [",
        ]
        lines += steps.map { "        \($0)," }
        lines += ["    ]", "    try await Script(setup, steps).replay()", "}"]
        return lines.joined(separator: "\n")
    }
}

/// What a run came to.
public struct Report: Sendable, Equatable {
    /// Over all bytes that the server has said, with their connections and times.
    public var hash: UInt64 = 0
    /// Bytes that the server has said.
    public var bytes = 0
    /// What clients did: requests, and actions upon the network.
    ///
    /// Those are connections that are opened, closed, half-closed, cut, or left without a word, reading that is stopped or
    /// gone on with, and servers that are replaced. Pauses, packets, pings and deliveries are not counted.
    public var operations = 0
    /// Requests that clients made.
    public var requests = 0
    /// Messages that they sent, each recipient counted.
    public var messages = 0
    /// Messages that were given to readers, each reader counted.
    public var deliveries = 0
    /// Times that a reader was told of lost messages.
    public var gaps = 0
    /// Times that a reader was told of another life of its inbox.
    public var resets = 0
    /// Messages that became unread again because their answer did not arrive, or their holder said so.
    public var returns = 0
    /// Sends that were known by their keys, each recipient counted.
    public var duplicates = 0
    /// Sends that were refused, each recipient counted.
    public var refusals = 0
    /// Times that a stream was told of somebody's coming or going, or how it was when it began.
    public var presences = 0
    /// Connections that were opened.
    public var connections = 0
    /// Times that a server took the place of another.
    public var restarts = 0
    /// Moments of rest at which everything was compared.
    public var checks = 0
    /// Nanoseconds of simulated time.
    public var simulated: Int64 = 0

    /// Nothing done yet.
    public init() {}

    /// Adds up what several runs came to.
    public static func += (sum: inout Report, part: Report) {
        sum.hash = (sum.hash ^ part.hash) &* 0x100_0000_01B3
        sum.bytes += part.bytes
        sum.operations += part.operations
        sum.requests += part.requests
        sum.messages += part.messages
        sum.deliveries += part.deliveries
        sum.gaps += part.gaps
        sum.resets += part.resets
        sum.returns += part.returns
        sum.duplicates += part.duplicates
        sum.refusals += part.refusals
        sum.presences += part.presences
        sum.connections += part.connections
        sum.restarts += part.restarts
        sum.checks += part.checks
        sum.simulated += part.simulated
    }
}
#endif
