"""Sending: answers, idempotency, several recipients, limits, what is refused."""

import json

import pytest
from httpclient import request_bytes


def test_a_send_answers_with_id_online_and_unread(broker, inbox):
    answer = broker.post("/v1/send", recipient=inbox, content="hi")
    assert answer.status == 201 and answer.media_type == "application/json"
    body = answer.json
    assert answer.body.decode() == f'{{"success":"1","id":"{body["id"]}","online":0,"unread":1}}'
    assert broker.send(inbox)["unread"] == 2


def test_ids_count_up_within_an_inbox(broker, inbox):
    ids = [broker.send(inbox)["id"].split(".") for _ in range(3)]
    assert len({epoch for epoch, _ in ids}) == 1
    assert [int(number) for _, number in ids] == [1, 2, 3]


def test_online_counts_polls_and_streams(broker, inbox):
    with broker.connect() as connection, broker.park(inbox), broker.park(inbox, cursor="now"):
        broker.stream(inbox, connection=connection)
        assert broker.send(inbox)["online"] == 3


def test_a_form_sends_text(broker, inbox):
    answer = broker.post_form("/v1/send", recipient=inbox, content="5 & 6 = 11 €\n", sender="a b", type="t")
    assert answer.status == 201
    message = broker.poll(inbox)["messages"][0]
    assert (message["content"], message["sender"], message["type"]) == ("5 & 6 = 11 €\n", "a b", "t")


def test_a_form_with_plus_and_escapes(broker, inbox):
    body = f"recipient={inbox}&content=a+b%2Bc%20%e2%82%AC&".encode()
    for end in (b"", b"x"):
        answer = broker.request("POST", "/v1/send", [("Content-Type", "application/x-www-form-urlencoded")], body + end)
        if end:
            assert answer.status == 400, "x is an unknown field"
    assert broker.contents(inbox)[0] == "a b+c €"


def test_json_that_is_said_to_be_a_form_is_told_so(broker, inbox):
    """`curl -d '{…}'` sends it like that."""
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    secret = json.dumps({"recipient": inbox, "content": "a secret = 5 & more"}).encode()
    for body in (secret, b"\n " + secret, b"secret", b"{secret}=1&" + secret, b"\"secret\"=1"):
        answer = broker.request("POST", "/v1/send", form, body)
        assert answer.status == 400 and "secret" not in answer.json["detail"]
    assert "application/json" in broker.request("POST", "/v1/send", form, secret).json["detail"]


def test_utf8_is_the_only_charset(broker, inbox):
    body = json.dumps({"recipient": inbox, "content": "x"}).encode()
    for charset in ("utf-8", "UTF-8", '"utf-8"'):
        fields = [("Content-Type", f"application/json; charset={charset}")]
        assert broker.request("POST", "/v1/send", fields, body).status == 201
    fields = [("Content-Type", "application/json; charset=iso-8859-1")]
    answer = broker.request("POST", "/v1/send", fields, body)
    assert answer.status == 415 and answer.json["code"] == "unsupported_media_type"


def test_the_same_key_answers_as_the_first_time(broker, inbox):
    first = broker.send(inbox, "hi", key="k")
    again = broker.send(inbox, "hi", key="k")
    assert again == {**first, "duplicate": True}
    header = broker.post("/v1/send", [("Idempotency-Key", "k")], recipient=inbox, content="hi")
    assert header.status == 201 and header.json["id"] == first["id"] and header.json["duplicate"] is True
    assert broker.contents(inbox) == ["hi"]


def test_a_key_in_quotes_is_the_same_key(broker, inbox):
    """As the draft of the header has it: a string of structured fields."""
    first = broker.send(inbox, "hi", key="k")
    for value in ('"k"', "k"):
        again = broker.post("/v1/send", [("Idempotency-Key", value)], recipient=inbox, content="hi")
        assert again.json == {**first, "duplicate": True}
    assert broker.post("/v1/send", [("Idempotency-Key", '""')], recipient=inbox, content="hi").status == 400


def test_a_key_belongs_to_its_sender_and_recipient(broker, inboxes):
    broker.send(inboxes[0], "hi", key="k", sender="a")
    for name, sender in ((inboxes[0], "b"), (inboxes[1], "a")):
        assert "duplicate" not in broker.send(name, "hi", key="k", sender=sender)


