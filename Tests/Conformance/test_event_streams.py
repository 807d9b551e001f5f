"""Server-sent events: the exact text, cursors, resuming, taking, ends."""

import pytest
from httpclient import Closed, request_bytes


def contents(stream, count):
    return [stream.event().data["content"] for _ in range(count)]


def test_the_head_comes_at_once(broker, inbox, connection):
    stream = broker.stream(inbox, connection=connection)
    assert stream.head.field("Content-Type").split(";")[0] == "text/event-stream"
    assert stream.head.field("Cache-Control") == "no-store"
    assert stream.head.field("X-Accel-Buffering") == "no"
    assert stream.head.field("Content-Length") is None


def test_a_message_is_an_event(broker, inbox, connection):
    stream = broker.stream(inbox, connection=connection)
    sent = broker.send(inbox, "hi", sender="admin")
    assert sent["online"] == 1
    event = stream.event()
    assert (event.id, event.name) == (sent["id"], None)
    assert (
        event.raw
        == broker.get("/v1/poll", recipient=inbox, cursor=0)
        .body.decode()[len('{"success":"1","messages":[') :]
        .split('],"cursor"')[0]
    )


def test_without_a_cursor_it_starts_at_the_oldest_unread(broker, inbox, connection):
    for number in range(4):
        broker.send(inbox, number)
    broker.poll(inbox, limit=2)
    stream = broker.stream(inbox, connection=connection)
    broker.send(inbox, 4)
    assert contents(stream, 3) == [2, 3, 4]
    assert broker.inbox(inbox)["unread"] == 3


def test_a_cursor_says_where_it_starts(broker, inbox, connection):
    for number in range(3):
        broker.send(inbox, number)
    broker.poll(inbox)
    assert contents(broker.stream(inbox, connection=connection, cursor=0), 3) == [0, 1, 2]
    with broker.connect() as other:
        stream = broker.stream(inbox, connection=other, cursor="now")
        broker.send(inbox, 3)
        assert contents(stream, 1) == [3]


@pytest.mark.parametrize("cursor", [{}, {"cursor": "now"}, {"cursor": 0}], ids=str)
def test_a_stream_that_is_cut_before_its_first_message_goes_on(broker, inbox, cursor):
    """What is sent between two connections belongs to the reader, though it had got nothing yet."""
    with broker.connect() as connection:
        position = broker.stream(inbox, connection=connection, **cursor).cursor
    broker.send(inbox, "meanwhile")
    broker.poll(inbox)
    with broker.connect() as again:
        stream = broker.stream(inbox, [("Last-Event-ID", position)], connection=again, **cursor)
        assert contents(stream, 1) == ["meanwhile"]


def test_a_reset_is_told_again_if_it_did_not_arrive(broker, inbox):
    old = broker.send(inbox, "old")["id"]
    broker.delete(inbox)
    for _ in range(2):
        with broker.connect() as connection:
            stream = broker.stream(inbox, [("Last-Event-ID", old)], connection=connection)
            assert stream.cursor == old
            assert stream.event().name == "reset"


def test_a_taker_has_no_position(broker, inbox, connection):
    assert broker.stream(inbox, connection=connection, take=1).cursor is None


def test_last_event_id_resumes_and_wins_over_the_cursor(broker, inbox, connection):
    for number in range(3):
        broker.send(inbox, number)
    stream = broker.stream(inbox, connection=connection, cursor=0)
    first = stream.event().id
    stream.close()
    with broker.connect() as again:
        stream = broker.stream(inbox, [("Last-Event-ID", first)], connection=again, cursor=0)
        assert contents(stream, 2) == [1, 2]


def test_an_empty_last_event_id_is_none(broker, inbox, connection):
    """A browser whose stream never had an id sends none; an empty one is what some libraries send instead."""
    connection.send(request_bytes("GET", f"/v1/stream?recipient={inbox}", [("Last-Event-ID", "")]))
    assert connection.answer(has_body=False).status == 200


