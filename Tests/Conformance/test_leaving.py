"""Clients that leave: noticed at once, and what they did not get is kept."""

import pytest
from httpclient import eventually


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


def test_leases_outlive_their_connection(broker, inbox):
    broker.send(inbox, "hi")
    with broker.connect() as connection:
        taken = connection.request("GET", f"/v1/poll?recipient={inbox}&lease=60&timeout=0").json
    assert broker.poll(inbox, timeout="0.05") == {"success": "0"}
    assert broker.post("/v1/ack", recipient=inbox, ids=[taken["messages"][0]["id"]]).status == 200
