import Testing

@testable import HTTPFront

/// In which notation the fields of a body are, by its `Content-Type`.
struct BodyNotationTests {
    private static func notation(_ request: Request) throws(Problem) -> BodyNotation {
        try request.bodyNotation()
    }

    @Test(
        arguments: [
            ("application/json", .json), ("Application/JSON", .json), ("application/json; charset=utf-8", .json),
            ("application/json;charset=\"UTF-8\"", .json), ("application/json; charset=us-ascii", .json),
            ("application/json; profile=x", .json), ("application/x-www-form-urlencoded", .form),
            ("application/x-www-form-urlencoded; charset=UTF-8", .form), ("application/x-ndjson", .ndjson),
            ("application/x-ndjson;charset=utf-8", .ndjson),
        ] as [(String, BodyNotation)]
    )
    func `a notation that is known is read`(contentType: String, notation: BodyNotation) throws {
        let request = RequestBench.post("/v1/send", "{}", "Content-Type: \(contentType)")
        #expect(try RequestBench.read(request, Self.notation) == notation)
    }

    private static let instead = "send application/json or application/x-www-form-urlencoded"

    @Test(arguments: [
        ("X-Other: 1", "the body has no Content-Type; \(instead)"),
        ("Content-Type:", "the Content-Type is malformed; send application/json"),
        ("Content-Type: json", "the Content-Type is malformed; send application/json"),
        ("Content-Type: application/json; charset", "the Content-Type is malformed; send application/json"),
        ("Content-Type: text/plain", "the Content-Type is text/plain; \(instead)"),
        ("Content-Type: Text/JSON", "the Content-Type is text/json; \(instead)"),
        ("Content-Type: application/problem+json", "the Content-Type is application/problem+json; \(instead)"),
        ("Content-Type: multipart/form-data; boundary=x", "the Content-Type is multipart/form-data; \(instead)"),
        ("Content-Type: application/json; charset=ISO-8859-1", "the charset is iso-8859-1; send UTF-8"),
        ("Content-Type: application/json; charset=utf-16", "the charset is utf-16; send UTF-8"),
    ])
    func `another notation is refused`(field: String, detail: String) throws {
        let request = RequestBench.post("/v1/send", "{}", field)
        #expect(try RequestBench.problem(request, Self.notation) == Problem(.unsupportedMediaType, detail))
    }

    @Test
    func `a body comes as it is, not compressed`() throws {
        let identity = RequestBench.json("/v1/send", "{}", "Content-Encoding: Identity")
        #expect(try RequestBench.read(identity, Self.notation) == .json)
        let gzip = RequestBench.json("/v1/send", "{}", "Content-Encoding: gzip")
        #expect(
            try RequestBench.problem(gzip, Self.notation)
                == Problem(.unsupportedMediaType, "the body has a Content-Encoding; send it as it is, uncompressed")
        )
    }

    @Test
    func `lines are for sending only`() throws {
        let request = RequestBench.post("/v1/poll", #"{"recipient":"u"}"#, "Content-Type: application/x-ndjson")
        let detail = "only /v1/send takes application/x-ndjson; \(Self.instead)"
        let expected = Problem(.unsupportedMediaType, detail)
        #expect(try RequestBench.problem(request, PollQueryTests.described) == expected)
        #expect(try RequestBench.problem(request, LeaseQueryTests.ack) == expected)
        #expect(try RequestBench.problem(request, LeaseQueryTests.release) == expected)
        #expect(try RequestBench.problem(request, LeaseQueryTests.extend) == expected)
    }

    @Test
    func `every field is known by its name, and by no other`() throws {
        // One that no operation took would be found here.
        let sets: [FieldSet] = [.send, .poll, .stream, .ack, .release, .extend, .inbox, .inboxes]
        for field in Field.allCases {
            #expect(sets.contains { $0.contains(FieldSet(field)) }, "\(field)")
            let name = "\(field.name)"
            let escaped = "%\(String(name.utf8.first ?? 0, radix: 16))\(name.dropFirst())"
            #expect(try Self.field(named: escaped) == field)
            for name in [name, "\(name)x", "\(name.dropLast())", name.uppercased()] {
                // Cut short, it may be the name of another.
                let expected = Field.allCases.first { "\($0.name)" == name }
                #expect(try Self.field(named: name) == expected, "\(name)")
            }
        }
    }

    private static func field(named name: String) throws -> Field? {
        try RequestBench.read(RequestBench.get("/?\(name)=1")) { request in
            var found: Field?
            try? FieldReader(known: FieldSet(rawValue: .max)).read(request) { found = $0.field }
            return found
        }
    }
}