def test_a_key_with_another_content_is_422(broker, inbox):
    broker.send(inbox, "hi", key="k")
    answer = broker.post("/v1/send", recipient=inbox, content="other", key="k")
    assert answer.status == 422 and answer.json["code"] == "key_reused"
    assert broker.contents(inbox) == ["hi"]


def test_header_and_field_may_agree_but_not_differ(broker, inbox):
    for key, status in (("k", 201), ("other", 400)):
        answer = broker.post("/v1/send", [("Idempotency-Key", "k")], recipient=inbox, content="x", key=key)
        assert answer.status == status


@pytest.mark.parametrize("key", [b"", b"\xd7\xf8\x9b", b"caf\xe9", b"a\x7fb", b"k" * 257], ids=repr)
def test_a_key_in_the_header_is_printable_ascii(broker, inbox, key):
    """Header fields have no character set; two keys that differ in unreadable bytes must not pass for the same."""
    body = json.dumps({"recipient": inbox, "content": 1}).encode()
    request = request_bytes(
        "POST", "/v1/send", [("Content-Type", "application/json"), ("Idempotency-Key", "KEY")], body
    )
    with broker.connect() as connection:
        connection.send(request.replace(b"KEY", key))
        assert connection.answer().status == 400
    assert broker.inbox(inbox)["kept"] == 0


def test_one_message_goes_to_several_recipients(broker, inboxes):
    answer = broker.post("/v1/send", recipients=inboxes, content="hi", sender="s")
    assert answer.status == 201
    body = answer.json
    assert body["success"] == "1" and [result["recipient"] for result in body["results"]] == inboxes
    assert all(list(result) == ["recipient", "id", "online", "unread"] for result in body["results"])
    for name in inboxes:
        assert broker.contents(name) == ["hi"]


def test_a_form_repeats_recipient(broker, inboxes):
    answer = broker.post_form("/v1/send", recipient=inboxes, content="hi")
    assert answer.status == 201 and [result["recipient"] for result in answer.json["results"]] == inboxes


def test_one_of_several_may_fail(refusing, inboxes):
    refusing.send_all(inboxes[1], range(refusing.limits.inbox_messages_max))
    answer = refusing.post("/v1/send", recipients=inboxes, content="hi")
    assert answer.status == 207
    results = answer.json["results"]
    assert [list(result) for result in results[::2]] == [["recipient", "id", "online", "unread"]] * 2
    assert results[1]["recipient"] == inboxes[1]
    error = results[1]["error"]
    assert list(error) == ["code", "status", "detail"]
    assert (error["code"], error["status"]) == ("inbox_full", 429)
    answer = refusing.post("/v1/send", recipients=inboxes[1:2], content="hi")
    assert (answer.status, answer.json["code"], "success" in answer.json) == (429, "inbox_full", False)


def test_a_thousand_recipients_and_no_more(broker, inbox):
    recipients = [f"{inbox}-{number}" for number in range(1001)]
    assert broker.post("/v1/send", recipients=recipients, content=0).status == 400
    assert len(broker.post("/v1/send", recipients=recipients[:1000], content=0).json["results"]) == 1000


def test_a_message_expires_after_its_time(broker, inbox):
    broker.send(inbox, "short", ttlSeconds=1)
    broker.send(inbox, "long", ttlSeconds=100)
    broker.poll(inbox + "-other", timeout="1.3")
    assert broker.contents(inbox) == ["long"]
    assert broker.get("/v1/stats").json["totals"]["expired"] >= 1


def test_content_has_a_limit(broker, inbox):
    limit = broker.limits.message_bytes_max
    assert broker.send(inbox, "x" * (limit - 2))
    answer = broker.post("/v1/send", recipient=inbox, content="x" * (limit - 1))
    assert answer.status == 413 and answer.json["code"] == "too_large"
    assert str(limit + 1) in answer.json["detail"] and str(limit) in answer.json["detail"]
    spaces = b'{"recipient":"%s","content":[ 1,%s 2 ]}' % (inbox.encode(), b" " * limit)
    assert broker.request("POST", "/v1/send", [("Content-Type", "application/json")], spaces).status == 201


