import Foundation

@testable import HTTPFront

/// What openapi.yaml says about operations and errors.
///
/// It is read line by line: the document is written by hand, in one regular layout, which this insists on.
struct ContractDocument: Equatable {
    /// One operation; also how a difference is shown.
    struct Operation: Hashable, CustomStringConvertible {
        var method: String
        var path: String
        var id: String

        var description: String { "\(method) \(path) \(id)" }
    }

    var operations: Set<Operation> = []
    /// Every code of `x-error-codes` with its status.
    var errorCodes: [String: Int] = [:]
    /// The codes that the schema `ErrorCode` lists, in order.
    var errorCodeSchema: [String] = []

    init() {}

    init(_ text: String) {
        var section = ""
        var path = ""
        var method = ""
        var schema = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
            if let key = Self.key(line, indent: 0) {
                section = key
            } else if section == "paths", let key = Self.key(line, indent: 2) {
                path = key
            } else if section == "paths", let key = Self.key(line, indent: 4) {
                method = key
            } else if section == "paths", line.hasPrefix("      operationId: ") {
                operations.insert(Operation(method: method, path: path, id: String(line.dropFirst(19))))
            } else if section == "components", let key = Self.key(line, indent: 4) {
                schema = key
            } else if section == "components", schema == "ErrorCode", line.hasPrefix("        - ") {
                errorCodeSchema.append(String(line.dropFirst(10)))
            } else if section == "x-error-codes", let match = line.wholeMatch(of: Self.errorCode) {
                errorCodes[String(match.1)] = Int(match.2)
            }
        }
    }

    private static var errorCode: Regex<(Substring, Substring, Substring)> {
        #/ {2}([a-z_]+): \{status: ([0-9]{3}), help: '.+'\}/#
    }

    /// The key of a line that opens a block and is indented so far.
    private static func key(_ line: Substring, indent: Int) -> String? {
        let rest = line.dropFirst(indent)
        guard line.prefix(indent).allSatisfy({ $0 == " " }), let first = rest.first, first != " ", first != "#" else {
            return nil
        }
        guard rest.hasSuffix(":"), !rest.hasPrefix("- ") else { return nil }
        return String(rest.dropLast())
    }

    /// The document at the top of the repository.
    static func text(testFile: String = #filePath) throws -> String {
        var directory = URL(fileURLWithPath: testFile)
        // Routes, HTTPFrontTests, Tests.
        for _ in 0..<4 { directory.deleteLastPathComponent() }
        return try String(contentsOf: directory.appendingPathComponent("openapi.yaml"), encoding: .utf8)
    }

    /// What the server really has.
    static var served: ContractDocument {
        var served = ContractDocument()
        for (operation, method, path) in RouteTable.operations {
            served.operations.insert(Operation(method: method, path: path, id: operation.rawValue))
        }
        let pages = [
            "/": "getHomePage", "/desk/customer": "getCustomerPage", "/desk/agent": "getAgentPage",
            "/broker.js": "getClientModule",
            "/broker.d.ts": "getClientTypes",
            "/chat": "getChatPage",
            "/notify": "getNotifyPage",
            "/compare": "getComparePage",
            "/dashboard": "getDashboardPage",
            "/openapi.yaml": "getContract", "/assets/{name}": "getAsset",
        ]
        for path in Pages.paths {
            let listed = path.hasPrefix("/assets/") ? "/assets/{name}" : path
            served.operations.insert(Operation(method: "get", path: listed, id: pages[listed] ?? "unknown"))
        }
        for code in ProblemCode.allCases { served.errorCodes[code.rawValue] = code.status }
        served.errorCodeSchema = ProblemCode.allCases.map(\.rawValue)
        return served
    }

    /// What stands in one of the two and not in the other, a line each.
    func differences(from other: ContractDocument) -> [String] {
        var found = operations.subtracting(other.operations).map { "only here: \($0)" }
        found += other.operations.subtracting(operations).map { "only there: \($0)" }
        for code in Set(errorCodes.keys).union(other.errorCodes.keys) where errorCodes[code] != other.errorCodes[code] {
            found.append("\(code): \(errorCodes[code] ?? 0) here, \(other.errorCodes[code] ?? 0) there")
        }
        if errorCodeSchema != other.errorCodeSchema { found.append("the codes of the schema ErrorCode") }
        return found.sorted()
    }
}
