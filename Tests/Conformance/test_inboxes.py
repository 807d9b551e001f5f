"""Looking into inboxes, listing and deleting them, figures and health."""

import json
import re
from pathlib import Path

import pytest
from httpclient import eventually

ROOT = Path(__file__).resolve().parents[2]


def test_an_inbox_that_nobody_has_used_is_empty_and_is_not_made(broker, inbox):
    answer = broker.get("/v1/inbox", recipient=inbox)
    assert answer.status == 200
    assert answer.body.decode() == (
        f'{{"recipient":"{inbox}","unread":0,"leased":0,"kept":0,"bytes":0,"first":null,"last":null,'
        '"waiting":0,"streaming":0,"lag":null,"lastSeen":null}'
    )
    assert broker.get("/v1/inboxes", prefix=inbox).json == {"inboxes": []}


def test_an_inbox_tells_what_it_holds(broker, inbox):
    sent = [broker.send(inbox, "x" * 8)["id"] for _ in range(4)]
    broker.poll(inbox, limit=1)
    broker.poll(inbox, limit=1, lease=60)
    # What was taken counts as leased until the client has confirmed the bytes of the answer.
    summary = eventually(lambda: broker.inbox(inbox)["leased"] == 1 and broker.inbox(inbox))
    assert (summary["unread"], summary["leased"], summary["kept"], summary["bytes"]) == (2, 1, 4, 40)
    assert (summary["first"], summary["last"]) == (sent[0], sent[3])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", summary["lastSeen"])


def test_an_inbox_tells_who_reads(broker, inbox):
    with broker.park(inbox), broker.park(inbox), broker.connect() as connection:
        broker.stream(inbox, connection=connection)
        summary = broker.inbox(inbox)
        assert (summary["waiting"], summary["streaming"]) == (2, 1)
    eventually(lambda: broker.inbox(inbox)["waiting"] + broker.inbox(inbox)["streaming"] == 0)


def test_whoever_waits_lags_behind_nothing(broker, inbox):
    broker.send(inbox)
    assert broker.inbox(inbox)["lag"] is None
    with broker.connect() as connection:
        stream = broker.stream(inbox, connection=connection, **{"as": "ndjson"})
        stream.line()
        assert eventually(lambda: broker.inbox(inbox)["lag"])["messages"] == 0
    eventually(lambda: broker.inbox(inbox)["lag"] is None)


def test_whoever_does_not_read_lags_behind(roomy, inbox):
    with roomy.connect(receive_buffer_bytes=4096) as connection:
        stream = roomy.stream(inbox, connection=connection, **{"as": "ndjson"})
        # First kernels take what nobody reads. At last the inbox is full, or drops what it had.
        for _ in range(1000):
            roomy.batch([{"recipient": inbox, "content": "x" * 20_000}] * 10)
            if roomy.inbox(inbox)["lag"]["messages"] >= 25:
                break
        lag = roomy.inbox(inbox)["lag"]
        assert set(lag) == {"messages", "seconds"} and lag["messages"] >= 10
        assert eventually(lambda: roomy.inbox(inbox)["lag"]["seconds"] > lag["seconds"])
        assert roomy.get("/v1/stats").json["readers"]["lag"]["messages"] >= lag["messages"]
        last = roomy.inbox(inbox)["last"]
        while json.loads(stream.line()).get("id") != last:
            pass
        eventually(lambda: roomy.inbox(inbox)["lag"] == {"messages": 0, "seconds": 0})


def test_the_list_is_sorted_by_bytes_and_paged(broker, inbox):
    names = [inbox + end for end in ("", "-B", "-a", "-z", "-é", "-日本", "-😀")]
    for name in reversed(names):
        broker.send(name)
    pages, after = [], {}
    while True:
        page = broker.get("/v1/inboxes", prefix=inbox, limit=3, **after).json
        pages.append([summary["recipient"] for summary in page["inboxes"]])
        if "next" not in page:
            break
        after = {"after": page["next"]}
    assert pages == [names[:3], names[3:6], names[6:]]
    assert page["inboxes"][0] == broker.inbox(names[6])


