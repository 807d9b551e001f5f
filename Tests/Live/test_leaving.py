"""Clients that leave with more than the buffers hold still on its way to them."""

import signal

import pytest
from httpclient import eventually, query, request_bytes


def test_a_take_whose_answer_cannot_be_written_keeps_the_messages(start_broker, inbox):
    """More is asked for than all the buffers between hold, nothing is read, and the client leaves."""
    broker = start_broker("--loops", "1", "--inbox-bytes-max", str(2 << 20))
    names = [f"{inbox}-{number}" for number in range(16)]
    for name in names:
        for _ in range(16):
            broker.send(name, "x" * 60_000)
    connection = broker.connect(receive_buffer_bytes=4096)
    for name in names:
        connection.send(request_bytes("GET", "/v1/poll?" + query(recipient=name)))
    first = broker.get("/v1/inbox", recipient=names[0]).json
    eventually(lambda: broker.inbox(names[0])["unread"] == 0)
    connection.reset()
    eventually(lambda: broker.inbox(names[-1])["leased"] == 0 and broker.inbox(names[-1])["unread"] == 16)
    assert first["kept"] == 16
    # An answer counts as a whole: none of its messages was read, or all were.
    counts = {(broker.inbox(name)["unread"], broker.inbox(name)["leased"]) for name in names}
    assert counts <= {(0, 0), (16, 0)} and (16, 0) in counts
    kept = [name for name in names if broker.inbox(name)["unread"]]
    assert len(broker.poll(kept[0])["messages"]) == 16


def test_a_taking_stream_that_is_not_read_keeps_the_rest(start_broker, inbox):
    broker = start_broker("--inbox-bytes-max", str(64 << 20))
    connection = broker.connect(receive_buffer_bytes=4096)
    broker.stream(inbox, connection=connection, take=1)
    for number in range(200):
        broker.send(inbox, f"{number:03}" + "x" * 60_000)
    connection.reset()
    eventually(lambda: broker.inbox(inbox)["streaming"] == 0 and broker.inbox(inbox)["leased"] == 0)
    unread = broker.inbox(inbox)["unread"]
    assert unread >= 100
    body = broker.poll(inbox, limit=1)
    assert body["messages"][0]["content"][:3] == f"{200 - unread:03}"


def test_a_taking_stream_that_is_read_all_the_time_has_read_what_arrived(start_broker, inbox):
    """There is always more on its way; what has arrived is read nevertheless, and is not given out again."""
    broker = start_broker("--inbox-bytes-max", str(64 << 20))
    connection = broker.connect(receive_buffer_bytes=4096)
    stream = broker.stream(inbox, connection=connection, take=1, **{"as": "ndjson"})
    for number in range(200):
        broker.send(inbox, f"{number:03}" + "x" * 60_000)
    for _ in range(50):
        stream.line()

    def read():
        state = broker.inbox(inbox)
        return 200 - state["unread"] - state["leased"]

    # The last that was read may share its write with others that were not.
    eventually(lambda: read() >= 45)
    connection.reset()
    eventually(lambda: broker.inbox(inbox)["streaming"] == 0 and broker.inbox(inbox)["leased"] == 0)
    first_unread = read()
    assert first_unread >= 45
    assert broker.poll(inbox, limit=1)["messages"][0]["content"][:3] == f"{first_unread:03}"


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_who_asks_again_has_read_even_if_it_leaves_at_once(start_broker, inbox, leave):
    """The server sees the next request and the departure in one glance."""
    broker = start_broker("--loops", "1")
    poll = request_bytes("GET", "/v1/poll?" + query(recipient=inbox))
    for number in range(10):
        broker.send(inbox, number)
        connection = broker.connect()
        connection.send(poll)
        assert connection.answer().json["messages"][0]["content"] == number
        broker.process.send_signal(signal.SIGSTOP)
        connection.send(poll)
        getattr(connection, leave)()
        broker.process.send_signal(signal.SIGCONT)
        eventually(lambda: broker.inbox(inbox)["waiting"] == 0)
        assert broker.contents(inbox) == []
