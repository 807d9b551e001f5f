"""Taking: one taker for each message, leases, ack, release, extend."""

import pytest


def ids(body):
    return [message["id"] for message in body["messages"]]


def test_a_message_is_taken_once(broker, inbox):
    broker.send(inbox, "hi")
    assert broker.contents(inbox) == ["hi"]
    assert broker.poll(inbox) == {"success": "0"}
    assert broker.inbox(inbox)["unread"] == 0


def test_the_longest_waiting_taker_is_first(broker, inbox):
    with broker.park(inbox) as first, broker.park(inbox) as second, broker.park(inbox) as third:
        for number in range(3):
            assert broker.send(inbox, number)["online"] == 3 - number
        answers = [reader.answer().json["messages"] for reader in (first, second, third)]
    assert [[message["content"] for message in messages] for messages in answers] == [[0], [1], [2]]


def test_a_leased_message_is_read_once_acknowledged(broker, inbox):
    broker.send(inbox, "hi")
    body = broker.poll(inbox, lease=30)
    assert list(body["messages"][0]) == ["id", "recipient", "content", "sentAt", "attempt"]
    assert body["messages"][0]["attempt"] == 1
    summary = broker.inbox(inbox)
    assert (summary["unread"], summary["leased"], summary["kept"]) == (0, 1, 1)
    assert broker.poll(inbox) == {"success": "0"}
    answer = broker.post("/v1/ack", recipient=inbox, ids=ids(body))
    assert (answer.status, answer.body) == (200, b'{"success":"1","unread":0}')
    assert broker.inbox(inbox)["leased"] == 0


def test_a_lease_that_ends_puts_its_message_back_at_its_place(broker, inbox):
    first = broker.send(inbox, "a")["id"]
    broker.send(inbox, "b")
    assert ids(broker.poll(inbox, lease=1, limit=1)) == [first]
    broker.poll(inbox, limit=1)
    body = broker.poll(inbox, timeout=5, lease=30)
    assert ids(body) == [first]
    assert body["messages"][0]["attempt"] == 2


def test_release_gives_back_at_once(broker, inbox):
    for number in range(3):
        broker.send(inbox, number)
    taken = broker.poll(inbox, lease=30)
    answer = broker.post("/v1/release", recipient=inbox, ids=ids(taken)[:2])
    assert (answer.status, answer.json) == (200, {"success": "1", "unread": 2})
    again = broker.poll(inbox, lease=30)
    assert [(message["content"], message["attempt"]) for message in again["messages"]] == [(0, 2), (1, 2)]


def test_release_wakes_a_taker(broker, inbox):
    broker.send(inbox, "hi")
    taken = broker.poll(inbox, lease=30)
    with broker.park(inbox) as reader:
        broker.post("/v1/release", recipient=inbox, ids=ids(taken))
        assert ids(reader.answer().json) == ids(taken)


def test_release_may_wait(broker, inbox):
    broker.send(inbox, "hi")
    taken = broker.poll(inbox, lease=30)
    answer = broker.post("/v1/release", recipient=inbox, ids=ids(taken), delaySeconds=1)
    assert answer.json == {"success": "1", "unread": 0}
    assert broker.poll(inbox) == {"success": "0"}
    assert ids(broker.poll(inbox, timeout=5)) == ids(taken)


def test_release_ignores_what_is_not_leased(broker, inbox):
    sent = broker.send(inbox, "hi")
    answer = broker.post("/v1/release", recipient=inbox, ids=[sent["id"]])
    assert (answer.status, answer.json) == (200, {"success": "1", "unread": 1})


def test_extend_moves_the_end_of_a_lease(broker, inbox):
    broker.send(inbox, "hi")
    taken = broker.poll(inbox, lease=1)
    answer = broker.post("/v1/extend", recipient=inbox, ids=ids(taken), lease=30)
    assert answer.status == 200 and answer.json["success"] == "1"
    assert broker.poll(inbox, timeout="1.3") == {"success": "0"}
    assert broker.inbox(inbox)["leased"] == 1


def test_extend_of_what_is_not_leased_is_not_found_and_changes_nothing(broker, inbox):
    for number in range(2):
        broker.send(inbox, number)
    leased = ids(broker.poll(inbox, lease=1, limit=1))
    other = ids(broker.poll(inbox, cursor=0))[1]
    answer = broker.post("/v1/extend", recipient=inbox, ids=leased + [other], lease=30)
    assert answer.status == 404 and answer.json["code"] == "not_found"
    assert other in answer.json["detail"]
    assert broker.contents(inbox) == [1]
    assert ids(broker.poll(inbox, timeout=5)) == leased


def test_ack_up_to_reads_everything_before(broker, inbox):
    sent = [broker.send(inbox, number)["id"] for number in range(4)]
    answer = broker.post("/v1/ack", recipient=inbox, upTo=sent[2])
    assert (answer.status, answer.json) == (200, {"success": "1", "unread": 1})
    assert broker.contents(inbox) == [3]


def test_ack_by_ids_reads_those_only(broker, inbox):
    sent = [broker.send(inbox, number)["id"] for number in range(4)]
    answer = broker.post("/v1/ack", recipient=inbox, ids=[sent[1], sent[3], sent[1]])
    assert answer.json == {"success": "1", "unread": 2}
    assert broker.contents(inbox) == [0, 2]


def test_ack_takes_a_form(broker, inbox):
    sent = [broker.send(inbox, number)["id"] for number in range(3)]
    assert broker.post_form("/v1/ack", recipient=inbox, ids=sent[:2]).json == {"success": "1", "unread": 1}
    assert broker.post_form("/v1/ack", recipient=inbox, upTo=sent[2]).json == {"success": "1", "unread": 0}


def test_ack_ignores_an_earlier_life_and_what_is_gone(broker, inbox):
    old = broker.send(inbox, "old")["id"]
    broker.delete(inbox)
    broker.send(inbox, "new")
    assert broker.post("/v1/ack", recipient=inbox, ids=[old]).json == {"success": "1", "unread": 1}
    assert broker.post("/v1/ack", recipient=inbox, upTo=old).json == {"success": "1", "unread": 1}


@pytest.mark.parametrize("field", ["upTo", "ids"])
def test_ack_ahead_of_the_inbox_is_refused(broker, inbox, field):
    epoch, number = broker.send(inbox, "hi")["id"].split(".")
    ahead = f"{epoch}.{int(number) + 1}"
    answer = broker.post("/v1/ack", recipient=inbox, **{field: [ahead] if field == "ids" else ahead})
    assert answer.status == 400 and answer.json["code"] == "invalid_request"
    assert broker.contents(inbox) == ["hi"]


@pytest.mark.parametrize("path", ["/v1/ack", "/v1/release"])
def test_unknown_inboxes_have_nothing_to_acknowledge(broker, inbox, path):
    answer = broker.post(path, recipient=inbox, ids=["abc.1"])
    assert (answer.status, answer.json) == (200, {"success": "1", "unread": 0})


def test_a_taken_message_stays_for_followers(broker, inbox):
    broker.send(inbox, "hi")
    broker.poll(inbox)
    assert broker.contents(inbox, cursor=0) == ["hi"]
