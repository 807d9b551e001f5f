"""Many clients at once: one taker for each message, every message for each follower, everything given back."""

import json
import threading

from httpclient import Connection, eventually, query, request_bytes

JSON = [("Content-Type", "application/json")]


class Crowd:
    """Threads whose failures fail the test."""

    def __init__(self):
        self.threads = []
        self.failures = []

    def add(self, body, *arguments):
        def run():
            try:
                body(*arguments)
            except BaseException as failure:
                self.failures.append(failure)

        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()

    def join(self):
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()
        assert not self.failures, self.failures


def send_all(port, recipient, contents):
    with Connection(port) as connection:
        for content in contents:
            body = json.dumps({"recipient": recipient, "content": content}).encode()
            assert connection.request("POST", "/v1/send", JSON, body).status == 201


def poll(connection, recipient, **more):
    target = "/v1/poll?" + query(recipient=recipient, **{"timeout": 20, **more})
    answer = connection.request("GET", target)
    assert answer.status == 200, answer
    return answer.json


def test_takers_share_and_followers_see_all_in_order(broker, inbox):
    contents = [f"{sender}-{number}" for sender in range(4) for number in range(100)]
    taken, followed = [], {name: [] for name in range(3)}

    def take():
        with Connection(broker.port) as connection:
            while len(taken) < len(contents):
                taken.extend(
                    message["content"] for message in poll(connection, inbox, limit=3, timeout=1).get("messages", [])
                )

    def follow(name):
        cursor = start
        with Connection(broker.port) as connection:
            while len(followed[name]) < len(contents):
                body = poll(connection, inbox, cursor=cursor, limit=7)
                assert "gap" not in body and "reset" not in body
                followed[name] += [(message["id"], message["content"]) for message in body["messages"]]
                cursor = body["cursor"]

    start = broker.poll(inbox, cursor="now")["cursor"]
    crowd = Crowd()
    for _ in range(6):
        crowd.add(take)
    for name in followed:
        crowd.add(follow, name)
    for sender in range(4):
        crowd.add(send_all, broker.port, inbox, contents[sender * 100 : sender * 100 + 100])
    crowd.join()
    assert sorted(taken) == sorted(contents)
    assert followed[0] == followed[1] == followed[2]
    numbers = [int(id.split(".")[1]) for id, _ in followed[0]]
    assert numbers == list(range(numbers[0], numbers[0] + len(contents)))
    for sender in range(4):
        own = [content for _, content in followed[0] if content.startswith(f"{sender}-")]
        assert own == contents[sender * 100 : sender * 100 + 100], "what one sender sends stays in order"


def test_streams_and_takers_across_inboxes(broker, inboxes):
    contents = [f"{name}:{number}" for name in inboxes for number in range(80)]
    seen = {kind: [] for kind in ("sse", "ndjson", "take")}

    def stream(kind):
        fields = {"take": 1} if kind == "take" else {"cursor": "0", "as": kind}
        with broker.connect() as connection:
            opened = broker.stream(inboxes, connection=connection, **fields)
            while len(seen[kind]) < len(contents):
                message = json.loads(opened.line()) if kind == "ndjson" else opened.event().data
                seen[kind].append(message["content"])

    crowd = Crowd()
    for kind in seen:
        crowd.add(stream, kind)
    for name in inboxes:
        crowd.add(send_all, broker.port, name, [content for content in contents if content.startswith(name + ":")])
    crowd.join()
    for kind in seen:
        assert sorted(seen[kind]) == sorted(contents)
        for name in inboxes:
            own = [content for content in seen[kind] if content.startswith(name + ":")]
            assert own == [f"{name}:{number}" for number in range(80)]


def test_nothing_leased_is_lost_when_workers_die(broker, inbox):
    """Half of the workers take a message and die; what they held comes back, and every message is done at last."""
    contents = [f"m{number}" for number in range(60)]
    done = set()

    def die():
        for _ in range(15):
            connection = Connection(broker.port)
            connection.send(request_bytes("GET", "/v1/poll?" + query(recipient=inbox, lease=1, limit=1, timeout=1)))
            if len(done) % 2:
                connection.answer()
            connection.reset()

    def work():
        with Connection(broker.port) as connection:
            while len(done) < len(contents):
                for message in poll(connection, inbox, lease=20, limit=2, timeout="0.3").get("messages", []):
                    body = json.dumps({"recipient": inbox, "ids": [message["id"]]}).encode()
                    assert connection.request("POST", "/v1/ack", JSON, body).status == 200
                    assert message["content"] not in done
                    done.add(message["content"])

    crowd = Crowd()
    crowd.add(send_all, broker.port, inbox, contents)
    for _ in range(3):
        crowd.add(die)
        crowd.add(work)
    crowd.join()
    assert done == set(contents)
    summary = broker.inbox(inbox)
    assert (summary["unread"], summary["leased"]) == (0, 0)


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