def test_memory_has_a_limit(tight, inbox):
    limit, size = tight.limits.memory_bytes_max, 60_000
    statuses = [
        tight.post("/v1/send", recipient=f"{inbox}-{number}", content="x" * size).status
        for number in range(limit // size + 4)
    ]
    full = statuses.index(507)
    assert 0.7 * limit / size <= full <= limit / size and set(statuses[:full]) == {201}
    answer = tight.post("/v1/send", recipient=inbox, content="x" * size)
    assert answer.json["code"] == "broker_full"
    assert tight.get("/v1/stats").json["memory"]["bytes"] <= limit
    assert tight.contents(f"{inbox}-0") == ["x" * size], "what was accepted is still there"
    for number in range(full):
        tight.delete(f"{inbox}-{number}")
    assert tight.send(inbox, "x" * size)


MISTAKES = {
    "no content": {"recipient": "r"},
    "no recipient": {"content": 1},
    "both kinds": {"recipient": "r", "recipients": ["s"], "content": 1},
    "the same twice": {"recipients": ["r", "r"], "content": 1},
    "none at all": {"recipients": [], "content": 1},
    "empty recipient": {"recipient": "", "content": 1},
    "long recipient": {"recipient": "r" * 257, "content": 1},
    "long in bytes": {"recipient": "é" * 129, "content": 1},
    "control character": {"recipient": "a\nb", "content": 1},
    "delete character": {"recipient": "a\x7fb", "content": 1},
    "c1 control character": {"recipient": "a\x85b", "content": 1},
    "lone surrogate": {"recipient": "a\ud800b", "content": 1},
    "number for a name": {"recipient": 5, "content": 1},
    "null for a name": {"recipient": "r", "sender": None, "content": 1},
    "empty sender": {"recipient": "r", "sender": "", "content": 1},
    "long type": {"recipient": "r", "type": "t" * 129, "content": 1},
    "long key": {"recipient": "r", "key": "k" * 257, "content": 1},
    "no time": {"recipient": "r", "ttlSeconds": 0, "content": 1},
    "much time": {"recipient": "r", "ttlSeconds": 604801, "content": 1},
    "broken time": {"recipient": "r", "ttlSeconds": 1.5, "content": 1},
    "time as text": {"recipient": "r", "ttlSeconds": "5", "content": 1},
    "unknown field": {"recipient": "r", "content": 1, "contents": 1},
}


@pytest.mark.parametrize("body", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_refused(broker, body):
    answer = broker.post("/v1/send", **body)
    assert answer.status == 400 and answer.json["code"] == "invalid_request"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'"x"', b"{}x", b"{} {}", b'{"recipient":"r","content":1,}', b"\xff",
        b'{"recipient":"r","content":1,"content":2}', b'{"recipient":"r","content":01}', b"\xef\xbb\xbf{}",
        b'{"recipient":"r","content":NaN}', b'{"recipient":"r","content":"\x01"}', b"{'recipient':'r','content':1}",
        b'{"recipient":"\xc0\xaf","content":1}', b'{"recipient":"r","content":"\\x"}',
        b'{"recipient":"r","content":"\xed\xa0\x80"}',
    ],
)  # fmt: skip
def test_bad_json_is_refused(broker, body):
    answer = broker.request("POST", "/v1/send", [("Content-Type", "application/json")], body)
    assert answer.status == 400 and answer.json["code"] == "invalid_request"


def test_an_unknown_field_is_refused_by_name(broker):
    assert "'colour'" in broker.post("/v1/send", recipient="r", content=1, colour="red").json["detail"]
    assert "colour" in broker.post_form("/v1/send", recipient="r", content=1, colour="red").json["detail"]
    assert "colour" in broker.get("/v1/poll", recipient="r", colour="red").json["detail"]


@pytest.mark.parametrize("body", [b"recipient=r&content=%", b"recipient=r&content=%zz", b"recipient=r&content=%ff"])
def test_bad_escapes_are_refused(broker, body):
    answer = broker.request("POST", "/v1/send", [("Content-Type", "application/x-www-form-urlencoded")], body)
    assert answer.status == 400 and answer.json["code"] == "invalid_request"
