"""Sends that some or all of their recipients cannot get, on servers with limits of the test's own."""

import json


def post(broker, *lines):
    """A batch."""
    body = "\n".join(json.dumps(line) for line in lines).encode()
    return broker.request("POST", "/v1/send", [("Content-Type", "application/x-ndjson")], body)


def test_a_line_that_none_of_its_recipients_got_is_an_error(start_broker, inboxes):
    broker = start_broker("--inbox-messages-max", "1")
    for name in inboxes[:2]:
        broker.send(name)
    answer = post(broker, {"recipients": inboxes[:2], "content": 1}, {"recipients": inboxes, "content": 2})
    none, some = answer.lines
    assert answer.status == 200
    assert list(none) == ["error", "results"] and none["error"]["code"] == "inbox_full"
    assert [result["recipient"] for result in none["results"]] == inboxes[:2]
    assert some["success"] == "1" and "id" in some["results"][2]


def test_none_of_several_may_get_it(start_broker, inboxes):
    broker = start_broker("--inbox-messages-max", "1", "--message-bytes-max", "10")
    for name in inboxes:
        broker.send(name, "full", key="k")
    answer = broker.post("/v1/send", recipients=inboxes, content="hi")
    assert answer.status == 429 and answer.media_type == "application/problem+json"
    assert answer.field("Retry-After") == "5"
    assert list(answer.json) == ["type", "title", "status", "detail", "code", "results"]
    assert answer.json["code"] == "inbox_full" and answer.json["type"] == "urn:problem:broker:inbox_full"
    assert [(result["recipient"], result["error"]["code"]) for result in answer.json["results"]] == [
        (name, "inbox_full") for name in inboxes
    ]
    assert broker.post("/v1/send", recipients=inboxes, content="x" * 10).json["code"] == "too_large"
    # Different reasons: the first counts.
    broker.delete(inboxes[1])
    broker.send(inboxes[1], "other", key="l")
    mixed = broker.post("/v1/send", recipients=[inboxes[1], inboxes[0]], content="hi", key="k")
    assert (mixed.status, mixed.json["code"]) == (429, "inbox_full")
    mixed = broker.post("/v1/send", recipients=inboxes[:2], content="hi", key="k")
    assert (mixed.status, mixed.json["code"]) == (422, "key_reused")
    alone = broker.post("/v1/send", recipients=inboxes[2:], content="hi")
    assert alone.status == 429 and len(alone.json["results"]) == 1


def test_what_fits_into_no_inbox_is_too_large(start_broker, inbox):
    broker = start_broker("--inbox-bytes-max", "4KiB")
    answer = broker.post("/v1/send", recipient=inbox, content="x" * 5000)
    assert answer.status == 413 and answer.json["code"] == "too_large" and answer.field("Retry-After") is None
    assert "5002" in answer.json["detail"] and "4096" in answer.json["detail"]
    answer = broker.post("/v1/send", recipient=inbox, content="x" * 4000, sender="s" * 200)
    assert answer.status == 413 and "--inbox-bytes-max" in answer.json["detail"]
    assert broker.send(inbox, "x" * 4000, sender="s" * 90)
