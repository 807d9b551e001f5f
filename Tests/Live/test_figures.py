"""What the server says about itself, alone with one test, and what waiting costs it."""

from httpclient import eventually


def test_stats_count(start_broker, inbox):
    broker = start_broker("--loops", "1")
    for key in ("a", "b", "b"):
        broker.send(inbox, 1, key=key)
    taken = broker.poll(inbox, limit=1, lease=60)
    broker.poll("nobody", timeout="0.05")
    broker.post("/v1/ack", recipient=inbox, ids=[taken["messages"][0]["id"]])
    broker.get("/v1/poll")
    with broker.park("nobody"), broker.connect() as connection:
        broker.stream("nobody", connection=connection)
        eventually(lambda: broker.inbox(inbox)["leased"] == 0)
        stats = broker.get("/v1/stats").json
    assert list(stats) == [
        "version", "uptimeSeconds", "draining", "loops", "inboxes", "messages", "readers", "memory", "buffers",
        "connections", "totals",
    ]  # fmt: skip
    assert stats["loops"] == 1 and stats["draining"] is False
    assert stats["messages"] == {"kept": 2, "unread": 1, "leased": 0}
    assert stats["readers"] == {"waiting": 1, "streaming": 1, "lag": {"messages": 0, "seconds": 0}}
    assert 0 < stats["memory"]["bytes"] < stats["memory"]["bytesMax"] == 1 << 30
    assert stats["connections"]["open"] == 3
    totals = stats["totals"]
    expected = {"sent": 2, "duplicates": 1, "delivered": 1, "acked": 1, "expired": 0, "evicted": 0, "timeouts": 1}
    assert {name: totals[name] for name in expected} == expected
    assert totals["requests"] >= 10


def test_an_idle_parked_poll_costs_no_cpu(broker, inbox):
    with broker.park(inbox):
        before = broker.cpu_seconds()
        broker.get("/v1/poll", recipient=inbox, timeout=1)
        assert broker.cpu_seconds() - before < 0.2


def test_what_was_used_is_given_back(start_broker, inbox):
    broker = start_broker()
    names = [f"{inbox}-{number}" for number in range(20)]
    for name in names:
        for _ in range(10):
            broker.send(name, "x" * 10_000)
    assert broker.get("/v1/stats").json["memory"]["bytes"] > 2_000_000
    leaving = [broker.park(inbox, cursor="now") for _ in range(10)] + [broker.connect() for _ in range(10)]
    for connection in leaving[10:]:
        broker.stream(names, connection=connection)
        connection.send(b"POST /v1/send HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" + b"x" * 5_000)
    for number, connection in enumerate(leaving):
        connection.close() if number % 2 else connection.reset()
    for name in names[:10]:
        broker.delete(name)
    for name in names[10:]:
        assert len(broker.poll(name)["messages"]) == 10
        broker.delete(name)

    def is_empty():
        stats = broker.get("/v1/stats").json
        readers = stats["readers"]["waiting"] + stats["readers"]["streaming"]
        return (stats["inboxes"], stats["messages"]["kept"], readers, stats["connections"]["open"]) == (0, 0, 0, 1)

    eventually(is_empty)
    stats = broker.get("/v1/stats").json
    assert stats["messages"] == {"kept": 0, "unread": 0, "leased": 0}
    assert stats["memory"]["bytes"] <= 200 * len(names)
    assert stats["buffers"]["bytes"] <= 100_000
