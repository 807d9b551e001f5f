"""Who is online: while somebody waits or streams, and for a while after; asked for, and told by streams."""

import json
from contextlib import closing

import pytest
from httpclient import eventually, query


def presence(broker, *recipients):
    """Whether each is online, in order."""
    answer = broker.request("GET", "/v1/presence?" + query(recipient=recipients))
    assert answer.status == 200, answer
    assert answer.media_type == "application/json"
    assert [each["recipient"] for each in answer.json["presence"]] == list(recipients)
    return [each["online"] for each in answer.json["presence"]]


class Watch:
    """A stream that tells of recipients who come and go; what it said last of each is in `told`."""

    def __init__(self, broker, room, names, format="ndjson"):
        self.stream = broker.stream(room, **{"as": format, "presence": names})
        self.format = format
        self.told = {}

    def next(self):
        """The next change, as (recipient, online)."""
        if self.format == "sse":
            event = self.stream.event()
            assert (event.name, event.id) == ("presence", None)
            told = event.data
        else:
            told = json.loads(self.stream.line() if self.format == "ndjson" else self.object())
            assert told.pop("event") == "presence"
        assert set(told) == {"recipient", "online"} and isinstance(told["online"], bool)
        return told["recipient"], told["online"]

    def object(self):
        """What the next script of an iframe gives to its function."""
        script = self.stream.script()
        return script[script.index("(") + 1 : script.rindex(")")]

    def until(self, state):
        """Reads changes until this is how things are; nothing may be told twice."""
        while self.told != state:
            name, online = self.next()
            assert self.told.get(name) is not online, f"{name} is told twice to be online: {online}"
            self.told[name] = online

    def close(self):
        self.stream.close()


def test_nobody_is_online_who_was_never_there(broker, inboxes):
    answer = broker.request("GET", "/v1/presence?" + query(recipient=inboxes))
    pairs = ",".join(f'{{"recipient":"{name}","online":false}}' for name in inboxes)
    assert answer.body.decode() == f'{{"presence":[{pairs}]}}'
    # Asking makes nothing, and sending to somebody does not bring him here.
    assert broker.get("/v1/inboxes", prefix=inboxes[0]).json == {"inboxes": []}
    broker.send(inboxes[0])
    assert presence(broker, *inboxes) == [False, False, False]


@pytest.mark.parametrize("fields", [{}, {"cursor": "now"}, {"lease": 5}], ids=["take", "follow", "lease"])
def test_a_poll_is_online_while_it_waits(broker, inbox, fields):
    with broker.park(inbox, **fields):
        assert presence(broker, inbox) == [True]


@pytest.mark.parametrize("format", ["sse", "ndjson", "iframe"])
@pytest.mark.parametrize("fields", [{}, {"take": 1}], ids=["follow", "take"])
def test_a_stream_is_online_while_it_is_open(broker, inbox, fields, format):
    with closing(broker.stream(inbox, **{"as": format, **fields})):
        assert presence(broker, inbox) == [True]


def test_a_reader_of_several_is_online_in_all(broker, inboxes):
    with broker.park(inboxes):
        assert presence(broker, *reversed(inboxes)) == [True, True, True]


def test_a_poll_that_does_not_wait_is_not_online(broker, inbox):
    broker.poll(inbox)
    broker.send(inbox)
    assert broker.contents(inbox) == ["x"]
    assert presence(broker, inbox) == [False]


def test_a_poll_that_would_have_waited_is_online(lingering, inbox):
    """Else somebody who always has something to read would be offline."""
    lingering.send(inbox)
    assert lingering.contents(inbox, timeout=30) == ["x"]
    assert presence(lingering, inbox) == [True]


def test_whoever_leaves_is_online_for_a_while_and_then_no_longer(fleeting, inbox):
    fleeting.park(inbox).close()
    eventually(lambda: presence(fleeting, inbox) == [False])


def test_whoever_leaves_is_not_offline_at_once(lingering, inboxes):
    lingering.park(inboxes[0]).close()
    lingering.stream(inboxes[1]).close()
    for name in inboxes[:2]:
        eventually(lambda name=name: lingering.inbox(name)["waiting"] + lingering.inbox(name)["streaming"] == 0)
    assert presence(lingering, *inboxes) == [True, True, False]


