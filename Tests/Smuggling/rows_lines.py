"""Where a line, a head and a connection end; versions, expectations, targets and hosts."""

from row import BODY, CHUNK, CHUNKED, END, GET, HIDDEN, LENGTH, LINE, POST, cut, reads, refused

RFC_LINE = "RFC 9112 §2.2: lines end with CR LF; a bare CR is invalid, a bare LF is refused here"
RFC_REQUEST = "RFC 9112 §3: method SP target SP version, each once; what is invalid is refused"
RFC_FIELD = "RFC 9112 §5: name ':' OWS value OWS; the name is a token"
RFC_VERSION = "RFC 9112 §2.3, RFC 9110 §15.6.6: HTTP/1.0 and HTTP/1.1 alone"
RFC_TARGET = "RFC 9112 §3.2: origin-form, absolute-form, '*' for OPTIONS; RFC 3986 says which bytes"
RFC_HOST = "RFC 9112 §3.2: one Host, valid, or 400"
RFC_CLOSE = "RFC 9112 §9.6: nothing behind a request that says close is read"
RFC_EXPECT = "RFC 9110 §10.1.1"


def target(text):
    return b"GET " + text + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"


LINES = [
    refused("every line ended by LF", GET.replace(b"\r", b"") + b"\n" + HIDDEN, RFC_LINE),
    refused("the request line ended by LF", GET.replace(b"\r", b"", 1) + b"\r\n", RFC_LINE),
    refused("the head ended by CR LF LF", GET + b"\n" + HIDDEN, RFC_LINE),
    refused("the head ended by LF CR LF", GET.removesuffix(b"\r\n") + b"\n\r\n" + HIDDEN, RFC_LINE),
    refused("the head ended by CR CR LF", GET + b"\r\r\n" + HIDDEN, RFC_LINE),
    refused("a field ended by CR CR LF", GET + b"X-A: b\r\r\n\r\n", RFC_LINE),
    refused("a field ended by CR", GET + b"X-A: b\rX-C: d\r\n\r\n", RFC_LINE),
    refused("a bare CR in the target", target(b"/\rX"), RFC_LINE),
    refused("a request behind a bare LF", GET + b"X-A: b\n\n" + HIDDEN, RFC_LINE),
    refused("two empty lines in front", b"\r\n\r\n" + GET + b"\r\n", "RFC 9112 §2.2: at least one, here not two"),
    refused("LF in front", b"\n" + GET + b"\r\n", RFC_LINE),
    refused("CR in front", b"\r" + GET + b"\r\n", RFC_LINE),
    reads("an empty line in front", b"\r\n" + GET + b"\r\n", 1, "RFC 9112 §2.2: ignore at least one"),
    reads("an empty line behind a body", POST + LENGTH + b"\r\n" + BODY + b"\r\n" + HIDDEN, 2,
          "RFC 9112 §2.2: of clients that send one too many"),
    refused("a field that begins with a space", GET.replace(b"Host", b" Host") + b"\r\n", "RFC 9112 §2.2"),
    refused("a folded field", GET + b"X-A: b\r\n c\r\n\r\n", "RFC 9112 §5.2"),
    refused("a line of a space", GET + b" \r\n\r\n", "RFC 9112 §5.2"),
    refused("a line without a colon", GET + b"GET /hidden HTTP/1.1\r\n\r\n", RFC_FIELD),
    refused("a field without a name", GET + b": b\r\n\r\n", RFC_FIELD),
    refused("a request as a field", GET + b"GET http://localhost/hidden HTTP/1.1\r\nX: y\r\n\r\n", RFC_FIELD),
    refused("a name in brackets", GET + b"X(A): b\r\n\r\n", RFC_FIELD),
    refused("a name behind a byte order mark", GET + b"\xef\xbb\xbfX-A: b\r\n\r\n", RFC_FIELD),
    refused("NUL in a value", GET + b"X-A: b\x00c\r\n\r\n", "RFC 9110 §5.5"),
    refused("DEL in a value", GET + b"X-A: b\x7fc\r\n\r\n", "RFC 9110 §5.5"),
    refused("too many fields", GET + b"".join(b"X-%d: a\r\n" % index for index in range(120)) + b"\r\n",
            "RFC 6585 §5", 431),
    refused("too large a field", GET + b"X-A: " + b"b" * 17000 + b"\r\n\r\n", "RFC 6585 §5", 431),
    cut("a head that is cut", GET, "RFC 9112 §8: incomplete"),
    cut("a request line that is cut", LINE[:12], "RFC 9112 §8: incomplete"),
]  # fmt: skip

