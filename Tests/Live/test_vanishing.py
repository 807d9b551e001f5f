"""Clients that vanish without a word: their packets are dropped, and no end and no reset ever comes.

The server's kernel finds out when what it sent stays unacknowledged, for `--write-timeout-seconds`. It is short here, so
that nobody has to wait for the half a minute that is the default; nothing else differs.
"""

import pytest
from conftest import Broker
from httpclient import eventually
from network import SERVER_ADDRESS, Network, NotPermitted


@pytest.fixture(scope="module")
def cables():
    try:
        network = Network()
    except NotPermitted as error:
        pytest.skip(f"peers can vanish only in network namespaces: {error}")
    yield network
    network.close()


@pytest.fixture(scope="module", params=["epoll", "poll"])
def far_broker(request, cables):
    """A server on a machine of its own."""
    flags = ["--loops", "2", "--poller", request.param, "--write-timeout-seconds", "1", "--ping-seconds", "0.25"]
    with cables.server:
        broker = Broker(*flags, host=SERVER_ADDRESS)
        yield broker
        broker.stop()


@pytest.fixture
def network(cables):
    """The cables, all plugged in; the test itself is on the server's machine."""
    with cables.server:
        yield cables
    cables.plug()


def vanish(network, client):
    """Takes the client off the net for good; what its system still wants to say is heard by nobody."""
    network.unplug()
    client.close()


def test_what_a_vanished_taker_was_given_goes_to_the_next(far_broker, network, inbox):
    with network.client:
        gone = far_broker.park(inbox)
    vanish(network, gone)
    # Nobody can know yet: the message is given to it, and is on its way, neither unread nor read.
    assert far_broker.send(inbox, "kept")["online"] == 1
    state = far_broker.inbox(inbox)
    assert (state["waiting"], state["unread"], state["leased"]) == (0, 0, 1)
    assert far_broker.contents(inbox, timeout=10) == ["kept"]
    eventually(lambda: far_broker.inbox(inbox)["leased"] == 0)
    assert far_broker.send(inbox, "next")["online"] == 0
    assert far_broker.contents(inbox) == ["next"]


def test_what_a_vanished_taker_was_given_is_first_in_line_again(far_broker, network, inbox):
    with network.client:
        gone = far_broker.park(inbox)
    vanish(network, gone)
    assert [far_broker.send(inbox, number)["online"] for number in range(3)] == [1, 0, 0]
    eventually(lambda: far_broker.inbox(inbox)["unread"] == 3)
    assert far_broker.contents(inbox) == [0, 1, 2]


def test_a_vanished_taker_that_kept_its_connection_alive_read_what_it_got_before(far_broker, network, inbox):
    far_broker.send(inbox, "read")
    with network.client:
        gone = far_broker.connect()
        target = f"/v1/poll?recipient={inbox}"
        assert gone.request("GET", target).json["messages"][0]["content"] == "read"
        waiting = far_broker.inbox(inbox)["waiting"]
        gone.send(f"GET {target} HTTP/1.1\r\nHost: {SERVER_ADDRESS}\r\n\r\n".encode())
        eventually(lambda: far_broker.inbox(inbox)["waiting"] == waiting + 1)
    vanish(network, gone)
    far_broker.send(inbox, "kept")
    assert far_broker.contents(inbox, timeout=10) == ["kept"]
    assert far_broker.contents(inbox) == []


@pytest.mark.parametrize("fields", [{}, {"cursor": "now"}, {"lease": 60}], ids=["take", "follow", "lease"])
def test_a_vanished_poll_is_nobody_after_its_timeout(far_broker, network, inbox, fields):
    with network.client:
        gone = far_broker.park(inbox, timeout=1, **fields)
    vanish(network, gone)
    assert far_broker.inbox(inbox)["waiting"] == 1
    eventually(lambda: far_broker.inbox(inbox)["waiting"] == 0, seconds=2)
    assert far_broker.send(inbox, "kept")["online"] == 0
    assert far_broker.contents(inbox) == ["kept"]


def test_what_a_vanished_holder_leased_is_not_kept_for_the_whole_lease(far_broker, network, inbox):
    with network.client:
        gone = far_broker.park(inbox, lease=3600)
    vanish(network, gone)
    assert far_broker.send(inbox, "kept")["online"] == 1
    assert far_broker.inbox(inbox)["leased"] == 1
    message = far_broker.poll(inbox, lease=60, timeout=10)["messages"][0]
    # The attempt that nobody saw does not count.
    assert (message["content"], message["attempt"]) == ("kept", 1)
    assert far_broker.send(inbox, "next")["online"] == 0


@pytest.mark.parametrize("take", [{}, {"take": 1}], ids=["follow", "take"])
def test_a_vanished_stream_is_noticed_by_its_pings(far_broker, network, inbox, take):
    connection = _stream(far_broker, network, inbox, **take)
    vanish(network, connection)
    eventually(lambda: far_broker.inbox(inbox)["streaming"] == 0)
    assert far_broker.send(inbox, "kept")["online"] == 0
    assert far_broker.contents(inbox) == ["kept"]


def test_what_a_vanished_stream_took_goes_to_the_next(far_broker, network, inbox):
    connection = _stream(far_broker, network, inbox, take=1)
    vanish(network, connection)
    online = [far_broker.send(inbox, number)["online"] for number in range(3)]
    assert online == [1, 1, 1]
    eventually(lambda: far_broker.inbox(inbox)["unread"] == 3)
    assert far_broker.inbox(inbox)["streaming"] == 0
    assert far_broker.contents(inbox) == [0, 1, 2]


def test_a_vanished_follower_goes_on_from_its_cursor_when_it_is_back(far_broker, network, inbox):
    far_broker.send(inbox, "seen")
    with network.client:
        connection = far_broker.connect()
        seen = far_broker.stream(inbox, connection=connection).event()
    vanish(network, connection)
    far_broker.send(inbox, "missed")
    eventually(lambda: far_broker.inbox(inbox)["streaming"] == 0)
    network.plug()
    with network.client, far_broker.connect() as connection:
        stream = far_broker.stream(inbox, [("Last-Event-ID", seen.id)], connection=connection)
        event = stream.event()
        assert (event.name, event.data["content"]) == (None, "missed")
        far_broker.send(inbox, "after")
        assert stream.event().data["content"] == "after"


def test_a_short_outage_costs_nothing(start_far_broker, network, inbox):
    """The answer is sent again by the kernel; it arrives once, and the message is given to nobody else."""
    broker = start_far_broker("--write-timeout-seconds", "20")
    with network.client:
        waiting = broker.park(inbox)
    network.unplug()
    broker.send(inbox, "late")
    assert broker.inbox(inbox)["leased"] == 1
    assert broker.poll(inbox, timeout=1) == {"success": "0"}
    network.plug()
    with waiting:
        assert [message["content"] for message in waiting.answer().json["messages"]] == ["late"]
        eventually(lambda: broker.inbox(inbox)["leased"] == 0)
        assert broker.contents(inbox) == []


@pytest.fixture
def start_far_broker(cables):
    """Starts servers with flags of the test's own on the server's machine."""
    started = []

    def start(*flags):
        with cables.server:
            started.append(Broker(*flags, host=SERVER_ADDRESS))
        return started[-1]

    yield start
    for broker in started:
        broker.stop()


def _stream(broker, network, inbox, **fields):
    with network.client:
        connection = broker.connect()
        broker.stream(inbox, connection=connection, **fields)
    eventually(lambda: broker.inbox(inbox)["streaming"] == 1)
    return connection