@pytest.mark.parametrize("format", ["sse", "ndjson", "iframe"])
def test_a_stream_tells_how_it_is_and_then_each_change(fleeting, inbox, inboxes, format):
    first, second, third = inboxes
    with closing(Watch(fleeting, inbox, inboxes, format)) as watch:
        watch.until({first: False, second: False, third: False})
        with fleeting.park(first), closing(fleeting.stream(second)):
            watch.until({first: True, second: True, third: False})
        watch.until({first: False, second: False, third: False})
        # One who was there once comes back.
        with fleeting.park(first):
            watch.until({first: True, second: False, third: False})
    eventually(lambda: fleeting.inbox(inbox)["streaming"] == 0)


def test_a_stream_that_begins_later_is_told_who_is_there_already(broker, inbox, inboxes):
    with broker.park(inboxes[0]), closing(Watch(broker, inbox, inboxes)) as watch:
        watch.until({inboxes[0]: True, inboxes[1]: False, inboxes[2]: False})


def test_a_stream_may_watch_its_own_recipient(fleeting, inbox):
    with closing(Watch(fleeting, inbox, [inbox])) as watch:
        watch.until({inbox: True})
        # Another reader who comes and goes changes nothing, so the next thing told is the message.
        fleeting.park(inbox).close()
        eventually(lambda: fleeting.inbox(inbox)["waiting"] == 0)
        fleeting.send(inbox, "hi")
        assert json.loads(watch.stream.line())["content"] == "hi"


def test_a_reader_who_returns_in_time_was_never_away(lingering, inbox, inboxes):
    """A page that is loaded again."""
    with closing(Watch(lingering, inbox, inboxes[:1])) as watch:
        watch.until({inboxes[0]: False})
        lingering.stream(inboxes[0]).close()
        watch.until({inboxes[0]: True})
        eventually(lambda: lingering.inbox(inboxes[0])["streaming"] == 0)
        with closing(lingering.stream(inboxes[0])):
            # Whatever there was to tell would have been told before this.
            lingering.send(inbox, "witness")
            assert json.loads(watch.stream.line())["content"] == "witness"


def test_presence_and_messages_share_a_stream(broker, inbox, inboxes):
    with closing(Watch(broker, inbox, inboxes[:1])) as watch:
        watch.until({inboxes[0]: False})
        ids = [broker.send(inbox, number)["id"] for number in range(2)]
        assert [json.loads(watch.stream.line())["id"] for _ in ids] == ids
        with broker.park(inboxes[0]):
            watch.until({inboxes[0]: True})
            broker.send(inbox, 2)
            assert json.loads(watch.stream.line())["content"] == 2


def test_a_stream_that_takes_may_watch_too(broker, inbox, inboxes):
    with closing(broker.stream(inbox, take=1, **{"as": "ndjson", "presence": inboxes[:1]})) as stream:
        assert json.loads(stream.line()) == {"event": "presence", "recipient": inboxes[0], "online": False}


def test_up_to_100_may_be_asked_for_and_watched(broker, inbox):
    names = [f"{inbox}-{number}" for number in range(100)]
    with broker.park(names[99]):
        assert presence(broker, *names) == [False] * 99 + [True]
        with closing(Watch(broker, inbox, names)) as watch:
            watch.until({**dict.fromkeys(names, False), names[99]: True})


TOO_MANY = [f"r{number}" for number in range(101)]


@pytest.mark.parametrize(
    "target, text",
    [
        ("/v1/presence", "recipient"),
        ("/v1/presence?recipient=", "recipient"),
        ("/v1/presence?recipient=a&recipient=a", "twice"),
        ("/v1/presence?recipient=" + "a" * 257, "recipient"),
        ("/v1/presence?recipient=%ff", "recipient"),
        ("/v1/presence?recipient=a&limit=1", "limit"),
        ("/v1/presence?" + query(recipient=TOO_MANY), "100"),
        ("/v1/stream?recipient=a&presence=", "empty"),
        ("/v1/stream?recipient=a&presence=b&presence=b", "twice"),
        ("/v1/stream?recipient=a&" + query(presence=TOO_MANY), "100"),
        ("/v1/poll?recipient=a&timeout=0&presence=b", "presence"),
    ],
)
def test_what_is_wrong_is_refused_by_name(broker, target, text):
    answer = broker.request("GET", target)
    assert (answer.status, answer.media_type) == (400, "application/problem+json")
    assert answer.json["code"] == "invalid_request"
    assert text in answer.json["detail"]


def test_it_is_asked_with_get(broker):
    answer = broker.post("/v1/presence", recipient="a")
    assert (answer.status, answer.json["code"]) == (405, "method_not_allowed")
