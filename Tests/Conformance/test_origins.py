"""Whose pages may use the broker: Host, Origin, CORS."""

import json

import pytest

JSON = [("Content-Type", "application/json")]
FORM = [("Content-Type", "application/x-www-form-urlencoded")]
PAGE = "https://app.example.org"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]", "127.0.0.1:{port}", "localhost:{port}"]
)
def test_a_loopback_server_goes_by_loopback_names(broker, host):
    assert broker.request("GET", "/health/live", host=host.format(port=broker.port)).status == 200


@pytest.mark.parametrize(
    "host", ["example.org", "example.org:{port}", "localhost.example.org", "127.0.0.1.nip.io", "10.0.0.1"]
)
def test_it_goes_by_no_other(broker, host, inbox):
    answer = broker.request("GET", "/health/live", host=host.format(port=broker.port))
    assert answer.status == 421 and answer.json["code"] == "misdirected_request"
    body = json.dumps({"recipient": inbox, "content": 1}).encode()
    assert broker.request("POST", "/v1/send", JSON, body, host=host.format(port=broker.port)).status == 421
    assert broker.inbox(inbox)["kept"] == 0


def test_a_host_may_be_allowed(allowing):
    assert allowing.request("GET", "/health/live", host="chat.example.org").status == 200
    assert allowing.request("GET", "/health/live", host="other.example.org").status == 421


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", "http://127.0.0.1"])
@pytest.mark.parametrize("path", ["/v1/poll?recipient={inbox}&timeout=0", "/v1/stream?recipient={inbox}", "/v1/stats"])
def test_another_origin_is_refused(broker, inbox, origin, path):
    host = f"127.0.0.1:{broker.port}"
    answer = broker.request("GET", path.format(inbox=inbox), [("Origin", origin)], host=host)
    assert answer.status == 403 and answer.json["code"] == "forbidden"
    assert answer.field("Access-Control-Allow-Origin") is None


@pytest.mark.parametrize(
    "fields, body", [(JSON, b'{"recipient":"%s","content":1}'), (FORM, b"recipient=%s&content=1")], ids=["json", "form"]
)
def test_another_origin_sends_nothing(broker, inbox, fields, body):
    answer = broker.request("POST", "/v1/send", [*fields, ("Origin", "https://evil.example")], body % inbox.encode())
    assert answer.status == 403
    assert broker.inbox(inbox)["kept"] == 0


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_servers_own_pages_are_welcome(broker, inbox, name):
    host = f"{name}:{broker.port}"
    body = json.dumps({"recipient": inbox, "content": 1}).encode()
    answer = broker.request("POST", "/v1/send", [*JSON, ("Origin", f"http://{host}")], body, host=host)
    assert answer.status == 201


@pytest.mark.parametrize("site, status", [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)])
def test_a_browser_that_names_no_origin_still_names_its_site(broker, inbox, site, status):
    """Pictures, scripts and frames of another site are fetched without Origin, and must take nothing either."""
    broker.send(inbox, "kept")
    answer = broker.request("GET", f"/v1/poll?recipient={inbox}&timeout=0", [("Sec-Fetch-Site", site)])
    assert answer.status == status
    assert broker.inbox(inbox)["unread"] == (1 if status == 403 else 0)
    assert broker.request("GET", "/", [("Sec-Fetch-Site", site)]).status == 200, "a link may lead to the pages"


def test_an_allowed_origin_is_told_so_exactly(allowing, inbox):
    answer = allowing.request("GET", f"/v1/poll?recipient={inbox}&timeout=0", [("Origin", PAGE)])
    assert answer.status == 200
    assert answer.field("Access-Control-Allow-Origin") == PAGE
    assert "Origin" in answer.field("Vary")
    assert answer.field("Access-Control-Allow-Credentials") is None


def test_an_error_is_readable_for_an_allowed_origin(allowing):
    answer = allowing.request("GET", "/v1/poll", [("Origin", PAGE)])
    assert answer.status == 400
    assert answer.field("Access-Control-Allow-Origin") == PAGE


def test_an_error_of_the_body_is_readable_for_an_allowed_origin(allowing):
    with allowing.connect() as connection:
        length = str(9 << 20)
        fields = [("Host", "localhost"), ("Content-Length", length), *JSON, ("Origin", PAGE)]
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
        answer = connection.send(f"POST /v1/send HTTP/1.1\r\n{lines}\r\n".encode()).answer()
        assert answer.status == 413 and answer.field("Access-Control-Allow-Origin") == PAGE
        connection.assert_closed()
    answer = allowing.request("GET", "/nowhere", [("Origin", PAGE)])
    assert answer.status == 404 and answer.field("Access-Control-Allow-Origin") == PAGE


def test_a_stream_is_readable_for_an_allowed_origin(allowing, inbox):
    with allowing.connect() as connection:
        stream = allowing.stream(inbox, [("Origin", PAGE)], connection=connection)
        assert stream.head.field("Access-Control-Allow-Origin") == PAGE


@pytest.mark.parametrize("origin", [PAGE + ".evil.example", PAGE + ":444", "http://app.example.org", PAGE.upper()])
def test_what_only_looks_like_it_is_not_allowed(allowing, origin):
    answer = allowing.request("GET", "/v1/stats", [("Origin", origin)])
    assert answer.status == 403 or origin == PAGE.upper(), (
        "scheme and host are compared without regard to case, if at all"
    )


def preflight(broker, path, origin, method, headers="content-type"):
    fields = [
        ("Origin", origin),
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", headers),
    ]
    return broker.request("OPTIONS", path, fields)


def test_a_preflight_of_an_allowed_origin(allowing):
    answer = preflight(allowing, "/v1/send", PAGE, "POST", "content-type,idempotency-key")
    assert answer.status == 204 and answer.body == b""
    assert answer.field("Access-Control-Allow-Origin") == PAGE
    assert "POST" in answer.field("Access-Control-Allow-Methods")
    allowed = answer.field("Access-Control-Allow-Headers").lower()
    assert "content-type" in allowed and "idempotency-key" in allowed
    assert int(answer.field("Access-Control-Max-Age")) > 0
    assert "Origin" in answer.field("Vary")
    assert "DELETE" in preflight(allowing, "/v1/inbox", PAGE, "DELETE").field("Access-Control-Allow-Methods")


def test_a_preflight_of_another_origin(allowing):
    answer = preflight(allowing, "/v1/send", "https://evil.example", "POST")
    assert answer.status == 403
    assert answer.field("Access-Control-Allow-Origin") is None


def test_two_origins_in_one_request_are_refused(allowing):
    answer = allowing.request("GET", "/v1/stats", [("Origin", PAGE), ("Origin", "https://evil.example")])
    assert answer.status in (400, 403)
