"""NDJSON batches: one result a line, in order."""

import json

NDJSON = [("Content-Type", "application/x-ndjson")]


def post(broker, *lines, end=b"\n", fields=()):
    data = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines) + end
    return broker.request("POST", "/v1/send", [*NDJSON, *fields], data)


def test_a_batch_answers_line_by_line_in_order(broker, inboxes):
    answer = post(broker, *[{"recipient": name, "content": name} for name in inboxes])
    assert answer.status == 200 and answer.media_type == "application/x-ndjson"
    assert [list(line) for line in answer.lines] == [["success", "id", "online", "unread"]] * 3
    for name, line in zip(inboxes, answer.lines):
        message = broker.poll(name)["messages"][0]
        assert (message["id"], message["content"]) == (line["id"], name)


def test_the_last_line_feed_may_be_left_out(broker, inbox):
    assert len(post(broker, {"recipient": inbox, "content": 1}, end=b"").lines) == 1


def test_carriage_returns_are_white_space(broker, inbox):
    line = json.dumps({"recipient": inbox, "content": 1}).encode()
    assert [list(result)[0] for result in post(broker, line + b"\r", line + b"\r").lines] == ["success"] * 2


def test_a_wrong_line_does_not_stop_the_others(broker, inbox):
    good = {"recipient": inbox, "content": 1}
    answer = post(broker, good, b"{", {"recipient": inbox}, good)
    assert answer.status == 200
    first, broken, missing, last = answer.lines
    assert (first["unread"], last["unread"]) == (1, 2)
    for line in (broken, missing):
        assert list(line) == ["error"] and list(line["error"]) == ["code", "status", "detail"]
        assert (line["error"]["code"], line["error"]["status"]) == ("invalid_request", 400)
    assert "content" in missing["error"]["detail"]


def test_each_error_has_its_status(start_broker, inbox):
    broker = start_broker("--inbox-messages-max", "1", "--message-bytes-max", "10")
    answer = post(
        broker,
        {"recipient": inbox, "content": 1, "key": "k"},
        {"recipient": inbox, "content": 2, "key": "k"},
        {"recipient": inbox, "content": 1, "key": "k"},
        {"recipient": inbox, "content": 3},
        {"recipient": inbox, "content": "x" * 10},
    )
    first, reused, again, full, large = answer.lines
    assert again == {**first, "duplicate": True}
    assert (reused["error"]["code"], reused["error"]["status"]) == ("key_reused", 422)
    assert (full["error"]["code"], full["error"]["status"]) == ("inbox_full", 429)
    assert (large["error"]["code"], large["error"]["status"]) == ("too_large", 413)


def test_a_line_may_name_several_recipients(broker, inboxes):
    (line,) = post(broker, {"recipients": inboxes, "content": 1}).lines
    assert [result["recipient"] for result in line["results"]] == inboxes


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


def test_a_thousand_lines_and_no_more(broker, inbox):
    line = {"recipient": inbox, "content": 1}
    answer = post(broker, *[line] * 1001)
    assert answer.status in (400, 413) and broker.inbox(inbox)["kept"] == 0
    assert [result["unread"] for result in post(broker, *[line] * 1000).lines] == list(range(1, 1001))


def test_an_empty_batch_is_refused(broker):
    assert broker.request("POST", "/v1/send", NDJSON, b"").status == 400


def test_a_batch_is_large(broker, inbox):
    recipients = [f"{inbox}-{number}" for number in range(100)]
    answer = post(broker, *[{"recipient": name, "content": "x" * 60_000} for name in recipients])
    assert len(answer.lines) == 100 and all("id" in line for line in answer.lines)


def test_the_key_header_does_not_go_with_a_batch(broker, inbox):
    answer = post(broker, {"recipient": inbox, "content": 1}, fields=[("Idempotency-Key", "k")])
    assert answer.status == 400 and broker.inbox(inbox)["kept"] == 0


def test_only_sending_takes_batches(broker):
    answer = broker.request("POST", "/v1/ack", NDJSON, b'{"recipient":"u","upTo":"a.1"}\n')
    assert answer.status == 415
