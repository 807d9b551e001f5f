"""Polling: exact bytes, waiting, waking, timeouts, the forms of a request."""

import json
import re
import time
from email.utils import parsedate_to_datetime

import pytest
from httpclient import query, request_bytes

EMPTY = b'{"success":"0"}'
SENT_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_an_empty_poll_is_fifteen_bytes_and_cheap_on_the_wire(broker, inbox):
    answer = broker.get("/v1/poll", recipient=inbox, timeout=0)
    assert answer.status == 200
    assert answer.body == EMPTY
    assert answer.media_type == "application/json"
    assert len(answer.wire) <= 150
    assert answer.field("Content-Length") == "15"
    assert answer.field("Server") is None


@pytest.mark.parametrize("path", ["/v1/poll?recipient=u&timeout=0", "/v1/stats", "/", "/nowhere", "/v1/poll"])
def test_every_answer_tells_the_time(broker, path):
    before = int(time.time())
    date = parsedate_to_datetime(broker.get(path).field("Date"))
    assert before - 1 <= date.timestamp() <= time.time()


def test_a_poll_waits_for_its_timeout(broker, inbox):
    start = time.monotonic()
    answer = broker.get("/v1/poll", recipient=inbox, timeout="0.2")
    took = time.monotonic() - start
    assert answer.body == EMPTY
    assert 0.19 <= took < 1.5


def test_the_connection_lives_on_after_a_timeout(broker, inbox):
    with broker.connect() as connection:
        for _ in range(3):
            assert connection.request("GET", f"/v1/poll?recipient={inbox}&timeout=0.05").body == EMPTY


def test_a_parked_poll_is_answered_by_a_send(broker, inbox):
    with broker.park(inbox) as reader:
        sent = broker.send(inbox, "hi", sender="admin", type="note")
        assert sent["online"] == 1
        answer = reader.answer()
    assert answer.status == 200
    body = answer.json
    message = body["messages"][0]
    assert body == {"success": "1", "messages": [message], "cursor": sent["id"], "unread": 0}
    assert list(message) == ["id", "recipient", "sender", "type", "content", "sentAt"]
    assert message["id"] == sent["id"] and message["recipient"] == inbox
    assert (message["sender"], message["type"], message["content"]) == ("admin", "note", "hi")
    assert SENT_AT.fullmatch(message["sentAt"])


def test_what_a_sender_left_out_is_left_out(broker, inbox):
    broker.send(inbox)
    assert list(broker.poll(inbox)["messages"][0]) == ["id", "recipient", "content", "sentAt"]


def test_an_answer_is_compact_json_in_a_fixed_order(broker, inbox):
    sent = broker.send(inbox, "hi")
    body = broker.get("/v1/poll", recipient=inbox, timeout=0).body.decode()
    sent_at = json.loads(body)["messages"][0]["sentAt"]
    assert body == (
        f'{{"success":"1","messages":[{{"id":"{sent["id"]}","recipient":"{inbox}","content":"hi",'
        f'"sentAt":"{sent_at}"}}],"cursor":"{sent["id"]}","unread":0}}'
    )


def test_limit_bounds_an_answer_and_unread_counts_the_rest(broker, inbox):
    for number in range(5):
        broker.send(inbox, number)
    first = broker.poll(inbox, limit=2)
    assert [message["content"] for message in first["messages"]] == [0, 1]
    assert first["unread"] == 3
    assert broker.contents(inbox) == [2, 3, 4]
    assert broker.poll(inbox) == {"success": "0"}


def test_an_answer_holds_at_most_a_mebibyte_of_content(broker, inboxes):
    size = broker.limits.message_bytes_max - 2
    each = min((1 << 20) // (size + 2), broker.limits.inbox_messages_max, broker.limits.inbox_bytes_max // (size + 2))
    for name in inboxes:
        broker.send_all(name, ["x" * size] * each)
    sizes = []
    while (body := broker.poll(inboxes))["success"] == "1":
        sizes.append(sum(len(message["content"]) + 2 for message in body["messages"]))
    assert sum(sizes) == 3 * each * (size + 2)
    assert max(sizes) <= 1 << 20


def test_a_form_polls(broker, inbox):
    broker.send(inbox, "hi")
    answer = broker.post_form("/v1/poll", recipient=inbox, timeout="0")
    assert answer.json["messages"][0]["content"] == "hi"
    assert broker.post_form("/v1/poll", recipient=inbox, timeout="0").body == EMPTY


def test_a_json_body_polls(broker, inboxes):
    broker.send(inboxes[0], "a")
    broker.send(inboxes[1], "b")
    answer = broker.post("/v1/poll", recipient=inboxes[:2], timeout=0)
    assert sorted(message["content"] for message in answer.json["messages"]) == ["a", "b"]
    assert broker.post("/v1/poll", recipient=inboxes[2], timeout=0.05).body == EMPTY


def test_a_post_without_a_body_polls_by_its_query(broker, inbox):
    target = "/v1/poll?" + query(recipient=inbox, timeout=0)
    assert broker.request("POST", target, body=b"").body == EMPTY
    assert broker.request("POST", target).body == EMPTY


def test_query_and_body_together_are_refused(broker, inbox):
    answer = broker.request(
        "POST",
        "/v1/poll?" + query(recipient=inbox, timeout=0),
        [("Content-Type", "application/json")],
        json.dumps({"recipient": inbox}).encode(),
    )
    assert answer.status == 400 and answer.json["code"] == "invalid_request"


def test_one_poll_takes_from_several_inboxes(broker, inboxes):
    for number, name in enumerate(inboxes):
        broker.send(name, number)
    body = broker.poll(inboxes)
    assert sorted(message["content"] for message in body["messages"]) == [0, 1, 2]
    assert body["cursor"].count("~") == 2


def test_a_poll_of_several_inboxes_is_woken_by_any(broker, inboxes):
    with broker.park(inboxes) as connection, broker.park("other-" + inboxes[0]):
        assert broker.send(inboxes[2], "c")["online"] == 1
        assert [message["content"] for message in connection.answer().json["messages"]] == ["c"]
    assert [broker.inbox(name)["waiting"] for name in inboxes] == [0, 0, 0]


def test_a_newer_poll_of_the_session_ends_the_older(broker, inbox):
    with broker.park(inbox, session="tab") as older, broker.connect() as newer:
        newer.send(request_bytes("GET", "/v1/poll?" + query(recipient=inbox, session="tab", timeout=30)))
        assert older.answer().body == EMPTY
        assert broker.send(inbox, "hi")["online"] == 1
        assert newer.answer().json["messages"][0]["content"] == "hi"


def test_other_sessions_live_side_by_side(broker, inbox):
    with broker.park(inbox, session="one") as one, broker.park(inbox, session="two") as two:
        assert broker.send(inbox, 1)["online"] == 2
        assert broker.send(inbox, 2)["online"] == 1
        assert one.answer().json["messages"][0]["content"] == 1
        assert two.answer().json["messages"][0]["content"] == 2


def test_a_poll_from_now_is_told_its_cursor_at_the_timeout(broker, inbox):
    sent = broker.send(inbox, "before")
    answer = broker.get("/v1/poll", recipient=inbox, cursor="now", timeout="0.05")
    assert answer.body == b'{"success":"0","cursor":"%s"}' % sent["id"].encode()
    broker.send(inbox, "after")
    assert broker.contents(inbox, cursor=answer.json["cursor"]) == ["after"]
