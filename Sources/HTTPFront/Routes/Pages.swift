internal import WebPages

/// The pages that are compiled into the binary.
enum Pages {
    /// The methods that a page has.
    static let allow = "GET, HEAD, OPTIONS"

    /// Where the pages are; openapi.yaml lists the same.
    static var paths: [String] { WebPages.all.map(\.path) }

    private static let fields = WebPages.headers.map { "\($0.name): \($0.value)\r\n" }.joined()

    /// Whether pages of every origin may read what is at `path`.
    static func isForEveryOrigin(_ path: String) -> Bool {
        WebPages.page(at: path)?.isForEveryOrigin ?? false
    }

    /// A page, or that it has not changed; nil if there is none at `path`.
    static func response(_ path: String, ifNoneMatch: String?) -> Response? {
        guard let page = WebPages.page(at: path) else { return nil }
        var fields = "ETag: \(page.entityTag)\r\n" + fields
        if page.isForEveryOrigin { fields += "Access-Control-Allow-Origin: *\r\n" }
        guard !has(page.entityTag, in: ifNoneMatch ?? "") else {
            return Response(status: 304, contentType: nil, fields: fields)
        }
        return Response(status: 200, contentType: page.contentType, fields: fields, body: page.bytes)
    }

    /// Whether an `If-None-Match` names a page's tag, among others and weak or not (RFC 9110 §13.1.2).
    ///
    /// A proxy that compresses a page makes its tag weak.
    private static func has(_ entityTag: String, in tags: String) -> Bool {
        tags == "*" || tags.split { ", \t".contains($0) }.contains { $0 == entityTag || $0 == "W/" + entityTag }
    }
}
