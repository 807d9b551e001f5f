"""Many clients at once: one taker for each message, all of them for each follower, nothing lost with those who die."""

import json
import threading

from httpclient import query, request_bytes

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


def send_all(broker, recipient, contents):
    with broker.connect() as connection:
        for content in contents:
            body = json.dumps({"recipient": recipient, "content": content}).encode()
            assert connection.request("POST", "/v1/send", JSON, body).status == 201


def poll(connection, recipient, **more):
    target = "/v1/poll?" + query(recipient=recipient, **{"timeout": 20, **more})
    answer = connection.request("GET", target)
    assert answer.status == 200, answer
    return answer.json


def test_takers_share_and_followers_see_all_in_order(roomy, inbox):
    contents = [f"{sender}-{number}" for sender in range(4) for number in range(100)]
    taken, followed = [], {name: [] for name in range(3)}

    def take():
        with roomy.connect() as connection:
            while len(taken) < len(contents):
                taken.extend(
                    message["content"] for message in poll(connection, inbox, limit=3, timeout=1).get("messages", [])
                )

    def follow(name):
        cursor = start
        with roomy.connect() as connection:
            while len(followed[name]) < len(contents):
                body = poll(connection, inbox, cursor=cursor, limit=7)
                assert "gap" not in body and "reset" not in body
                followed[name] += [(message["id"], message["content"]) for message in body["messages"]]
                cursor = body["cursor"]

    start = roomy.poll(inbox, cursor="now")["cursor"]
    crowd = Crowd()
    for _ in range(6):
        crowd.add(take)
    for name in followed:
        crowd.add(follow, name)
    for sender in range(4):
        crowd.add(send_all, roomy, inbox, contents[sender * 100 : sender * 100 + 100])
    crowd.join()
    assert sorted(taken) == sorted(contents)
    assert followed[0] == followed[1] == followed[2]
    numbers = [int(id.split(".")[1]) for id, _ in followed[0]]
    assert numbers == list(range(numbers[0], numbers[0] + len(contents)))
    for sender in range(4):
        own = [content for _, content in followed[0] if content.startswith(f"{sender}-")]
        assert own == contents[sender * 100 : sender * 100 + 100], "what one sender sends stays in order"


def test_streams_and_takers_across_inboxes(roomy, inboxes):
    contents = [f"{name}:{number}" for name in inboxes for number in range(80)]
    seen = {kind: [] for kind in ("sse", "ndjson", "take")}

    def stream(kind):
        fields = {"take": 1} if kind == "take" else {"cursor": "0", "as": kind}
        with roomy.connect() as connection:
            opened = roomy.stream(inboxes, connection=connection, **fields)
            while len(seen[kind]) < len(contents):
                message = json.loads(opened.line()) if kind == "ndjson" else opened.event().data
                seen[kind].append(message["content"])

    crowd = Crowd()
    for kind in seen:
        crowd.add(stream, kind)
    for name in inboxes:
        crowd.add(send_all, roomy, name, [content for content in contents if content.startswith(name + ":")])
    crowd.join()
    for kind in seen:
        assert sorted(seen[kind]) == sorted(contents)
        for name in inboxes:
            own = [content for content in seen[kind] if content.startswith(name + ":")]
            assert own == [f"{name}:{number}" for number in range(80)]


def test_nothing_leased_is_lost_when_workers_die(roomy, inbox):
    """Half of the workers take a message and die; what they held comes back, and every message is done at last."""
    contents = [f"m{number}" for number in range(60)]
    done = set()

    def die():
        for _ in range(15):
            connection = roomy.connect()
            connection.send(request_bytes("GET", "/v1/poll?" + query(recipient=inbox, lease=1, limit=1, timeout=1)))
            if len(done) % 2:
                connection.answer()
            connection.reset()

    def work():
        with roomy.connect() as connection:
            while len(done) < len(contents):
                for message in poll(connection, inbox, lease=20, limit=2, timeout="0.3").get("messages", []):
                    body = json.dumps({"recipient": inbox, "ids": [message["id"]]}).encode()
                    assert connection.request("POST", "/v1/ack", JSON, body).status == 200
                    assert message["content"] not in done
                    done.add(message["content"])

    crowd = Crowd()
    crowd.add(send_all, roomy, inbox, contents)
    for _ in range(3):
        crowd.add(die)
        crowd.add(work)
    crowd.join()
    assert done == set(contents)
    summary = roomy.inbox(inbox)
    assert (summary["unread"], summary["leased"]) == (0, 0)
