"""How far behind readers are: seen in inboxes, in their list, in the figures and on the command line."""

import re
import subprocess
from contextlib import closing

import pytest
from httpclient import eventually
from servers import BROKERCTL

NOTHING = {"messages": 0, "seconds": 0}


@pytest.fixture
def roomy(start_broker):
    """A server whose inboxes hold more than kernels keep for a peer that does not read."""
    return start_broker("--inbox-bytes-max", str(64 << 20), "--loops", "2")


def metric(broker, name):
    return float(re.search(rf"^broker_{name} (\S+)$", broker.get("/metrics").body.decode(), re.MULTILINE).group(1))


def lag(broker, recipient):
    """What the inbox, its line in the list, the figures and the metrics say alike: all of them ask for the same reader."""
    of_inbox = broker.inbox(recipient)["lag"]
    listed = broker.get("/v1/inboxes", prefix=recipient).json["inboxes"][0]["lag"]
    stats = broker.get("/v1/stats").json["readers"]["lag"]
    messages, seconds = metric(broker, "slowest_reader_lag_messages"), metric(broker, "slowest_reader_lag_seconds")
    assert of_inbox["messages"] == listed["messages"] == stats["messages"] == messages
    # Asked one after the other.
    assert of_inbox["seconds"] <= listed["seconds"] <= stats["seconds"] <= seconds
    return of_inbox


def stuck(broker, recipient, **fields):
    """A stream whose client has stopped reading so long ago that the server cannot write to it."""
    connection = broker.connect(receive_buffer_bytes=4096)
    stream = broker.stream(recipient, connection=connection, **{"as": "ndjson", **fields})
    # Until nothing has gone out for a while, however much kernels take at first.
    for _ in range(100):
        broker.send_all(recipient, ["x" * 60_000] * 10)
        if broker.inbox(recipient)["lag"]["messages"] >= 30:
            return stream
    raise AssertionError("the kernel takes everything")


def run(broker, *arguments):
    command = [BROKERCTL, *arguments, "--url", broker.url]
    return subprocess.run(command, capture_output=True, check=True, text=True, timeout=30).stdout


def test_a_stream_that_nobody_reads_falls_behind_and_one_that_is_read_does_not(roomy, inbox):
    assert roomy.inbox(inbox)["lag"] is None
    with closing(stuck(roomy, inbox)) as slow:
        before = lag(roomy, inbox)
        with closing(roomy.stream(inbox, cursor="now")) as quick:
            roomy.send_all(inbox, list(range(5)))
            for number in range(5):
                assert quick.event().data["content"] == number
            now = lag(roomy, inbox)
            assert now["messages"] == before["messages"] + 5
            # Nothing of it has gone out, so it ages as time does.
            assert now["seconds"] > before["seconds"]
            eventually(lambda: lag(roomy, inbox)["seconds"] > now["seconds"])
        assert re.search(rf"^lag +{now['messages']}, oldest \d+ (ms|s)$", run(roomy, "inbox", inbox), re.MULTILINE)
        row = run(roomy, "inboxes", "--prefix", inbox).splitlines()[1].split()
        assert (row[0], row[7]) == (inbox, str(now["messages"]))
        assert re.search(rf"slowest reader's lag +{now['messages']} +\d+ (ms|s) old", run(roomy, "stats"))
        # As soon as it is read, it is in time again.
        while '"content":4' not in slow.line():
            pass
        assert eventually(lambda: roomy.inbox(inbox)["lag"]["messages"] == 0 and lag(roomy, inbox)) == NOTHING
    eventually(lambda: roomy.inbox(inbox)["lag"] is None)


def test_a_taker_that_nobody_reads_is_relieved_by_another(roomy, inbox):
    with closing(stuck(roomy, inbox, take=1)):
        assert lag(roomy, inbox)["messages"] >= 10
        with closing(roomy.stream(inbox, take=1, **{"as": "ndjson"})) as other:
            unread = roomy.send(inbox, "last")["unread"]
            while '"content":"last"' not in other.line():
                pass
            # What the slow one has in its hands is still its own.
            held = eventually(lambda: roomy.inbox(inbox)["unread"] == 0 and lag(roomy, inbox))
            assert held["messages"] >= 1 and unread >= 0


def test_whoever_waits_lags_behind_nothing(broker, inboxes):
    polled, streamed, left = inboxes
    with broker.park(polled), closing(broker.stream(streamed)) as stream:
        broker.send(streamed)
        stream.event()
        assert broker.inbox(polled)["lag"] == NOTHING
        eventually(lambda: broker.inbox(streamed)["lag"] == NOTHING)
    # Nobody reads, however much there is to read.
    broker.send(left)
    assert broker.inbox(left)["lag"] is None
