"""Clients that leave: noticed at once, and what they did not get is kept."""

import signal

import pytest
from httpclient import eventually, query, request_bytes


@pytest.mark.parametrize("leave", ["close", "reset"])
@pytest.mark.parametrize("fields", [{}, {"cursor": "now"}, {"lease": 5}], ids=["take", "follow", "lease"])
def test_a_client_that_leaves_in_mid_poll_is_noticed(broker, inbox, leave, fields):
    getattr(broker.park(inbox, **fields), leave)()
    eventually(lambda: broker.inbox(inbox)["waiting"] == 0, seconds=1)
    assert broker.send(inbox, "kept")["online"] == 0
    assert broker.contents(inbox) == ["kept"]


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_what_is_sent_as_the_taker_leaves_is_kept(broker, inbox, leave):
    """The send races with the leaving; whoever wins, the message is not lost."""
    for number in range(50):
        getattr(broker.park(inbox), leave)()
        broker.send(inbox, number)
        assert broker.contents(inbox, timeout=5) == [number]


def test_a_half_closed_client_has_left(broker, inbox):
    """Who sends FIN in mid-poll has left, as browsers do; a poll is not answered to nobody."""
    import socket

    with broker.park(inbox) as reader:
        reader.socket.shutdown(socket.SHUT_WR)
        eventually(lambda: broker.inbox(inbox)["waiting"] == 0, seconds=1)
        assert broker.send(inbox)["online"] == 0


@pytest.mark.parametrize("leave", ["close", "reset"])
@pytest.mark.parametrize("take", [{}, {"take": 1}], ids=["follow", "take"])
def test_a_client_that_leaves_its_stream_is_noticed(broker, inbox, leave, take):
    connection = broker.connect()
    broker.stream(inbox, connection=connection, **take)
    getattr(connection, leave)()
    eventually(lambda: broker.inbox(inbox)["streaming"] == 0, seconds=1)
    assert broker.send(inbox, "kept")["online"] == 0
    assert broker.contents(inbox) == ["kept"]


def test_the_next_taker_gets_what_the_first_left(broker, inbox):
    gone, waiting = broker.park(inbox), broker.park(inbox)
    gone.reset()
    with waiting:
        broker.send(inbox, "hi")
        assert waiting.answer().json["messages"][0]["content"] == "hi"


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


def test_leases_outlive_their_connection(broker, inbox):
    broker.send(inbox, "hi")
    with broker.connect() as connection:
        taken = connection.request("GET", f"/v1/poll?recipient={inbox}&lease=60&timeout=0").json
    assert broker.poll(inbox, timeout="0.05") == {"success": "0"}
    assert broker.post("/v1/ack", recipient=inbox, ids=[taken["messages"][0]["id"]]).status == 200
