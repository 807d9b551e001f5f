import Broker
import Testing

@testable import HTTPFront

/// What POST /v1/ack, /v1/release and /v1/extend read.
struct LeaseQueryTests {
    static func ack(_ request: Request) throws(Problem) -> String {
        let query = try AckQuery(request)
        return "\(query.recipient) | \(query.upTo.map { "up to \($0)" } ?? texts(query.ids))"
    }

    static func release(_ request: Request) throws(Problem) -> String {
        let query = try ReleaseQuery(request)
        return "\(query.recipient) | \(texts(query.ids)) | \(query.delay)"
    }

    static func extend(_ request: Request) throws(Problem) -> String {
        let query = try ExtendQuery(request)
        return "\(query.recipient) | \(texts(query.ids)) | \(query.lease)"
    }

    private static func texts(_ ids: [MessageID]) -> String { ids.map(\.description).joined(separator: ",") }

    private static func problem(_ request: String, _ read: (Request) throws(Problem) -> String) throws -> String? {
        let problem = try RequestBench.problem(request, read)
        #expect(problem?.code == .invalidRequest)
        return problem?.detail
    }

    @Test(arguments: [
        (#"{"recipient":"u","upTo":"k3Qz9.18"}"#, "recipient=u&upTo=k3Qz9.18", "u | up to k3Qz9.18"),
        (#"{"ids":["k3Qz9.1"],"recipient":"u"}"#, "ids=k3Qz9.1&recipient=u", "u | k3Qz9.1"),
        (
            #"{"recipient":"u","ids":["k3Qz9.1","k3Qz9.3"]}"#, "recipient=u&ids=k3Qz9.1&ids=k3Qz9.3",
            "u | k3Qz9.1,k3Qz9.3"
        ),
        (#"{"recipient":"ü","upTo":"1.0"}"#, "recipient=%C3%BC&upTo=1.0", "ü | up to 1.0"),
    ])
    func `an ack is read from JSON and from a form`(json: String, form: String, expected: String) throws {
        #expect(try RequestBench.read(RequestBench.json("/v1/ack", json), Self.ack) == expected)
        #expect(try RequestBench.read(RequestBench.form("/v1/ack", form), Self.ack) == expected)
    }

    private static let either = "give either 'upTo' (everything up to an id) or 'ids' (these messages)"
    private static let whose = "'recipient' is missing; say whose inbox it is about"

    @Test(arguments: [
        (#"{"upTo":"k3Qz9.18"}"#, whose), ("{}", whose), (#"{"recipient":"u"}"#, either),
        (#"{"recipient":"u","upTo":"k3Qz9.18","ids":["k3Qz9.1"]}"#, either),
        (#"{"recipient":"u","ids":[]}"#, "'ids' is empty; give 1 to 1000 elements"),
        (#"{"recipient":"u","ids":"k3Qz9.1"}"#, "'ids' is a string; give an array of ids"),
        (#"{"recipient":"u","ids":null}"#, "'ids' is null; give an array of ids"),
        (#"{"recipient":"u","ids":[1]}"#, "'ids' is wrong at byte 0: expected a string but found a number"),
        (#"{"recipient":"u","ids":["x"]}"#, "'ids' has 'x', which is no id; give ids as they were received"),
        (#"{"recipient":"u","upTo":"0"}"#, "'upTo' has '0', which is no id; give ids as they were received"),
        (
            #"{"recipient":"u","upTo":"k3Qz9.1~k3Qz9.2"}"#,
            "'upTo' has 'k3Qz9.1~k3Qz9.2', which is no id; give ids as they were received"
        ),
        (#"{"recipient":"u","upTo":18}"#, "'upTo' is wrong at byte 0: expected a string but found a number"),
        (
            #"{"recipient":["u"],"upTo":"k3Qz9.1"}"#,
            "'recipient' is wrong at byte 0: expected a string but found an array"
        ),
        (
            #"{"recipient":"u","upTo":"k3Qz9.1","lease":3}"#,
            "unknown field 'lease'; this request takes 'recipient', 'upTo', 'ids'"
        ),
    ])
    func `a wrong ack is refused by name`(body: String, detail: String) throws {
        #expect(try Self.problem(RequestBench.json("/v1/ack", body), Self.ack) == detail)
    }

    @Test
    func `whose inbox it is about is said once`() throws {
        for (path, read) in [("ack", Self.ack), ("release", Self.release), ("extend", Self.extend)] {
            let request = RequestBench.form("/v1/\(path)", "recipient=a&recipient=b&ids=k3Qz9.1")
            #expect(try Self.problem(request, read) == "'recipient' is given twice; give it once")
            let query = RequestBench.post("/v1/\(path)?recipient=a", "")
            #expect(
                try Self.problem(query, read) == "fields in the query of a POST request; send them in its body"
            )
            #expect(try Self.problem(RequestBench.post("/v1/\(path)", ""), read) == Self.whose)
        }
    }

    @Test(arguments: [
        (#"{"recipient":"u","ids":["k3Qz9.1"]}"#, "recipient=u&ids=k3Qz9.1", "u | k3Qz9.1 | 0.0 seconds"),
        (
            #"{"recipient":"u","ids":["k3Qz9.1","1.2"],"delaySeconds":3600}"#,
            "recipient=u&ids=k3Qz9.1&ids=1.2&delaySeconds=3600", "u | k3Qz9.1,1.2 | 3600.0 seconds"
        ),
        (
            #"{"recipient":"u","ids":["k3Qz9.1"],"delaySeconds":0}"#, "recipient=u&ids=k3Qz9.1&delaySeconds=0",
            "u | k3Qz9.1 | 0.0 seconds"
        ),
    ])
    func `a release is read from JSON and from a form`(json: String, form: String, expected: String) throws {
        #expect(try RequestBench.read(RequestBench.json("/v1/release", json), Self.release) == expected)
        #expect(try RequestBench.read(RequestBench.form("/v1/release", form), Self.release) == expected)
    }

    @Test(arguments: [
        (#"{"ids":["k3Qz9.1"]}"#, whose), (#"{"recipient":"u"}"#, "'ids' is missing; name the leased messages"),
        (
            #"{"recipient":"u","ids":["k3Qz9.1"],"delaySeconds":3601}"#,
            "'delaySeconds' is 3601; give an integer from 0 to 3600"
        ),
        (
            #"{"recipient":"u","ids":["k3Qz9.1"],"delaySeconds":-1}"#,
            "'delaySeconds' is -1; give an integer from 0 to 3600"
        ),
        (
            #"{"recipient":"u","ids":["k3Qz9.1"],"lease":1}"#,
            "unknown field 'lease'; this request takes 'recipient', 'ids', 'delaySeconds'"
        ),
    ])
    func `a wrong release is refused by name`(body: String, detail: String) throws {
        #expect(try Self.problem(RequestBench.json("/v1/release", body), Self.release) == detail)
    }

    @Test(arguments: [
        (
            #"{"recipient":"u","ids":["k3Qz9.1"],"lease":1}"#, "recipient=u&ids=k3Qz9.1&lease=1",
            "u | k3Qz9.1 | 1.0 seconds"
        ),
        (
            #"{"lease":3600,"recipient":"u","ids":["k3Qz9.1","1.2"]}"#,
            "lease=3600&recipient=u&ids=k3Qz9.1&ids=1.2", "u | k3Qz9.1,1.2 | 3600.0 seconds"
        ),
    ])
    func `an extend is read from JSON and from a form`(json: String, form: String, expected: String) throws {
        #expect(try RequestBench.read(RequestBench.json("/v1/extend", json), Self.extend) == expected)
        #expect(try RequestBench.read(RequestBench.form("/v1/extend", form), Self.extend) == expected)
    }

    @Test(arguments: [
        (#"{"ids":["k3Qz9.1"],"lease":1}"#, whose),
        (#"{"recipient":"u","lease":1}"#, "'ids' is missing; name the leased messages"),
        (#"{"recipient":"u","ids":["k3Qz9.1"]}"#, "'lease' is missing; give the seconds from now, 1 to 3600"),
        (#"{"recipient":"u","ids":["k3Qz9.1"],"lease":0}"#, "'lease' is 0; give an integer from 1 to 3600"),
        (#"{"recipient":"u","ids":["k3Qz9.1"],"lease":3601}"#, "'lease' is 3601; give an integer from 1 to 3600"),
        (
            #"{"recipient":"u","ids":["k3Qz9.1"],"lease":1,"upTo":"k3Qz9.1"}"#,
            "unknown field 'upTo'; this request takes 'recipient', 'lease', 'ids'"
        ),
    ])
    func `a wrong extend is refused by name`(body: String, detail: String) throws {
        #expect(try Self.problem(RequestBench.json("/v1/extend", body), Self.extend) == detail)
    }

    @Test
    func `1000 ids are read and 1001 are not`() throws {
        for (path, read) in [("ack", Self.ack), ("release", Self.release), ("extend", Self.extend)] {
            let lease = path == "extend" ? 1 : 0
            func json(_ count: Int) -> String {
                let ids = (1...count).map { "\"1.\($0)\"" }.joined(separator: ",")
                return RequestBench.json(
                    "/v1/\(path)",
                    "{\"recipient\":\"u\",\"ids\":[\(ids)]" + (lease > 0 ? ",\"lease\":1}" : "}")
                )
            }
            func form(_ count: Int) -> String {
                let ids = (1...count).map { "&ids=1.\($0)" }.joined()
                return RequestBench.form("/v1/\(path)", "recipient=u\(ids)" + (lease > 0 ? "&lease=1" : ""))
            }
            #expect(try RequestBench.read(json(1000), read) == (try RequestBench.read(form(1000), read)))
            #expect(try Self.problem(json(1001), read) == "'ids' has more than 1000 elements; give 1 to 1000")
            #expect(try Self.problem(form(1001), read) == "1001 ids; name 1 to 1000")
        }
    }
}
