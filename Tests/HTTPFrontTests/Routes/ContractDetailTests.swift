import Broker
import Testing

@testable import HTTPFront

/// What openapi.yaml says of fields, statuses and limits is what the code has.
struct ContractDetailTests {
    private let contract: ContractBlock
    private let text: String

    init() throws {
        text = try ContractDocument.text()
        contract = ContractBlock(text)
    }

    @Test
    func `no line is longer than 120 columns`() {
        #expect(contract.lines.filter { $0.count > 120 } == [])
    }

    /// What each operation of the code takes; the others take nothing.
    private static let fields: [HTTPFront.Operation: FieldSet] = [
        .sendMessage: .send, .pollMessages: .poll, .pollMessagesByPost: .poll, .streamMessages: .stream,
        .ackMessages: .ack, .releaseLeases: .release, .extendLeases: .extend, .getInbox: .inbox, .deleteInbox: .inbox,
        .listInboxes: .inboxes, .getPresence: .presence,
    ]

    @Test
    func `each operation lists the fields that it takes`() {
        for (operation, method, path) in RouteTable.operations {
            let block = contract["paths", path, method]
            let known = Self.fields[operation] ?? []
            let names = Set(Field.allCases.filter { known.contains(FieldSet($0)) }.map(\.name.description))
            let listed = method == "post" ? properties(block["requestBody"]) : queryParameters(block)
            #expect(listed == names, "\(operation)")
        }
    }

    private func properties(_ body: ContractBlock) -> Set<String> {
        Set(
            body.references.flatMap { reference in
                contract["components", "schemas", String(reference.dropFirst("schemas/".count)), "properties"].keys
            }
        )
    }

    private func queryParameters(_ operation: ContractBlock) -> Set<String> {
        var names: Set<String> = []
        let lines = operation["parameters"].lines
        for (line, next) in zip(lines, lines.dropFirst()) where next.hasSuffix("in: query") {
            if let match = line.wholeMatch(of: #/ +- name: (.+)/#) { names.insert(String(match.1)) }
        }
        for reference in operation["parameters"].references where reference.hasPrefix("parameters/") {
            let parameter = contract["components", "parameters", String(reference.dropFirst("parameters/".count))]
            if parameter.value("in") == "query", let name = parameter.value("name") { names.insert(name) }
        }
        return names
    }

    /// The refusals that any request may meet, whatever it asks for: of the parser, the names and the limits.
    private static let anywhere: Set<Int> = [400, 405, 408, 413, 414, 417, 421, 431, 501, 503, 505]

    private static func refusals(_ id: String, _ method: String) -> Set<Int> {
        guard let operation = HTTPFront.Operation(rawValue: id) else {
            return id == "getAsset" ? anywhere.union([404]) : anywhere
        }
        // Where a page comes from matters to the interface only, and what a body is in only where one is read.
        let common = anywhere.union(method == "post" ? [403, 415] : [403])
        switch operation {
        case .sendMessage: return common.union([422, 429, 507])
        case .pollMessages, .pollMessagesByPost: return common.union([507])
        case .streamMessages: return common.union([406, 507])
        case .extendLeases: return common.union([404])
        case .ackMessages, .releaseLeases, .getInbox, .deleteInbox, .listInboxes, .getPresence, .getStats, .getMetrics,
            .getLiveness, .getReadiness:
            return common
        }
    }

    @Test
    func `each operation lists the refusals that it can be answered with`() {
        for operation in ContractDocument(text).operations {
            let listed = contract["paths", operation.path, operation.method, "responses"].keys.compactMap { Int($0) }
            #expect(Set(listed.filter { $0 >= 400 }) == Self.refusals(operation.id, operation.method), "\(operation)")
            #expect(listed == listed.sorted(), "\(operation)")
        }
    }

    @Test
    func `every part of the contract is used`() {
        let used = Set(contract.references)
        for kind in ["parameters", "schemas", "responses"] {
            for name in contract["components", kind].keys { #expect(used.contains("\(kind)/\(name)"), "\(name)") }
        }
    }

    @Test(arguments: [
        ("Recipient", Name.recipientBytesMax), ("Sender", Name.senderBytesMax), ("MessageType", Name.typeBytesMax),
        ("Key", Name.keyBytesMax), ("Session", Name.sessionBytesMax),
    ])
    func `names are as long as the code lets them be`(schema: String, bytesMax: Int) {
        let schema = contract["components", "schemas", schema]
        #expect(schema.value("x-bytes-max") == "\(bytesMax)")
        #expect(schema.value("maxLength") == "\(bytesMax)")
    }

    /// Ids at the edges of what the server reads: the largest epoch has 40 bits.
    private static let ids = [
        "1.0", "k3Qz9.18", "z.1", "zzzzzz.1", "1000000.1", "JMAIjoV.1", "JMAIjoW.1", "JMAIjoz.1", "JMAIjp0.1",
        "JMAIjnz.1", "JMAIk00.1", "JMAIizz.1", "JMAJ000.1", "JMAHzzz.1", "JMB0000.1", "JM9zzzz.1", "JN00000.1",
        "JLzzzzz.1", "K000000.1", "Izzzzzz.1", "zzzzzzz.1", "10000000.1", "0.1", "01.1", "k.00", "k.01", "k.0",
        "k.999999999999999999", "k.1000000000000000000", "k.", ".1", "k", "k.1.1", "k.-1", "k.+1", " k.1", "k.1 ",
        "ä.1",
        "k-.1", "k,1", "",
    ]

    @Test
    func `the patterns accept exactly the ids and positions that the server reads`() throws {
        let id = try Regex(#require(contract["components", "schemas", "MessageId"].value("pattern")))
        let position = try Regex(#require(contract["components", "schemas", "Position"].value("pattern")))
        for text in Self.ids {
            #expect((text.firstMatch(of: id) != nil) == (MessageID(text) != nil), "\(text)")
            for texts in [text, text + "~k3Qz9.18", "k3Qz9.18~" + text, "1.0~" + text + "~z.1"] {
                #expect((texts.firstMatch(of: position) != nil) == ((try? Cursor(texts)) != nil), "\(texts)")
            }
        }
        #expect(Self.ids.count { MessageID($0) != nil } == 14)
    }
}
