/// A file that the server gives to browsers.
package struct Page: Sendable {
    /// Where it is served, such as `/desk/agent`.
    package let path: String
    /// The media type, with the character set for text.
    package let contentType: String
    /// The file as it lies in `Assets`.
    package let bytes: [UInt8]
    /// Whether pages of every origin may import it: it is a library, and holds nothing.
    package let isForEveryOrigin: Bool
    /// The strong entity tag, quotation marks included; it changes with every change of the bytes.
    package let entityTag: String

    fileprivate init(_ path: String, _ contentType: String, _ bytes: [UInt8], isForEveryOrigin: Bool = false) {
        self.path = path
        self.contentType = contentType
        self.bytes = bytes
        self.isForEveryOrigin = isForEveryOrigin
        self.entityTag = "\"\(String(fnv1a(bytes), radix: 16))\""
    }
}

/// The start page, the customer-service desk and the contract, compiled into the binary.
package enum WebPages {
    /// Everything there is to serve, each page with its own path.
    package static let all: [Page] = [
        Page("/", html, PackageResources.index_html),
        Page("/chat", html, PackageResources.chat_html),
        Page("/notify", html, PackageResources.notify_html),
        Page("/compare", html, PackageResources.compare_html),
        Page("/dashboard", html, PackageResources.dashboard_html),
        Page("/desk/customer", html, PackageResources.customer_html),
        Page("/desk/agent", html, PackageResources.agent_html),
        Page("/assets/pages.css", "text/css; charset=utf-8", PackageResources.pages_css),
        Page("/assets/agent.js", script, PackageResources.agent_js),
        Page("/assets/chat.js", script, PackageResources.chat_js),
        Page("/assets/company.js", script, PackageResources.company_js),
        Page("/assets/compare.js", script, PackageResources.compare_js),
        Page("/assets/customer.js", script, PackageResources.customer_js),
        Page("/assets/dashboard.js", script, PackageResources.dashboard_js),
        Page("/assets/desk.js", script, PackageResources.desk_js),
        Page("/assets/dom.js", script, PackageResources.dom_js),
        Page("/assets/iframe.js", script, PackageResources.iframe_js),
        Page("/assets/index.js", script, PackageResources.index_js),
        Page("/assets/inspector.js", script, PackageResources.inspector_js),
        Page("/assets/language.js", script, PackageResources.language_js),
        Page("/assets/list.js", script, PackageResources.list_js),
        Page("/assets/log.js", script, PackageResources.log_js),
        Page("/assets/notify.js", script, PackageResources.notify_js),
        Page("/assets/outbox.js", script, PackageResources.outbox_js),
        Page("/assets/plot.js", script, PackageResources.plot_js),
        Page("/assets/tables.js", script, PackageResources.tables_js),
        Page("/assets/timestamped.js", script, PackageResources.timestamped_js),
        Page("/assets/waiting.js", script, PackageResources.waiting_js),
        Page("/assets/wire.js", script, PackageResources.wire_js),
        Page("/assets/favicon.svg", "image/svg+xml", PackageResources.favicon_svg),
        Page("/broker.js", script, PackageResources.broker_js, isForEveryOrigin: true),
        Page("/broker.d.ts", text, PackageResources.broker_d_ts, isForEveryOrigin: true),
        Page("/openapi.yaml", "application/yaml", PackageResources.openapi_yaml),
    ]

    /// What every page is to be answered with besides its own type and entity tag.
    ///
    /// `no-cache` lets a browser keep the page but ask each time whether it is still the same, which the entity tag
    /// answers in a few bytes. The policy allows nothing but the server's own files: no inline script runs, whatever
    /// a message may hold. It must not be put on `/v1/stream`, whose iframe form consists of inline scripts.
    package static let headers: [(name: String, value: String)] = [
        ("Cache-Control", "no-cache"),
        (
            "Content-Security-Policy",
            """
            default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
            require-trusted-types-for 'script'
            """
        ),
        ("X-Content-Type-Options", "nosniff"),
    ]

    /// Finds the page that is served at a path.
    ///
    /// - Parameter path: The path of a request, without query, percent-decoded.
    /// - Returns: The page, or nil where there is none.
    package static func page(at path: String) -> Page? {
        byPath[path]
    }

    private static let byPath = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })
    private static let text = "text/plain; charset=utf-8"
    private static let html = "text/html; charset=utf-8"
    private static let script = "text/javascript; charset=utf-8"
}

/// The 64-bit FNV-1a hash: the same for the same bytes in every process, in contrast to `Hasher`.
private func fnv1a(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { hash, byte in (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
}
