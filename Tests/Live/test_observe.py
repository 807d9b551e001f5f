"""Readers that only look: what they read does not count as delivered, so a full inbox keeps it."""

import pytest
from httpclient import eventually
from test_brokerctl import run, url_of


@pytest.fixture
def full(start_broker, inbox):
    """A broker whose inbox is full of messages that nobody has read."""
    broker = start_broker("--inbox-messages-max", "3")
    for number in range(3):
        broker.send(inbox, number)
    return broker


def is_full(broker, inbox):
    answer = broker.post("/v1/send", recipient=inbox, content="more")
    assert answer.status in (201, 429)
    return answer.status == 429


def test_tail_changes_nothing(full, inbox):
    shown = run("tail", inbox, "--since", "oldest", "--count", "3", "--json", url=url_of(full))
    assert [message["content"] for message in shown.json] == [0, 1, 2]
    assert is_full(full, inbox)
    assert full.contents(inbox) == [0, 1, 2]


def test_poll_with_a_cursor_changes_nothing(full, inbox):
    shown = run("poll", inbox, "--cursor", "0", "--json", url=url_of(full))
    cursor = shown.json[0]["cursor"]
    assert run("poll", inbox, "--cursor", cursor, "--timeout-seconds", "0", url=url_of(full)).code == 4
    assert is_full(full, inbox)


def test_an_observing_stream_delivers_nothing_and_a_following_one_does(full, inbox):
    with full.connect() as connection:
        stream = full.stream(inbox, connection=connection, observe=1)
        assert [stream.event().data["content"] for _ in range(3)] == [0, 1, 2]
        assert is_full(full, inbox)
    with full.connect() as connection:
        stream = full.stream(inbox, connection=connection, cursor=0)
        assert [stream.event().data["content"] for _ in range(3)] == [0, 1, 2]
        eventually(lambda: not is_full(full, inbox))


def test_an_observing_poll_confirms_nothing_and_a_following_one_does(full, inbox):
    cursor = full.poll(inbox, cursor=0, observe=1)["cursor"]
    full.poll(inbox, cursor=cursor, observe=1, timeout=0)
    assert is_full(full, inbox)
    assert full.poll(inbox, cursor=0)["cursor"] == cursor
    full.poll(inbox, cursor=cursor, timeout=0)
    assert not is_full(full, inbox)


def test_an_answer_that_was_thrown_away_is_not_confirmed_by_a_newcomer(full, inbox):
    full.poll(inbox, cursor=0)
    newcomer = full.poll(inbox, cursor="now", timeout=0)["cursor"]
    full.poll(inbox, cursor=newcomer, timeout=0)
    assert is_full(full, inbox)
    assert "gap" not in full.poll(inbox, cursor=0)


@pytest.mark.parametrize(
    "path, fields, names",
    [
        ("/v1/poll", {"observe": 1}, ["'observe'", "'cursor'"]),
        ("/v1/poll", {"observe": 1, "lease": 5}, ["'observe'", "'cursor'"]),
        ("/v1/stream", {"observe": 1, "take": 1}, ["'observe'", "'take'"]),
    ],
)
def test_an_observer_takes_nothing(broker, inbox, path, fields, names):
    answer = broker.get(path, recipient=inbox, **fields)
    assert answer.status == 400
    assert all(name in answer.json["detail"] for name in names)
