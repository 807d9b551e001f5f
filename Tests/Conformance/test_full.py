"""Full inboxes: what is refused, what makes room, and that everybody is told exactly how many were lost."""

import pytest
from httpclient import eventually
from readers import TRANSPORTS, Follower, item, messages


def fill(broker, inbox):
    """As many messages as the inbox may hold; answers their number."""
    count = broker.limits.inbox_messages_max
    broker.send_all(inbox, range(count))
    return count


def test_a_full_inbox_refuses_and_loses_nothing(refusing, inbox):
    count = fill(refusing, inbox)
    for _ in range(2):
        answer = refusing.post("/v1/send", recipient=inbox, content=count)
        assert answer.status == 429 and answer.json["code"] == "inbox_full"
        assert str(count) in answer.json["detail"]
    assert refusing.contents(inbox, limit=1000) == list(range(count))
    # What was taken makes room once the server knows that it has arrived.
    eventually(lambda: refusing.inbox(inbox)["leased"] == 0)
    assert refusing.send(inbox, "room again")["unread"] == 1


def test_a_refused_message_keeps_no_key(refusing, inbox):
    """The sender tries again with the same key, and must not be told that it is there already."""
    fill(refusing, inbox)
    assert refusing.post("/v1/send", recipient=inbox, content="late", key="k").status == 429
    refusing.poll(inbox, limit=1000)
    answer = eventually(
        lambda: (a := refusing.post("/v1/send", recipient=inbox, content="late", key="k")).status == 201 and a
    )
    assert "duplicate" not in answer.json
    assert refusing.contents(inbox) == ["late"]


def test_read_messages_make_room_and_a_follower_is_told_how_many(refusing, inbox):
    cursor = refusing.poll(inbox, cursor="now")["cursor"]
    count = fill(refusing, inbox)
    refusing.poll(inbox, limit=2)
    eventually(lambda: refusing.inbox(inbox)["leased"] == 0)
    for number in range(count, count + 2):
        assert "evicted" not in refusing.send(inbox, number)
    assert refusing.post("/v1/send", recipient=inbox, content="no more").status == 429
    body = refusing.poll(inbox, cursor=cursor, limit=1000)
    assert [message["content"] for message in body["messages"]] == list(range(2, count + 2))
    assert body["gap"] == {"lost": 2}
    assert refusing.poll(inbox, cursor=body["cursor"]) == {"success": "0"}


def test_what_a_follower_confirmed_makes_room(refusing, inbox):
    count = fill(refusing, inbox)
    cursor = refusing.poll(inbox, cursor=0, limit=2)["cursor"]
    refusing.poll(inbox, cursor=cursor, limit=1)
    for number in range(count, count + 2):
        refusing.send(inbox, number)
    assert refusing.post("/v1/send", recipient=inbox, content="no more").status == 429
    body = refusing.poll(inbox, cursor=cursor, limit=1000)
    assert [message["content"] for message in body["messages"]] == list(range(2, count + 2))
    assert "gap" not in body


def test_what_is_leased_makes_no_room(refusing, inbox):
    count = fill(refusing, inbox)
    refusing.poll(inbox, lease=60, limit=1000)
    assert refusing.post("/v1/send", recipient=inbox, content=count).status == 429
    assert refusing.inbox(inbox)["leased"] == count


def test_the_sender_is_told_what_its_message_displaced(dropping, inbox):
    count = fill(dropping, inbox)
    assert [dropping.send(inbox, number).get("evicted", 0) for number in range(4)] == [1, 1, 1, 1]
    assert dropping.inbox(inbox)["unread"] == count


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("over", [1, 14])
def test_a_follower_is_told_exactly_how_many_it_missed(dropping, inbox, transport, over):
    """24 messages into an inbox of 10: 14 are lost, and the follower learns that it was 14."""
    count = dropping.limits.inbox_messages_max
    follower = Follower(dropping, inbox, dropping.poll(inbox, cursor="now")["cursor"])
    results = dropping.send_all(inbox, range(count + over))
    assert sum(result.get("evicted", 0) for result in results) == over
    assert follower.read(transport, count + 1) == [("gap", over), *messages(range(over, count + over))]
    assert dropping.poll(inbox, cursor=follower.cursor) == {"success": "0"}, "told once"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_cursor_in_the_middle_counts_only_what_it_missed(dropping, inbox, transport):
    count = dropping.limits.inbox_messages_max
    sent = dropping.send_all(inbox, range(count))
    dropping.send_all(inbox, range(count, count + 4))
    follower = Follower(dropping, inbox, sent[1]["id"])
    assert follower.read(transport, 2) == [("gap", 2), *messages([4])]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_cursor_that_missed_nothing_is_told_nothing(dropping, inbox, transport):
    """No false alarm: what was dropped lies behind this follower."""
    count = dropping.limits.inbox_messages_max
    sent = dropping.send_all(inbox, range(count))
    dropping.send_all(inbox, range(count, count + 4))
    follower = Follower(dropping, inbox, sent[3]["id"])
    assert follower.read(transport, count) == messages(range(4, count + 4))


