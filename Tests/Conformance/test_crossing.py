"""One cursor on every transport: a follower that changes it in mid-session sees each message once, in order."""

import itertools

import pytest
from httpclient import eventually
from readers import TRANSPORTS, Follower, item, messages


def test_one_cursor_crosses_every_transport_and_comes_back(broker, inbox):
    broker.send_all(inbox, range(10))
    follower = Follower(broker, inbox)
    seen = []
    for transport in ("poll", "sse", "ndjson", "iframe", "poll"):
        seen += follower.read(transport, 2)
    assert seen == messages(range(10))
    assert broker.poll(inbox, cursor=follower.cursor) == {"success": "0"}


@pytest.mark.parametrize("change", itertools.permutations(TRANSPORTS, 2), ids="-".join)
def test_a_change_of_transport_loses_and_doubles_nothing(broker, inbox, change):
    """The messages come while the follower is between the two transports, and while it is on them."""
    follower = Follower(broker, inbox, broker.poll(inbox, cursor="now")["cursor"])
    seen, count = [], 0
    for transport in change * 2:
        broker.send_all(inbox, range(count, count + 3))
        seen += follower.read(transport, 2)
        broker.send(inbox, count + 3)
        seen += follower.read(transport, 1)
        count += 4
    while len(seen) < count:
        seen += follower.read("poll", 1)
    assert seen == messages(range(count))


def test_a_cursor_of_several_recipients_crosses_every_transport(broker, inboxes):
    follower = Follower(broker, inboxes, broker.poll(inboxes, cursor="now")["cursor"])
    seen = []
    for round_, transport in enumerate(("poll", "sse", "ndjson", "iframe", "poll", "ndjson", "sse")):
        for name in inboxes:
            broker.send(name, f"{name}:{round_}")
        seen += follower.read(transport, 3)
    assert len(seen) == len(set(seen)) == 21
    for name in inboxes:
        own = [item for item in seen if item[1].startswith(name + ":")]
        assert own == messages(f"{name}:{round_}" for round_ in range(7))
    assert broker.poll(inboxes, cursor=follower.cursor) == {"success": "0"}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_half_of_several_recipients_read_by_one_transport_the_rest_by_another(broker, inboxes, transport):
    """The cursor in the middle of a batch tells each inbox's own place."""
    follower = Follower(broker, inboxes)
    for name in inboxes:
        broker.send_all(name, [f"{name}:{number}" for number in range(3)])
    seen = follower.read(transport, 4)
    for other in TRANSPORTS:
        seen += follower.read(other, 1)
    seen += follower.read("poll", 1)
    assert sorted(seen) == messages(f"{name}:{number}" for name in inboxes for number in range(3))


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_now_on_every_transport(broker, inbox, transport):
    broker.send(inbox, "old")
    if transport == "poll":
        cursor = broker.poll(inbox, cursor="now")["cursor"]
        broker.send(inbox, "new")
        assert Follower(broker, inbox, cursor).read("poll", 1) == messages(["new"])
        return
    with broker.connect() as connection:
        stream = broker.stream(inbox, connection=connection, cursor="now", **{"as": transport})
        eventually(lambda: broker.inbox(inbox)["streaming"] == 1)
        broker.send(inbox, "new")
        seen = item(stream, transport)
    assert seen.value == "new"
    assert broker.poll(inbox, cursor=seen.cursor) == {"success": "0"}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_reset_on_every_transport(broker, inbox, transport):
    cursor = broker.send(inbox, "old")["id"]
    broker.delete(inbox)
    broker.send_all(inbox, ["new", "newer"])
    follower = Follower(broker, inbox, cursor)
    assert follower.read(transport, 2) == [("reset", None), *messages(["new"])]
    assert follower.read(transport, 1) == messages(["newer"]), "told once"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_follower_of_a_deleted_inbox_is_told_once_it_comes_back(broker, inbox, transport):
    """No message is needed to tell: the position itself is of an earlier life."""
    cursor = broker.send(inbox, "old")["id"]
    broker.delete(inbox)
    broker.send(inbox, "new")
    follower = Follower(broker, inbox, cursor)
    assert follower.read("poll", 1) == [("reset", None)]
    assert follower.read(transport, 2) == [("reset", None), *messages(["new"])], "the answer before was not used"