def test_several_inboxes_share_a_stream_and_its_cursor(broker, inboxes, connection):
    stream = broker.stream(inboxes, connection=connection)
    ids = [broker.send(name, name)["id"] for name in inboxes]
    events = [stream.event() for _ in inboxes]
    assert [event.data["recipient"] for event in events] == inboxes
    assert [event.data["id"] for event in events] == ids
    assert all("cursor" not in event.data for event in events)
    assert events[-1].id == "~".join(ids)
    broker.send(inboxes[0], "missed")
    stream.close()
    with broker.connect() as again:
        stream = broker.stream(inboxes, [("Last-Event-ID", events[1].id)], connection=again)
        assert sorted(contents(stream, 2)) == sorted([inboxes[2], "missed"])


def test_a_reset_is_told(broker, inbox, connection):
    old = broker.send(inbox, "old")["id"]
    broker.delete(inbox)
    broker.send(inbox, "new")
    stream = broker.stream(inbox, [("Last-Event-ID", old)], connection=connection)
    reset = stream.event()
    assert (reset.name, reset.raw) == ("reset", "{}") and reset.id
    assert contents(stream, 1) == ["new"]


def test_taking_gives_each_message_to_one(broker, inbox, connection):
    with broker.connect() as other:
        one = broker.stream(inbox, connection=connection, take=1)
        two = broker.stream(inbox, connection=other, take=1)
        for number in range(4):
            broker.send(inbox, number)
        broker.delete(inbox)
        seen = []
        for stream in (one, two):
            while (event := stream.event()).name != "bye":
                seen.append(event.data["content"])
        assert sorted(seen) == [0, 1, 2, 3]


def test_what_a_stream_took_is_read(broker, inbox, connection):
    broker.send(inbox, "before")
    stream = broker.stream(inbox, connection=connection, take=1)
    broker.send(inbox, "after")
    assert contents(stream, 2) == ["before", "after"]
    assert broker.inbox(inbox)["unread"] == 0


def test_taking_does_not_go_with_a_cursor(broker, inbox):
    assert broker.get("/v1/stream", recipient=inbox, take=1, cursor=0).status == 400


def test_a_newer_stream_of_the_session_replaces_the_older(broker, inbox, connection):
    older = broker.stream(inbox, connection=connection, session="tab")
    with broker.connect() as other:
        newer = broker.stream(inbox, connection=other, session="tab")
        bye = older.event()
        assert (bye.name, bye.raw) == ("bye", '{"reason":"replaced"}')
        older.assert_ended()
        assert broker.send(inbox, "hi")["online"] == 1
        assert contents(newer, 1) == ["hi"]


def test_http_1_0_gets_the_stream_unchunked(broker, inbox, connection):
    stream = broker.stream(inbox, connection=connection, version="HTTP/1.0")
    assert not stream.chunked
    broker.send(inbox, "hi")
    assert contents(stream, 1) == ["hi"]
    broker.delete(inbox)
    assert stream.event().name == "bye"
    with pytest.raises(Closed):
        stream.more()


def test_a_stream_that_was_written_makes_room(refusing, inbox):
    """A chat room never fills up while somebody follows it."""
    half = max(refusing.limits.inbox_messages_max // 2, 1)
    with refusing.connect() as connection:
        stream = refusing.stream(inbox, connection=connection)
        for start in range(0, 5 * half, half):
            refusing.send_all(inbox, range(start, start + half))
            assert contents(stream, half) == list(range(start, start + half))


def test_a_thousand_messages_come_in_order(roomy, inbox, connection):
    for start in range(0, 1000, 250):
        lines = b"".join(b'{"recipient":"%s","content":%d}\n' % (inbox.encode(), start + n) for n in range(250))
        roomy.request("POST", "/v1/send", [("Content-Type", "application/x-ndjson")], lines)
    assert contents(roomy.stream(inbox, connection=connection), 1000) == list(range(1000))
