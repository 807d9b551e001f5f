"""Whole streams, byte by byte, from the first to the last."""

import json
import re

import pytest
from httpclient import Closed


def message_texts(broker, recipient):
    """The text of each message as a poll gives it."""
    body = broker.get("/v1/poll", recipient=recipient, cursor=0).body.decode()
    texts = re.search(r'"messages":\[(.*)\],"cursor":', body).group(1)
    return ['{"id":' + text for text in texts.split('{"id":')[1:]]


def whole(broker, recipient, connection, sends, **fields):
    """Opens a stream, sends, deletes the inbox, and reads to the end; heartbeats are left out."""
    connection.send(f"GET /v1/stream?recipient={recipient}&{fields['query']} HTTP/1.0\r\n".encode())
    connection.send(f"Host: {broker.authority}\r\n\r\n".encode())
    head = connection.until(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ") and b"chunked" not in head
    ids = [broker.send(recipient, content)["id"] for content in sends]
    texts = [text.rstrip(",") for text in message_texts(broker, recipient)]
    broker.delete(recipient)
    body = connection.rest().decode()
    # Where the stream begins: before everything in this life of the inbox.
    start = ids[0].split(".")[0] + ".0"
    return head, start, re.sub(r'event: ping\ndata: \{\}\n\n|\{"event":"ping"\}\n', "", body), ids, texts


def test_a_whole_event_stream(broker, inbox, connection):
    _, start, body, ids, texts = whole(broker, inbox, connection, ["a", {"b": [1]}], query="as=sse")
    opening = f"retry: 2000\nevent: ping\nid: {start}\ndata: {{}}\n\n"
    events = "".join(f"id: {id}\ndata: {text}\n\n" for id, text in zip(ids, texts, strict=True))
    assert body == opening + events + 'event: bye\ndata: {"reason":"deleted"}\n\n'


def test_a_whole_ndjson_stream(broker, inbox, connection):
    _, start, body, _, texts = whole(broker, inbox, connection, ["a", {"b": [1]}], query="as=ndjson")
    lines = [f'{{"event":"open","cursor":"{start}"}}', *texts, '{"event":"bye","reason":"deleted"}']
    assert body == "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("callback", ["parent.comet", "top.f$"])
def test_a_whole_page(broker, inbox, connection, callback):
    query = "as=iframe" + ("" if callback == "parent.comet" else f"&callback={callback}")
    head, start, body, _, texts = whole(broker, inbox, connection, ["a", {"b": [1]}], query=query)
    assert body.lower().startswith("<!doctype html>")
    scripts = re.findall(r"<script(?: nonce=\"([^\"]+)\")?>(.*?)</script>", body)
    objects = [f'{{"event":"open","cursor":"{start}"}}', *texts, '{"event":"bye","reason":"deleted"}']
    assert [script for _, script in scripts] == [f"{callback}({argument})" for argument in objects]
    # A page that may run scripts with a nonce only has to give it to each of them.
    promised = re.search(r"script-src 'nonce-([^']+)'", head.decode())
    assert {nonce for nonce, _ in scripts} == ({promised.group(1)} if promised else {""})


def test_a_gap_and_a_reset_of_an_event_stream(dropping, inbox):
    count = dropping.limits.inbox_messages_max
    sent = dropping.send_all(inbox, range(count + 3))
    life = sent[0]["id"].split(".")[0]
    with dropping.connect() as connection:
        stream = dropping.stream(inbox, connection=connection, cursor=sent[0]["id"])
        assert sorted(stream.until(b"\n\n").split("\n")) == ['data: {"lost":2}', "event: gap", f"id: {life}.3"]
    dropping.delete(inbox)
    new = dropping.send(inbox)["id"].split(".")[0]
    with dropping.connect() as connection:
        stream = dropping.stream(inbox, connection=connection, cursor=sent[0]["id"])
        assert sorted(stream.until(b"\n\n").split("\n")) == ["data: {}", "event: reset", f"id: {new}.0"]


def test_heartbeats_have_no_id(lively, inbox):
    """A client that reconnects after a heartbeat must still know its place."""
    with lively.connect() as connection:
        stream = lively.stream(inbox, connection=connection)
        assert stream.until(b"\n\n") == "event: ping\ndata: {}"
    with lively.connect() as connection:
        stream = lively.stream(inbox, connection=connection, **{"as": "ndjson"})
        assert stream.until(b"\n") == '{"event":"ping"}'


@pytest.mark.parametrize("form", ["get", "form", "json", "several", "follow", "lease"])
def test_the_timeout_is_fifteen_bytes_in_every_form(broker, inboxes, form):
    name = inboxes[0]
    cursor = broker.send(name)["id"]
    broker.poll(name)
    answer = {
        "get": lambda: broker.get("/v1/poll", recipient=name, timeout="0.01"),
        "form": lambda: broker.post_form("/v1/poll", recipient=name, timeout="0.01"),
        "json": lambda: broker.post("/v1/poll", recipient=name, timeout=0.01),
        "several": lambda: broker.get("/v1/poll", recipient=inboxes[1:], timeout="0.01"),
        "follow": lambda: broker.get("/v1/poll", recipient=name, cursor=cursor, timeout="0.01"),
        "lease": lambda: broker.get("/v1/poll", recipient=name, lease=5, timeout="0.01"),
    }[form]()
    assert (answer.status, answer.body) == (200, b'{"success":"0"}')


def test_every_document_is_compact_and_in_its_order(broker, inbox):
    """No spaces, and the members where the contract has them: a reader of text may rely on it."""
    sent = broker.post("/v1/send", recipient=inbox, content="x")
    id = sent.json["id"]
    answers = {
        sent.body: f'{{"success":"1","id":"{id}","online":0,"unread":1}}',
        broker.post("/v1/send", recipient=inbox, content="y", key="k").body: None,
        broker.post("/v1/send", recipients=[inbox], content="z").body: None,
        broker.get("/v1/poll", recipient=inbox, limit=1, lease=60).body: None,
        broker.post("/v1/release", recipient=inbox, ids=[id]).body: '{"success":"1","unread":3}',
        broker.get("/v1/inbox", recipient=inbox).body: None,
        broker.get("/v1/inboxes", prefix=inbox).body: None,
        broker.post("/v1/ack", recipient=inbox, upTo=id).body: '{"success":"1","unread":2}',
        broker.get("/health/live").body: '{"status":"live"}',
        broker.get("/nowhere").body: None,
    }
    for body, expected in answers.items():
        assert body.decode() == json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False)
        assert expected is None or body.decode() == expected


def test_a_stream_that_ends_says_nothing_after_its_end(broker, inbox, connection):
    stream = broker.stream(inbox, connection=connection)
    broker.delete(inbox)
    assert stream.event().name == "bye"
    broker.send(inbox, "late")
    with pytest.raises(Closed):
        stream.event()