def test_a_page_that_ends_with_the_list_has_no_next(broker, inbox):
    for number in range(2):
        broker.send(f"{inbox}-{number}")
    assert "next" not in broker.get("/v1/inboxes", prefix=inbox, limit=2).json
    assert "next" in broker.get("/v1/inboxes", prefix=inbox, limit=1).json


def test_deleting_ends_the_readers(broker, inbox):
    with broker.park(inbox) as reader, broker.connect() as first, broker.connect() as second:
        sse = broker.stream(inbox, connection=first)
        ndjson = broker.stream(inbox, connection=second, **{"as": "ndjson"})
        answer = broker.delete(inbox)
        assert (answer.status, answer.body, answer.field("Content-Length")) == (204, b"", None)
        assert reader.answer().body == b'{"success":"0"}'
        bye = sse.event()
        assert (bye.name, bye.raw, bye.id) == ("bye", '{"reason":"deleted"}', None)
        sse.assert_ended()
        assert ndjson.line() == '{"event":"bye","reason":"deleted"}'
        ndjson.assert_ended()


def test_deleting_forgets_the_messages_and_begins_a_new_life(broker, inbox):
    old = broker.send(inbox, "old")["id"]
    assert broker.delete(inbox).status == 204
    assert broker.inbox(inbox)["kept"] == 0
    assert broker.poll(inbox) == {"success": "0"}
    assert broker.send(inbox, "new")["id"].split(".")[0] != old.split(".")[0]


def test_deleting_nothing_is_fine(broker, inbox):
    assert broker.delete(inbox).status == 204


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("query", ["", "?recipient=", "?recipient=a&recipient=b", "?recipient=a&x=1", "?recipient=%00"])
def test_one_inbox_must_be_named(broker, method, query):
    answer = broker.request(method, "/v1/inbox" + query)
    assert answer.status == 400 and answer.json["code"] == "invalid_request"


LISTS = ["limit=0", "limit=1001", "limit=x", "limit=", "limit=1&limit=2", "prefix=%ff", "x=1"]


@pytest.mark.parametrize("query", LISTS)
def test_a_wrong_list_is_refused(broker, query):
    assert broker.request("GET", "/v1/inboxes?" + query).status == 400


def test_metrics_are_prometheus_text(broker, inbox):
    broker.send(inbox)
    answer = broker.get("/metrics")
    assert answer.status == 200
    assert answer.field("Content-Type").startswith("text/plain; version=0.0.4")
    lines = answer.body.decode().splitlines()
    assert answer.body.endswith(b"\n")
    typed = {line.split(" ")[2] for line in lines if line.startswith("# TYPE ")}
    helped = {line.split(" ")[2] for line in lines if line.startswith("# HELP ")}
    samples = [line for line in lines if not line.startswith("#")]
    assert typed == helped and len(samples) >= 10
    for sample in samples:
        name, value = re.fullmatch(r"(broker_[a-z0-9_]+)(?:\{[^}]*\})? (\S+)", sample).groups()
        assert any(name == known or name.startswith(known + "_") for known in typed)
        float(value)
    for name in typed:
        assert name.endswith("_total") == (f"# TYPE {name} counter" in lines)


def test_health(broker):
    for path, status in (("/health/live", "live"), ("/health/ready", "ready")):
        answer = broker.get(path)
        assert (answer.status, answer.body.decode()) == (200, f'{{"status":"{status}"}}')


def test_the_contract_is_served_as_it_stands_in_the_repository(broker):
    answer = broker.get("/openapi.yaml")
    assert answer.status == 200 and answer.media_type == "application/yaml"
    assert answer.body == (ROOT / "openapi.yaml").read_bytes()
