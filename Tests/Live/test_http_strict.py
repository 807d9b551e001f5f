"""What is ambiguous in HTTP/1.1 is refused, and the connection closed."""

import pytest


def refused(broker, request):
    """The answer to bytes that are no request; the connection ends with it."""
    with broker.connect() as connection:
        answer = connection.send(request).answer(has_body=not request.startswith(b"HEAD"))
        assert answer.field("Connection") == "close"
        connection.assert_closed()
    return answer


POST = b"POST /v1/send HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
GET = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"

BAD = {
    "length and coding": POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "two equal lengths": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "signed length": POST + b"Content-Length: +2\r\n\r\n{}",
    "negative length": POST + b"Content-Length: -2\r\n\r\n{}",
    "length in hex": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "empty length": POST + b"Content-Length: \r\n\r\n{}",
    "chunked twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked in http 1.0": POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "folded field": GET + b"X-A: b\r\n c\r\n\r\n",
    "bare line feed": b"GET /health/live HTTP/1.1\nHost: localhost\n\n",
    "bare line feed in a field": GET + b"X-A: b\nX-C: d\r\n\r\n",
    "bare carriage return": GET + b"X-A: b\rc\r\n\r\n",
    "space before the colon": GET + b"X-A : b\r\n\r\n",
    "space before the first field": b"GET /health/live HTTP/1.1\r\n Host: localhost\r\n\r\n",
    "no colon": GET + b"X-A\r\n\r\n",
    "empty name": GET + b": b\r\n\r\n",
    "nul in a value": GET + b"X-A: b\x00c\r\n\r\n",
    "control character in a value": GET + b"X-A: b\x01c\r\n\r\n",
    "bad name": GET + b"X(A): b\r\n\r\n",
    "no host": b"GET /health/live HTTP/1.1\r\n\r\n",
    "two hosts": GET + b"Host: localhost\r\n\r\n",
    "bad host": b"GET /health/live HTTP/1.1\r\nHost: local host\r\n\r\n",
    "host with a path": b"GET /health/live HTTP/1.1\r\nHost: localhost/x\r\n\r\n",
    "two spaces": b"GET  /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "space at the end": b"GET /health/live HTTP/1.1 \r\nHost: localhost\r\n\r\n",
    "tab": b"GET\t/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no version": b"GET /health/live\r\nHost: localhost\r\n\r\n",
    "small http": b"GET /health/live http/1.1\r\nHost: localhost\r\n\r\n",
    "bad escape": b"GET /health/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "cut escape": b"GET /health/live% HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "fragment": b"GET /health/live#x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "raw bytes in the target": b"GET /health/\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "relative target": b"GET health/live HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50),
    "http 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "garbage": b"\x00\x01\x02\x03\r\n\r\n",
}


@pytest.mark.parametrize("request_", BAD.values(), ids=BAD.keys())
def test_it_is_refused_and_the_connection_closed(broker, request_):
    answer = refused(broker, request_)
    assert answer.status in (400, 501, 505), answer
    assert answer.media_type == "application/problem+json"
    assert answer.json["status"] == answer.status and answer.json["detail"]


@pytest.mark.parametrize(
    "chunks",
    [
        b"\r\n", b"g\r\n", b"-1\r\n", b"0x2\r\n", b" 2\r\n{}\r\n", b"2 \r\n{}\r\n0\r\n\r\n", b"2\n{}\r\n",
        b"2\r\n{}0\r\n\r\n", b"2\r\n{}\n0\r\n\r\n", b"ffffffffffffffffff\r\n", b"2;a\nb\r\n{}\r\n",
        b"2;a\x00\r\n{}\r\n", b"2\r\n{}\r\n0\r\nbad trailer\r\n\r\n",
        b"2\r\n{}\r\n0\r\n folded: x\r\n\r\n",
    ],
)  # fmt: skip
def test_bad_chunks_are_refused(broker, chunks):
    answer = refused(broker, POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert answer.status in (400, 413), answer


def test_an_unknown_coding_is_501(broker):
    for coding in (b"gzip", b"gzip, chunked", b"identity"):
        answer = refused(broker, POST + b"Transfer-Encoding: " + coding + b"\r\n\r\n0\r\n\r\n")
        assert answer.status in (400, 501), answer


@pytest.mark.parametrize("method", [b"BREW", b"get", b"CONNECT"])
def test_an_unknown_method_is_501(broker, method):
    with broker.connect() as connection:
        answer = connection.send(method + b" /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").answer()
    assert answer.status == 501 and answer.json["code"] == "not_implemented"


@pytest.mark.parametrize("version", [b"HTTP/2.0", b"HTTP/0.9", b"HTTP/2.1", b"HTTP/3.0"])
def test_another_version_is_505(broker, version):
    answer = refused(broker, b"GET /health/live " + version + b"\r\nHost: localhost\r\n\r\n")
    assert answer.status == 505


@pytest.mark.parametrize("version", ["HTTP/1.2", "HTTP/1.9"])
def test_a_later_version_of_http_1_counts_as_1_1(broker, version):
    """RFC 9110 §2.5; it keeps the connection as 1.1 does."""
    with broker.connect() as connection:
        for _ in range(2):
            answer = connection.request("GET", "/health/live", version=version)
            assert (answer.status, answer.version, answer.field("Connection")) == (200, "HTTP/1.1", None)


def test_nothing_behind_a_refused_request_is_carried_out(broker, inbox):
    """A request that a proxy might read as the body of the one before must not be run."""
    body = b'{"recipient":"%s","content":1}' % inbox.encode()
    hidden = POST + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    refused(broker, POST + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden)
    assert broker.inbox(inbox)["kept"] == 0


def test_a_client_that_leaves_in_mid_request_does_no_harm(broker, inbox):
    body = b'{"recipient":"%s","content":1}' % inbox.encode()
    whole = POST + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    for end in range(0, len(whole), 9):
        with broker.connect() as connection:
            connection.send(whole[:end])
    assert broker.alive() and broker.inbox(inbox)["kept"] == 0
