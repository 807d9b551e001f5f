"""Methods and headers: HEAD, OPTIONS, what a path allows, what is not understood, what has not changed."""

import pytest

JSON = [("Content-Type", "application/json")]
LIVE = b'{"status":"live"}'

HEADS = ["/", "/health/live", "/v1/stats", "/v1/inbox?recipient=u", "/v1/inboxes", "/openapi.yaml"]


@pytest.mark.parametrize("path", HEADS)
def test_head_is_get_without_a_body(connection, path):
    get, head = connection.request("GET", path), connection.request("HEAD", path)
    assert head.status == get.status == 200
    assert head.field("Content-Type") == get.field("Content-Type")
    if path not in ("/v1/stats", "/v1/inboxes"):
        assert head.field("Content-Length") == get.field("Content-Length")
    assert connection.request("GET", "/health/live").body == LIVE


@pytest.mark.parametrize("path", ["/v1/poll?recipient=u", "/v1/stream?recipient=u"])
def test_head_does_not_take_what_nobody_sees(connection, path):
    answer = connection.request("HEAD", path)
    assert answer.status == 405 and "HEAD" not in answer.field("Allow")
    assert connection.request("GET", "/health/live").body == LIVE


ALLOW = {
    "/v1/send": {"POST"},
    "/v1/poll": {"GET", "POST"},
    "/v1/stream": {"GET"},
    "/v1/ack": {"POST"},
    "/v1/release": {"POST"},
    "/v1/extend": {"POST"},
    "/v1/inbox": {"GET", "HEAD", "DELETE"},
    "/v1/inboxes": {"GET", "HEAD"},
    "/v1/stats": {"GET", "HEAD"},
    "/metrics": {"GET", "HEAD"},
    "/health/live": {"GET", "HEAD"},
    "/health/ready": {"GET", "HEAD"},
    "/openapi.yaml": {"GET", "HEAD"},
    "/": {"GET", "HEAD"},
    "/desk/customer": {"GET", "HEAD"},
    "/desk/agent": {"GET", "HEAD"},
}


@pytest.mark.parametrize("path", ALLOW)
def test_options_and_405_tell_the_methods(connection, path):
    options = connection.request("OPTIONS", path)
    assert (options.status, options.body) == (204, b"")
    assert set(options.field("Allow").split(", ")) == ALLOW[path] | {"OPTIONS"}
    for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "TRACE"} - ALLOW[path]:
        answer = connection.request(method, path, body=b"")
        assert answer.status == 405 and answer.json["code"] == "method_not_allowed"
        assert answer.field("Allow") == options.field("Allow")


def test_options_for_the_whole_server(connection):
    answer = connection.request("OPTIONS", "*")
    assert answer.status == 204 and "GET" in answer.field("Allow")


def test_another_expectation_is_417(broker, connection):
    answer = connection.request("POST", "/v1/send", [*JSON, ("Expect", "a-miracle")], b"{}")
    assert answer.status == 417 and answer.json["code"] == "invalid_request"


def test_a_compressed_body_is_415(connection):
    answer = connection.request("POST", "/v1/send", [*JSON, ("Content-Encoding", "gzip")], b"{}")
    assert answer.status == 415 and answer.json["code"] == "unsupported_media_type"


@pytest.mark.parametrize("path", ["/", "/desk/agent", "/openapi.yaml"])
def test_a_page_that_has_not_changed_is_304(connection, path):
    tag = connection.request("GET", path).field("ETag")
    # As it came, as a proxy that compresses makes it, and among others.
    for tags in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = connection.request("GET", path, [("If-None-Match", tags)])
        assert (answer.status, answer.body, answer.field("ETag")) == (304, b"", tag), tags
    assert connection.request("GET", path, [("If-None-Match", '"other"')]).status == 200


def test_escapes_in_the_path_and_query(broker, connection, inbox):
    broker.send(inbox)
    assert connection.request("GET", "/v1%2Fstats").status == 404
    assert (
        connection.request("GET", f"/v1/poll?%72ecipient={inbox.replace('-', '%2D')}&timeout=0").json["success"] == "1"
    )