def test_a_gap_has_a_cursor_of_its_own(dropping, inbox):
    """Who was told of the gap, and lost its connection before the first message, is not told twice."""
    count = dropping.limits.inbox_messages_max
    first = dropping.send(inbox, 0)["id"]
    sent = dropping.send_all(inbox, range(1, count + 4))
    with dropping.connect() as connection:
        gap = dropping.stream(inbox, [("Last-Event-ID", first)], connection=connection).event()
    assert (gap.name, gap.raw, gap.id) == ("gap", '{"lost":3}', sent[2]["id"])
    assert Follower(dropping, inbox, gap.id).read("sse", 1) == messages([4])


def test_control_lines_of_ndjson(dropping, inbox):
    count = dropping.limits.inbox_messages_max
    first = dropping.send(inbox)["id"]
    sent = dropping.send_all(inbox, range(count + 1))
    with dropping.connect() as connection:
        stream = dropping.stream(inbox, connection=connection, cursor=first, **{"as": "ndjson"})
        assert stream.line() == f'{{"event":"gap","lost":1,"cursor":"{sent[0]["id"]}"}}'
    dropping.delete(inbox)
    new = dropping.send(inbox)["id"]
    with dropping.connect() as connection:
        stream = dropping.stream(inbox, connection=connection, cursor=first, **{"as": "ndjson"})
        assert stream.line() == f'{{"event":"reset","cursor":"{new.split(".")[0]}.0"}}'


def test_takers_are_told_what_was_dropped_once(dropping, inbox):
    count = fill(dropping, inbox)
    dropping.send_all(inbox, range(count, count + 4))
    body = dropping.poll(inbox, limit=1)
    assert [message["content"] for message in body["messages"]] == [4]
    assert body["gap"] == {"lost": 4}
    rest = dropping.poll(inbox, limit=1000)
    assert [message["content"] for message in rest["messages"]] == list(range(5, count + 4))
    assert "gap" not in rest


@pytest.mark.parametrize("format", ["sse", "ndjson"])
def test_a_taking_stream_is_told_too(dropping, inbox, format):
    count = fill(dropping, inbox)
    dropping.send_all(inbox, range(count, count + 4))
    with dropping.connect() as connection:
        stream = dropping.stream(inbox, connection=connection, take=1, **{"as": format})
        items = [item(stream, format) for _ in range(3)]
    assert [(each.kind, each.value) for each in items] == [("gap", 4), *messages([4, 5])]


def test_the_follower_and_the_taker_are_both_told(dropping, inbox):
    cursor = dropping.poll(inbox, cursor="now")["cursor"]
    count = fill(dropping, inbox)
    dropping.send_all(inbox, range(4))
    assert dropping.poll(inbox, cursor=cursor, limit=1000)["gap"] == {"lost": 4}
    body = dropping.poll(inbox, limit=1000)
    assert body["gap"] == {"lost": 4} and len(body["messages"]) == count


def test_the_byte_limit_evicts_too(dropping, inbox):
    limit, size = dropping.limits.inbox_bytes_max, dropping.limits.message_bytes_max - 10
    count = 3 * limit // size
    dropping.send_all(inbox, [f"{number:04}" + "x" * (size - 6) for number in range(count)])
    summary = dropping.inbox(inbox)
    assert summary["bytes"] <= limit and summary["kept"] == limit // size
    body = dropping.poll(inbox, limit=1000)
    assert body["gap"]["lost"] == count - summary["kept"]
    assert body["messages"][-1]["content"][:4] == f"{count - 1:04}"


def test_gaps_of_several_inboxes_add_up(dropping, inboxes):
    count = dropping.limits.inbox_messages_max
    cursor = dropping.poll(inboxes, cursor="now")["cursor"]
    for name, over in zip(inboxes, (1, 3, -1), strict=True):
        dropping.send_all(name, range(count + over))
    body = dropping.poll(inboxes, cursor=cursor, limit=1000)
    while len(body["messages"]) < 3 * count - 1:
        more = dropping.poll(inboxes, cursor=body["cursor"], limit=1000)
        assert "gap" not in more
        body = {**more, "messages": body["messages"] + more["messages"], "gap": body["gap"]}
    assert body["gap"] == {"lost": 4}


def test_evictions_are_in_the_figures(dropping, inbox):
    before = dropping.get("/v1/stats").json["totals"]["evicted"]
    fill(dropping, inbox)
    dropping.send_all(inbox, range(5))
    assert dropping.get("/v1/stats").json["totals"]["evicted"] >= before + 5
