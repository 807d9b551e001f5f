"""Following: cursors, gaps with exact numbers, resets, several inboxes."""

import pytest
from httpclient import eventually


def test_every_follower_sees_every_message_and_changes_nothing(broker, inbox):
    for number in range(3):
        broker.send(inbox, number)
    for _ in range(2):
        assert broker.contents(inbox, cursor=0) == [0, 1, 2]
    assert broker.inbox(inbox)["unread"] == 3


def test_the_cursor_passes_on(broker, inbox):
    for number in range(5):
        broker.send(inbox, number)
    seen, cursor = [], "0"
    while (body := broker.poll(inbox, cursor=cursor, limit=2))["success"] == "1":
        seen += [message["content"] for message in body["messages"]]
        cursor = body["cursor"]
    assert seen == [0, 1, 2, 3, 4]


def test_a_parked_follower_is_woken(broker, inbox):
    cursor = broker.send(inbox, "old")["id"]
    with broker.park(inbox, cursor=cursor) as one, broker.park(inbox, cursor="now") as two:
        assert broker.send(inbox, "new")["online"] == 2
        for reader in (one, two):
            assert [message["content"] for message in reader.answer().json["messages"]] == ["new"]
    assert broker.contents(inbox) == ["old", "new"]


def test_now_skips_what_is_there(broker, inbox):
    broker.send(inbox, "old")
    cursor = broker.poll(inbox, cursor="now")["cursor"]
    broker.send(inbox, "new")
    assert broker.contents(inbox, cursor=cursor) == ["new"]


def test_now_works_on_an_inbox_that_nobody_has_used(broker, inbox):
    cursor = broker.poll(inbox, cursor="now")["cursor"]
    broker.send(inbox, "new")
    body = broker.poll(inbox, cursor=cursor)
    assert [message["content"] for message in body["messages"]] == ["new"]
    assert "gap" not in body and "reset" not in body


def test_no_false_alarm_when_everything_was_read_and_has_gone(forgetful, inbox):
    broker = forgetful
    broker.send(inbox, "hi")
    cursor = broker.poll(inbox)["cursor"]
    eventually(lambda: broker.inbox(inbox)["kept"] == 0)
    assert broker.poll(inbox, cursor=cursor, timeout="0.05") == {"success": "0"}
    broker.send(inbox, "new")
    body = broker.poll(inbox, cursor=cursor)
    assert [message["content"] for message in body["messages"]] == ["new"]
    assert "gap" not in body and "reset" not in body


def test_a_cursor_of_an_earlier_life_is_reset(broker, inbox):
    cursor = broker.send(inbox, "old")["id"]
    broker.delete(inbox)
    for number in range(2):
        broker.send(inbox, number)
    body = broker.poll(inbox, cursor=cursor)
    assert body["reset"] is True and "gap" not in body
    assert [message["content"] for message in body["messages"]] == [0, 1]
    assert "reset" not in broker.poll(inbox, cursor=body["cursor"], timeout="0.05")


@pytest.mark.parametrize(
    "cursor", ["", "1", "NOW", "abc", "abc.", ".1", "abc.x", "abc.-1", "abc.1~", "abc.1.2", "a_c.1", "abc.1~abc.1"]
)
def test_an_unreadable_cursor_is_refused(broker, inbox, cursor):
    answer = broker.get("/v1/poll", recipient=inbox, cursor=cursor, timeout=0)
    assert answer.status == 400 and answer.json["code"] == "invalid_request"
    assert "cursor" in answer.json["detail"]


def test_a_cursor_ahead_of_its_inbox_is_refused(broker, inbox):
    epoch, number = broker.send(inbox, "hi")["id"].split(".")
    answer = broker.get("/v1/poll", recipient=inbox, cursor=f"{epoch}.{int(number) + 1}", timeout=0)
    assert answer.status == 400 and "cursor" in answer.json["detail"]


def test_a_lease_does_not_go_with_a_cursor(broker, inbox):
    assert broker.get("/v1/poll", recipient=inbox, cursor=0, lease=5, timeout=0).status == 400


def test_a_composite_cursor_has_a_part_for_each_inbox_in_order(broker, inboxes):
    sent = [broker.send(name, name)["id"] for name in inboxes]
    body = broker.poll(inboxes, cursor=0)
    assert sorted(message["content"] for message in body["messages"]) == inboxes
    assert body["cursor"] == "~".join(sent)
    newer = broker.send(inboxes[1], "newer")["id"]
    body = broker.poll(inboxes, cursor=body["cursor"])
    assert [message["content"] for message in body["messages"]] == ["newer"]
    assert body["cursor"] == "~".join([sent[0], newer, sent[2]])
    assert broker.get("/v1/poll", recipient=inboxes[:2], cursor=body["cursor"], timeout=0).status == 400