REQUESTS = [
    refused("two spaces", b"GET  /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n", RFC_REQUEST),
    refused("a tab", b"GET\t/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n", RFC_REQUEST),
    refused("a space behind the version", b"GET /health/live HTTP/1.1 \r\nHost: localhost\r\n\r\n", RFC_REQUEST),
    refused("two versions", b"GET /health/live HTTP/1.1 HTTP/1.1\r\nHost: localhost\r\n\r\n", RFC_REQUEST),
    refused("a space in the target", target(b"/health/ live"), RFC_REQUEST),
    refused("NUL in the target", target(b"/health/live\x00"), RFC_TARGET),
    refused("NUL in the method", b"G\x00ET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n", RFC_REQUEST),
    refused("HTTP/0.9", b"GET /health/live\r\n" + HIDDEN, RFC_VERSION),
    refused("HTTP/2.0", b"GET /health/live HTTP/2.0\r\nHost: localhost\r\n\r\n", RFC_VERSION, 505),
    reads("HTTP/1.2", b"GET /health/live HTTP/1.2\r\nHost: localhost\r\n\r\n" + HIDDEN, 2,
          "RFC 9110 §2.5: a later minor version is read as 1.1"),
    refused("HTTP/1.10", b"GET /health/live HTTP/1.10\r\nHost: localhost\r\n\r\n", RFC_VERSION),
    refused("HTTP/01.1", b"GET /health/live HTTP/01.1\r\nHost: localhost\r\n\r\n", RFC_VERSION, 505),
    refused("http/1.1", b"GET /health/live http/1.1\r\nHost: localhost\r\n\r\n", RFC_VERSION),
    refused("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", RFC_TARGET, 505),
    refused("CONNECT", b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n" + HIDDEN, "RFC 9110 §9.3.6", 501),
    reads("an unknown method", GET.replace(b"GET", b"get") + b"\r\n" + HIDDEN, 2,
          "RFC 9110 §9.1: 501, but its end is known", nginx=0),
    reads("an upgrade", GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
          b"HTTP2-Settings: AAMAAABkAAQ\r\n\r\n" + HIDDEN, 2, "RFC 9110 §7.8: a server may ignore Upgrade"),
]  # fmt: skip

TARGETS = [
    reads("an absolute target", target(b"http://localhost/health/live") + HIDDEN, 2, RFC_TARGET),
    reads("an absolute target of another host", target(b"http://elsewhere/health/live") + HIDDEN, 2,
          "RFC 9112 §3.2.2: the target's host counts; 421, but its end is known"),
    reads("two slashes", target(b"//hidden"), 1, "RFC 9112 §3.2.1: a path, whatever it begins with"),
    reads("dots in the path", target(b"/health/../health/live"), 1, "RFC 3986 §3.3: not normalised here"),
    reads("an escaped slash", target(b"/health%2Flive"), 1, "RFC 3986 §2.2: not the same as a slash"),
    reads("an escaped line end", target(b"/%0d%0aX:%20y"), 1, "RFC 3986 §2.1: data, decoded after parsing"),
    reads("OPTIONS *", b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n" + HIDDEN, 2, "RFC 9112 §3.2.4",
          nginx=0),
    refused("GET *", target(b"*"), RFC_TARGET),
    refused("a target without a slash", target(b"health/live"), RFC_TARGET),
    refused("a target of a backslash", target(b"\\health\\live"), RFC_TARGET),
    refused("a target with a fragment", target(b"/health/live#x"), RFC_TARGET),
    refused("a target with a high byte", target(b"/health\xff"), RFC_TARGET),
    refused("half an escape", target(b"/health%2"), RFC_TARGET),
    refused("a target of another scheme", target(b"ftp://localhost/health/live"), RFC_TARGET),
    refused("a target of https", target(b"https://localhost/health/live"), "RFC 9110 §15.5.20", 421),
    refused("a target without a host", target(b"http:///health/live"), RFC_TARGET),
    refused("a target with a user", target(b"http://user@localhost/health/live"), "RFC 9110 §4.2.4"),
    refused("a target too long", target(b"/" + b"a" * 9000), "RFC 9110 §15.5.15", 414),
    refused("no Host", b"GET /health/live HTTP/1.1\r\n\r\n", RFC_HOST),
    refused("two Hosts", GET + b"Host: elsewhere\r\n\r\n", RFC_HOST),
    refused("two equal Hosts", GET + b"Host: localhost\r\n\r\n", RFC_HOST),
    refused("an empty Host", GET.replace(b"localhost", b"") + b"\r\n", RFC_HOST),
    refused("a list of Hosts", GET.replace(b"localhost", b"localhost, elsewhere") + b"\r\n", RFC_HOST),
    refused("a Host with a path", GET.replace(b"localhost", b"localhost/hidden") + b"\r\n", RFC_HOST),
    refused("a Host with a user", GET.replace(b"localhost", b"a@localhost") + b"\r\n", RFC_HOST),
    refused("a Host with a port that is none", GET.replace(b"localhost", b"localhost:80x") + b"\r\n", RFC_HOST),
    refused("Host with a space in front of the colon", GET.replace(b"Host:", b"Host :") + b"\r\n", RFC_FIELD),
]  # fmt: skip

CONNECTIONS = [
    reads("HTTP/1.0", GET.replace(b"1.1", b"1.0") + b"\r\n" + HIDDEN, 1, RFC_CLOSE, closes=True),
    reads("HTTP/1.0 that keeps alive", GET.replace(b"1.1", b"1.0") + b"Connection: keep-alive\r\n\r\n" + HIDDEN, 2,
          "RFC 9112 §9.3"),
    reads("HTTP/1.0 with a body", POST.replace(b"1.1", b"1.0") + LENGTH + b"\r\n" + BODY + HIDDEN, 1, RFC_CLOSE,
          closes=True),
    reads("close", GET + b"Connection: close\r\n\r\n" + HIDDEN, 1, RFC_CLOSE, closes=True),
    reads("close in a list", GET + b"Connection: x-a , CLOSE\r\n\r\n" + HIDDEN, 1, RFC_CLOSE, closes=True),
    reads("keep-alive and close", GET + b"Connection: keep-alive\r\nConnection: close\r\n\r\n" + HIDDEN, 1, RFC_CLOSE,
          closes=True),
    reads("closer is not close", GET + b"Connection: closer\r\n\r\n" + HIDDEN, 2, "RFC 9110 §7.6.1: whole options",
          nginx=1),
    reads("Connection names Host", GET + b"Connection: host\r\n\r\n" + HIDDEN, 2, "RFC 9110 §7.6.1"),
    reads("three requests in one piece", HIDDEN + POST + LENGTH + b"\r\n" + BODY + HIDDEN, 3, "RFC 9112 §9.3.2"),
    refused("refused behind one that is read", HIDDEN + GET + b"X-A : b\r\n\r\n" + HIDDEN, "RFC 9112 §5.1", after=1),
]  # fmt: skip

EXPECTATIONS = [
    reads("Expect with a body at once", POST + LENGTH + b"Expect: 100-continue\r\n\r\n" + BODY + HIDDEN, 2, RFC_EXPECT),
    reads("Expect with chunks at once", POST + CHUNKED + b"Expect: 100-continue\r\n\r\n" + CHUNK + END + HIDDEN, 2,
          RFC_EXPECT),
    reads("Expect without a body", GET + b"Expect: 100-continue\r\n\r\n" + HIDDEN, 2, RFC_EXPECT),
    reads("Expect in HTTP/1.0", POST.replace(b"1.1", b"1.0") + LENGTH + b"Connection: keep-alive\r\n"
          b"Expect: 100-continue\r\n\r\n" + BODY + HIDDEN, 2, RFC_EXPECT + ": ignored in HTTP/1.0"),
    refused("Expect of something else", POST + LENGTH + b"Expect: 200-okay\r\n\r\n" + BODY, RFC_EXPECT, 417),
    refused("Expect that is folded", POST + LENGTH + b"Expect:\r\n 100-continue\r\n\r\n" + BODY,
            RFC_EXPECT + ": empty", 417),
    refused("Expect twice", POST + LENGTH + b"Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n" + BODY,
            "RFC 9110 §5.3: no list, so once"),
    refused("Expect of a list", POST + LENGTH + b"Expect: 100-continue, x\r\n\r\n" + BODY, RFC_EXPECT, 417),
]  # fmt: skip

ROWS = LINES + REQUESTS + TARGETS + CONNECTIONS + EXPECTATIONS
