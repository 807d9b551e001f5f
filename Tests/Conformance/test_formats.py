"""Streams as NDJSON and as a page that never ends, and how the format is chosen."""

import json
import re

import pytest


def test_ndjson_is_one_object_a_line(broker, inbox, connection):
    stream = broker.stream(inbox, connection=connection, **{"as": "ndjson"})
    assert stream.head.media_type == "application/x-ndjson"
    assert stream.head.field("Cache-Control") == "no-store"
    sent = broker.send(inbox, "hi")
    line = stream.line()
    message = json.loads(line)
    assert list(message) == ["id", "recipient", "content", "sentAt"]
    assert message["id"] == sent["id"]
    assert line == json.dumps(message, separators=(",", ":"))


@pytest.mark.parametrize("format", ["ndjson", "iframe"])
def test_the_first_line_tells_where_to_go_on(broker, inboxes, format):
    with broker.connect() as connection:
        first = broker.stream(inboxes, connection=connection, cursor="now", **{"as": format})
    for name in inboxes:
        broker.send(name, name)
    with broker.connect() as connection:
        again = broker.stream(inboxes, connection=connection, cursor=first.cursor, **{"as": format})
        read = again.line if format == "ndjson" else lambda: call(again.script())[1]
        assert sorted(json.loads(read())["content"] for _ in inboxes) == inboxes
    with broker.connect() as connection:
        assert broker.stream(inboxes, connection=connection, take=1, **{"as": format}).cursor is None


@pytest.mark.parametrize("format", ["ndjson", "iframe"])
def test_messages_of_several_inboxes_end_with_the_cursor(broker, inboxes, connection, format):
    stream = broker.stream(inboxes, connection=connection, **{"as": format})
    read = stream.line if format == "ndjson" else lambda: call(stream.script())[1]
    ids = [broker.send(name)["id"] for name in inboxes]
    messages = [json.loads(read()) for _ in inboxes]
    assert all(list(message)[-1] == "cursor" for message in messages)
    assert messages[-1]["cursor"] == "~".join(ids)
    assert broker.poll(inboxes, cursor=messages[-1]["cursor"], timeout="0.05") == {"success": "0"}


def call(script):
    """The function that a script calls, and its argument."""
    match = re.fullmatch(r"([A-Za-z0-9_$.]+)\((.*)\);?", script, re.DOTALL)
    assert match, script
    return match.groups()


def test_an_iframe_is_a_page_of_scripts(broker, inbox, connection):
    stream = broker.stream(inbox, connection=connection, **{"as": "iframe"})
    assert stream.head.field("Content-Type").replace(" ", "").lower() == "text/html;charset=utf-8"
    assert stream.head.field("Cache-Control") == "no-store"
    sent = broker.send(inbox, "hi")
    name, argument = call(stream.script())
    message = json.loads(argument)
    assert name == "parent.comet"
    assert (message["id"], message["content"]) == (sent["id"], "hi")


def test_a_quiet_stream_says_that_it_is_alive(lively, inbox):
    pings = {
        "sse": b"event: ping\ndata: {}\n\n",
        "ndjson": b'{"event":"ping"}\n',
        "iframe": b'({"event":"ping"})</script>',
    }
    for name, ping in pings.items():
        with lively.connect() as connection:
            stream = lively.stream(inbox, connection=connection, **{"as": name})
            for _ in range(2):
                stream.until(ping)


def test_an_iframe_ends_with_bye(broker, inbox, connection):
    stream = broker.stream(inbox, connection=connection, **{"as": "iframe"})
    broker.delete(inbox)
    assert json.loads(call(stream.script())[1]) == {"event": "bye", "reason": "deleted"}
    stream.assert_ended()


@pytest.mark.parametrize("callback", ["f", "parent.desk.received", "$", "_a1", "a.$b._c"])
def test_a_callback_may_be_an_identifier_path(broker, inbox, connection, callback):
    stream = broker.stream(inbox, connection=connection, callback=callback, **{"as": "iframe"})
    broker.send(inbox)
    assert call(stream.script())[0] == callback


@pytest.mark.parametrize(
    "callback",
    ["", ".", "a.", ".a", "a..b", "1a", "a-b", "a b", "a()", "alert(1)//", "a;b", "</script>", "a\n", "é", "a" * 200],
)
def test_nothing_else_may(broker, inbox, callback):
    answer = broker.get("/v1/stream", recipient=inbox, callback=callback, **{"as": "iframe"})
    assert answer.status == 400 and answer.json["code"] == "invalid_request"


@pytest.mark.parametrize(
    "accept, media_type",
    [
        (None, "text/event-stream"),
        ("*/*", "text/event-stream"),
        ("text/event-stream", "text/event-stream"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("text/plain, application/x-ndjson", "application/x-ndjson"),
        ("application/x-ndjson;q=0.5, text/event-stream", "text/event-stream"),
        ("APPLICATION/X-NDJSON", "application/x-ndjson"),
    ],
)
def test_accept_chooses_the_format(broker, inbox, connection, accept, media_type):
    fields = [("Accept", accept)] if accept else []
    assert broker.stream(inbox, fields, connection=connection).head.media_type == media_type


def test_as_wins_over_accept(broker, inbox, connection):
    fields = [("Accept", "text/event-stream")]
    stream = broker.stream(inbox, fields, connection=connection, **{"as": "ndjson"})
    assert stream.head.media_type == "application/x-ndjson"


def test_an_unknown_format_is_406(broker, inbox):
    answer = broker.request("GET", f"/v1/stream?recipient={inbox}", [("Accept", "image/png, text/event-stream;q=0")])
    assert answer.status == 406 and answer.json["code"] == "not_acceptable"
    assert broker.get("/v1/stream", recipient=inbox, **{"as": "xml"}).status == 400


@pytest.mark.parametrize("query", ["", "?recipient=a&recipient=a", "?recipient=a&cursor=x", "?recipient=a&take=2"])
def test_a_wrong_stream_is_refused_before_it_begins(broker, query):
    answer = broker.request("GET", "/v1/stream" + query)
    assert answer.status == 400 and answer.media_type == "application/problem+json"
