import Foundation
import Testing

@testable import Broker
@testable import HTTPFront

/// Errors as answers.
struct ProblemTests {
    @Test
    func `a problem is a document of RFC 9457`() throws {
        let response = Problem(.invalidRequest, "'a\"' is \u{1}; give b").response
        #expect(response.status == 400)
        #expect(response.contentType == "application/problem+json")
        #expect(response.fields == "")
        #expect(
            String(decoding: response.body, as: UTF8.self)
                == #"{"type":"urn:problem:broker:invalid_request","title":"Bad Request","status":400,"#
                + #""detail":"'a\"' is \u0001; give b","code":"invalid_request"}"#
        )
    }

    @Test(arguments: ProblemCode.allCases)
    func `every code makes a valid document with a title of its status`(code: ProblemCode) throws {
        let response = Problem(code, "because").response
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: any Sendable]
        )
        #expect(Set(object.keys) == ["type", "title", "status", "detail", "code"])
        #expect(object["code"] as? String == code.rawValue)
        #expect(object["type"] as? String == "urn:problem:broker:\(code.rawValue)")
        #expect(object["status"] as? Int == code.status)
        #expect(response.status == code.status)
        // What has no name of its own is called an internal error.
        #expect((object["title"] as? String == "Internal Server Error") == (code.status == 500))
        // No error is taken for an answer by a page that looks for success.
        #expect(object["success"] == nil)
    }

    @Test(arguments: ProblemCode.allCases)
    func `a refusal under load says when to come back`(code: ProblemCode) {
        let expected =
            [429, 503, 507].contains(code.status)
            ? "Retry-After: 5\r\nAccess-Control-Expose-Headers: Retry-After\r\n" : ""
        #expect(Problem(code, "because").response.fields == expected)
    }

    @Test
    func `a method that is not allowed names those that are`() {
        #expect(Problem(.methodNotAllowed, "because", allow: "GET, HEAD").response.fields == "Allow: GET, HEAD\r\n")
    }

    @Test(arguments: [
        (BrokerError.Code.invalidRequest, ProblemCode.invalidRequest), (.notFound, .notFound), (.tooLarge, .tooLarge),
        (.keyReused, .keyReused), (.inboxFull, .inboxFull), (.draining, .draining), (.brokerFull, .brokerFull),
    ])
    func `an error of the broker keeps its code`(code: BrokerError.Code, expected: ProblemCode) {
        let problem = Problem(BrokerError(code, "found", remedy: "do"))
        #expect(problem == Problem(expected, "found; do"))
        #expect(problem.code.rawValue == code.rawValue)
    }

    @Test
    func `a refusal of a head keeps its code, and a status of its own`() {
        #expect(
            Problem(RequestRefusal(status: 417, code: "invalid_request", detail: "because"))
                == Problem(.invalidRequest, "because", status: 417)
        )
        let response = Problem(.invalidRequest, "because", status: 417).response
        #expect(response.status == 417)
        #expect(
            String(decoding: response.body, as: UTF8.self)
                == #"{"type":"urn:problem:broker:invalid_request","title":"Expectation Failed","status":417,"#
                + #""detail":"because","code":"invalid_request"}"#
        )
        for refusal in [
            RequestRefusal.invalid("x"), .tooLong(requestLineBytesMax: 1), .tooLarge(headerBytesMax: 1),
            .tooMany(headerFieldsMax: 1), .tooLarge(bodyBytesMax: 1), .unsupportedVersion(), .notImplemented("x"),
            .repeated("Host"),
        ] {
            let code = ProblemCode(rawValue: refusal.code)
            #expect(code?.status == refusal.status, "\(refusal.code)")
        }
    }
}
