import Testing

@testable import HTTPFront

/// openapi.yaml and the server agree.
struct ContractTests {
    @Test
    func `the contract and the server list the same operations and the same error codes`() throws {
        let contract = ContractDocument(try ContractDocument.text())
        #expect(contract.differences(from: .served) == [])
        #expect(contract.operations.count == 26)
        #expect(contract.errorCodes.count == 21)
    }

    @Test
    func `every operation of the code has a route, and each route one operation`() {
        let routed = RouteTable.operations.map(\.operation)
        #expect(Set(routed) == Set(Operation.allCases))
        #expect(routed.count == Operation.allCases.count)
    }

    /// A contract test that could not fail would prove nothing.
    @Test(arguments: [
        (
            "  /v1/ack:\n", "  /v1/acks:\n",
            ["only here: post /v1/acks ackMessages", "only there: post /v1/ack ackMessages"]
        ),
        (
            "    delete:\n", "    put:\n",
            ["only here: put /v1/inbox deleteInbox", "only there: delete /v1/inbox deleteInbox"]
        ),
        (
            "operationId: getStats", "operationId: getStatistics",
            ["only here: get /v1/stats getStatistics", "only there: get /v1/stats getStats"]
        ),
        (
            "  /desk/agent:\n", "  /desk/agents:\n",
            ["only here: get /desk/agents getAgentPage", "only there: get /desk/agent getAgentPage"]
        ),
        ("  draining: {status: 503", "  draining: {status: 500", ["draining: 500 here, 503 there"]),
        ("  key_reused: {", "  key_used: {", ["key_reused: 0 here, 422 there", "key_used: 422 here, 0 there"]),
        ("        - overloaded\n", "", ["the codes of the schema ErrorCode"]),
    ])
    func `a change of the contract shows`(found: String, planted: String, differences: [String]) throws {
        let text = try ContractDocument.text()
        try #require(text.contains(found))
        let changed = ContractDocument(text.replacing(found, with: planted))
        #expect(changed.differences(from: .served) == differences)
    }

    @Test
    func `a change of the server shows`() throws {
        let contract = ContractDocument(try ContractDocument.text())
        var served = ContractDocument.served
        let operation = ContractDocument.Operation(method: "get", path: "/v1/peek", id: "peekMessages")
        served.operations.insert(operation)
        served.errorCodes["gone"] = 410
        served.errorCodes["forbidden"] = 401
        #expect(
            contract.differences(from: served) == [
                "forbidden: 403 here, 401 there", "gone: 0 here, 410 there", "only there: \(operation)",
            ]
        )
    }

    @Test
    func `the server serves this very contract`() throws {
        let response = try #require(Pages.response("/openapi.yaml", ifNoneMatch: nil))
        #expect(response.status == 200)
        #expect(response.contentType == "application/yaml")
        #expect(String(decoding: response.body, as: UTF8.self) == (try ContractDocument.text()))
    }

    @Test
    func `a page that a browser has already is not sent again`() throws {
        for path in Pages.paths {
            let response = try #require(Pages.response(path, ifNoneMatch: nil))
            let tag = try #require(response.fields.firstMatch(of: /ETag: (".+")\r\n/)?.1)
            #expect(!response.body.isEmpty)
            for tags in ["\(tag)", "W/\(tag)", "\"other\", \(tag)", "W/\"other\",\tW/\(tag)", "*"] {
                let second = try #require(Pages.response(path, ifNoneMatch: tags))
                #expect(second.status == 304, "\(tags)")
                #expect(second.body.isEmpty)
                #expect(second.contentType == nil)
                #expect(second.fields == response.fields)
            }
            for tags in ["", "\"other\"", "\"a,*,b\"", "W/\"other\", \"\"", "\(tag.dropLast())", "w/\(tag)"] {
                #expect(Pages.response(path, ifNoneMatch: tags)?.status == 200, "\(tags)")
            }
        }
        #expect(Pages.response("/nothing", ifNoneMatch: nil) == nil)
    }
}
