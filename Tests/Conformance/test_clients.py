"""Real clients of event streams, as their users have them: they reconnect with Last-Event-ID and lose nothing."""

import http.client
import json
import threading
import time

import httpx
import pytest
from httpclient import PATIENCE_SECONDS, eventually, query

httpx_sse = pytest.importorskip("httpx_sse")
sseclient = pytest.importorskip("sseclient")


class HttpxSse:
    """httpx-sse: a generator of events over an httpx stream.

    Unlike a browser it also gives what has no data, so that its user sees the `retry` that a stream begins with.
    """

    def __init__(self, broker, last_id, **fields):
        self.client = httpx.Client(timeout=PATIENCE_SECONDS)
        headers = {"Last-Event-ID": last_id} if last_id else {}
        target = f"{broker.url}/v1/stream?{query(**fields)}"
        self.source = httpx_sse.connect_sse(self.client, "GET", target, headers=headers)
        self.events = self.source.__enter__().iter_sse()

    def next(self):
        event = next(self.events)
        return event if event.data else self.next()

    def close(self):
        self.events.close()
        self.source.__exit__(None, None, None)
        self.client.close()


class SseClient:
    """sseclient-py: a parser over whatever gives bytes, here the standard library's response."""

    def __init__(self, broker, last_id, **fields):
        self.connection = http.client.HTTPConnection(broker.host, broker.port, timeout=PATIENCE_SECONDS)
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
        self.connection.request("GET", f"/v1/stream?{query(**fields)}", headers=headers)
        self.response = self.connection.getresponse()
        assert self.response.status == 200
        self.events = sseclient.SSEClient(self.response).events()

    def next(self):
        return next(self.events)

    def close(self):
        self.events.close()
        self.connection.close()
        self.response.close()


CLIENTS = [HttpxSse, SseClient]


class Reader:
    """Reconnects whenever it is told to, with the last id that its client saw."""

    def __init__(self, open_client, broker, **fields):
        self.open_client, self.broker, self.fields = open_client, broker, fields
        self.last_id, self.contents, self.lost, self.resets, self.connections = "", [], 0, 0, 0

    def read(self, count):
        """Connects, reads until `count` messages have come in all, and leaves; does not wait on heartbeats alone."""
        client = self.open_client(self.broker, self.last_id, **self.fields)
        self.connections += 1
        last = time.monotonic() + PATIENCE_SECONDS
        while len(self.contents) < count:
            assert time.monotonic() < last, f"{len(self.contents)} of {count} messages came, {self.lost} were lost"
            self.take(client.next())
        client.close()

    def take(self, event):
        self.last_id = event.id or self.last_id
        if event.event == "message":
            self.contents.append(json.loads(event.data)["content"])
        elif event.event == "gap":
            self.lost += json.loads(event.data)["lost"]
        elif event.event == "reset":
            self.resets += 1


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_that_reconnects_loses_and_doubles_nothing(broker, inbox, client):
    """It leaves after every few messages, while somebody sends."""
    count = min(60, broker.limits.inbox_messages_max)
    sender = threading.Thread(target=lambda: [broker.send(inbox, number) for number in range(count)])
    sender.start()
    reader = Reader(client, broker, recipient=inbox, cursor=0)
    for goal in range(7, count + 7, 7):
        reader.read(min(goal, count))
    sender.join()
    assert reader.contents == list(range(count))
    assert (reader.lost, reader.resets, reader.connections) == (0, 0, -(-count // 7))


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_of_several_recipients_reconnects_to_its_place_in_each(broker, inboxes, client):
    reader = Reader(client, broker, recipient=inboxes, cursor=0)
    for round_ in range(4):
        for name in inboxes:
            broker.send(name, f"{name}:{round_}")
        reader.read(3 * round_ + 2)
    reader.read(12)
    assert sorted(reader.contents) == [f"{name}:{round_}" for name in inboxes for round_ in range(4)]
    assert (reader.lost, reader.resets) == (0, 0)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_that_was_away_too_long_is_told_how_many_it_missed(dropping, inbox, client):
    count = dropping.limits.inbox_messages_max
    reader = Reader(client, dropping, recipient=inbox, cursor=0)
    dropping.send(inbox, 0)
    reader.read(1)
    dropping.send_all(inbox, range(1, count + 15))
    reader.read(1 + count)
    assert reader.contents == [0, *range(15, count + 15)]
    assert (reader.lost, reader.resets) == (14, 0)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_is_told_of_a_new_life(broker, inbox, client):
    reader = Reader(client, broker, recipient=inbox, cursor=0)
    broker.send(inbox, "old")
    reader.read(1)
    broker.delete(inbox)
    broker.send(inbox, "new")
    reader.read(2)
    assert (reader.contents, reader.lost, reader.resets) == (["old", "new"], 0, 1)


@pytest.mark.parametrize("client", CLIENTS)
def test_heartbeats_and_the_end_are_events_with_names(lively, inbox, client):
    stream = client(lively, "", recipient=inbox)
    names = [stream.next().event]
    while names[-1] != "ping":
        names.append(stream.next().event)
    lively.delete(inbox)
    while (event := stream.next()).event == "ping":
        pass
    assert (event.event, event.data) == ("bye", '{"reason":"deleted"}')
    with pytest.raises(StopIteration):
        stream.next()
    stream.close()


@pytest.mark.parametrize("client", CLIENTS)
def test_text_of_every_kind_comes_through(broker, inbox, client):
    contents = [
        "é 日本 😀",
        "line\nfeed\r\n",
        "data: x\n\nevent: bye\n\n",
        "\u2028\u2029\x85\x0b\x0c\x1c",
        "x" * 60_000,
    ]
    broker.send_all(inbox, contents)
    reader = Reader(client, broker, recipient=inbox, cursor=0)
    reader.read(len(contents))
    assert reader.contents == contents


@pytest.mark.parametrize("client", CLIENTS)
def test_text_that_is_not_escaped_comes_through(broker, inbox, client):
    """Some readers of lines take more than line feeds for ends of lines; what is sent raw must not be cut there."""
    text = "a\u2028b\u2029c\x85d é 😀"
    body = json.dumps({"recipient": inbox, "content": text}, ensure_ascii=False).encode()
    assert broker.request("POST", "/v1/send", [("Content-Type", "application/json")], body).status == 201
    reader = Reader(client, broker, recipient=inbox, cursor=0)
    reader.read(1)
    assert reader.contents == [text]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_that_leaves_is_noticed(broker, inbox, client):
    stream = client(broker, "", recipient=inbox)
    eventually(lambda: broker.inbox(inbox)["streaming"] == 1)
    stream.close()
    eventually(lambda: broker.inbox(inbox)["streaming"] == 0)
