"""Who is online, where the recipients are spread over several loops, and when the server shuts down.

What one recipient's presence is, and how it is told, is held in Tests/Conformance/test_online.py.
"""

import json
import signal

import pytest
from httpclient import eventually

# With two loops it would be a wonder (1 in 32 768) if all were in the same shard.
NAMES = [f"person-{number}" for number in range(16)]
ROOMS = [f"room-{number}" for number in range(4)]
NOBODY = dict.fromkeys(NAMES, False)
EVERYBODY = dict.fromkeys(NAMES, True)


def asked(broker):
    answer = broker.get("/v1/presence", recipient=NAMES)
    assert answer.status == 200, answer
    return {each["recipient"]: each["online"] for each in answer.json["presence"]}


def watch(broker, room, **fields):
    return broker.stream(room, **{"as": "ndjson", "presence": NAMES, **fields})


class Told:
    """What a stream has told last of each; nothing may be told twice."""

    def __init__(self, stream):
        self.stream = stream
        self.state = {}

    def until(self, state):
        while self.state != state:
            item = json.loads(self.stream.line())
            assert item["event"] == "presence" and set(item) == {"event", "recipient", "online"}
            assert self.state.get(item["recipient"]) is not item["online"], f"{item} is told twice"
            self.state[item["recipient"]] = item["online"]


@pytest.fixture
def fleeting(start_broker):
    """Two loops; whoever leaves is offline soon."""
    return start_broker("--loops", "2", "--presence-linger-seconds", "0.2")


def test_comings_and_goings_in_all_shards_are_told_to_watchers_in_all_shards(fleeting):
    watchers = [Told(watch(fleeting, room)) for room in ROOMS]
    for each in watchers:
        each.until(NOBODY)
    readers = []
    for number, name in enumerate(NAMES):
        # Polls and streams, on connections that the kernel gives to either loop.
        readers.append(fleeting.park(name) if number % 2 else fleeting.stream(name))
        for each in watchers:
            each.until({**NOBODY, **dict.fromkeys(NAMES[: number + 1], True)})
    assert asked(fleeting) == EVERYBODY
    for reader in readers[:8]:
        reader.close()
    half = {**EVERYBODY, **dict.fromkeys(NAMES[:8], False)}
    for each in watchers:
        each.until(half)
    assert asked(fleeting) == half
    for reader in readers[8:]:
        reader.close()
    for each in watchers:
        each.until(NOBODY)
        each.stream.close()


@pytest.mark.parametrize("kind", ["poll", "stream"])
def test_a_reader_of_inboxes_in_several_shards_is_there_in_all(fleeting, kind):
    told = Told(watch(fleeting, ROOMS[0]))
    told.until(NOBODY)
    for _ in range(2):
        reader = fleeting.park(NAMES) if kind == "poll" else fleeting.stream(NAMES)
        told.until(EVERYBODY)
        assert asked(fleeting) == EVERYBODY
        reader.close()
        told.until(NOBODY)
    told.stream.close()


def test_whoever_reads_on_in_time_stays_online_for_all_watchers(start_broker):
    broker = start_broker("--loops", "2")
    watchers = [Told(watch(broker, room)) for room in ROOMS]
    with broker.park(NAMES):
        for each in watchers:
            each.until(EVERYBODY)
    eventually(lambda: all(broker.inbox(name)["waiting"] == 0 for name in NAMES))
    with broker.park(NAMES):
        # Whatever there was to tell would have been told before this.
        for room, each in zip(ROOMS, watchers, strict=True):
            broker.send(room, "witness")
            assert json.loads(each.stream.line())["content"] == "witness"
    for each in watchers:
        each.stream.close()


@pytest.mark.parametrize("format", ["sse", "ndjson", "iframe"])
def test_a_stream_that_watches_ends_in_order_and_is_told_nothing_false(start_broker, format):
    """Readers are ended because the server ends, not because they have gone; their watchers end as well."""
    broker = start_broker("--loops", "2")
    readers = [broker.park(name) if number % 2 else broker.stream(name) for number, name in enumerate(NAMES[:12])]
    # One has left, but has been there a moment ago.
    broker.stream(NAMES[12]).close()
    eventually(lambda: broker.inbox(NAMES[12])["streaming"] == 0)
    here = {**NOBODY, **dict.fromkeys(NAMES[:13], True)}
    assert asked(broker) == here
    streams = [watch(broker, room, **{"as": format}) for room in ROOMS]
    for stream in streams:
        assert {told["recipient"]: told["online"] for told in (parsed(stream, format) for _ in NAMES)} == here
    broker.process.send_signal(signal.SIGTERM)
    for stream in streams:
        assert parsed(stream, format)["reason"] == "draining"
        stream.assert_ended()
    for reader in readers:
        reader.close()
    assert broker.exit_code() == 0


def parsed(stream, format):
    """The data of what a stream tells next."""
    if format == "sse":
        return stream.event().data
    if format == "ndjson":
        return json.loads(stream.line())
    script = stream.script()
    return json.loads(script[script.index("(") + 1 : script.rindex(")")])
