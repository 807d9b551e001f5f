"""Who is online: over HTTP, and told by streams."""

import json

import pytest
from httpclient import eventually, query


def online(broker, *recipients):
    answer = broker.get("/v1/presence?" + "&".join(query(recipient=each) for each in recipients))
    assert answer.status == 200, answer
    assert [each["recipient"] for each in answer.json["presence"]] == list(recipients)
    return [each["online"] for each in answer.json["presence"]]


def test_a_poll_and_a_stream_are_online(broker, inboxes):
    assert online(broker, *inboxes) == [False, False, False]
    poll, stream = broker.park(inboxes[0]), broker.stream(inboxes[1])
    assert online(broker, *inboxes) == [True, True, False]
    poll.close()
    stream.close()
    # For a while after they have gone.
    eventually(lambda: broker.inbox(inboxes[0])["waiting"] + broker.inbox(inboxes[1])["streaming"] == 0)
    assert online(broker, *inboxes) == [True, True, False]


def test_a_poll_that_does_not_wait_is_not_online(broker, inbox):
    broker.send(inbox)
    broker.poll(inbox)
    assert online(broker, inbox) == [False]


@pytest.mark.parametrize("format", ["sse", "ndjson"])
def test_a_stream_tells_how_it_is_and_what_changes(start_broker, format):
    broker = start_broker("--presence-linger-seconds", "0.2", "--loops", "2")
    # Enough for both shards.
    names = [f"u{number}" for number in range(6)]
    nobody = dict.fromkeys(names, False)
    stream = broker.stream("room", **{"as": format, "presence": names})
    told = {}

    def read_until(state):
        while told != state:
            name, online = next_presence(stream, format)
            assert told.get(name) != online, "nothing is told twice"
            told[name] = online

    read_until(nobody)
    poll = broker.park("u0")
    other = broker.stream("u5")
    read_until({**nobody, "u0": True, "u5": True})
    poll.close()
    other.close()
    read_until(nobody)
    stream.close()


def next_presence(stream, format):
    if format == "ndjson":
        item = json.loads(stream.line())
        assert item.pop("event") == "presence"
    else:
        event = stream.event()
        assert event.name == "presence" and event.id is None
        item = event.data
    assert set(item) == {"recipient", "online"}
    return item["recipient"], item["online"]


@pytest.mark.parametrize(
    "target, text",
    [
        ("/v1/presence", "recipient"),
        ("/v1/presence?recipient=a&recipient=a", "twice"),
        ("/v1/presence?recipient=a&limit=1", "limit"),
        ("/v1/stream?recipient=a&presence=b&presence=b", "twice"),
        ("/v1/presence?" + "&".join(f"recipient=r{number}" for number in range(101)), "100"),
        ("/v1/stream?recipient=a&" + "&".join(f"presence=r{number}" for number in range(101)), "100"),
    ],
)
def test_what_is_wrong_is_refused_by_name(broker, target, text):
    answer = broker.request("GET", target)
    assert answer.status == 400
    assert text in answer.json["detail"]
