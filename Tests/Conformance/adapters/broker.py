"""The identity: a server of our own contract."""

import json

from adapters import OLDEST, Got, Sent, Service
from readers import item


class Parked:
    """A poll that waits."""

    def __init__(self, service, connection):
        self.service, self.connection = service, connection

    def result(self):
        with self.connection:
            return self.service.got(self.connection.answer())

    def close(self):
        self.connection.close()


class Open:
    """A stream that is open."""

    def __init__(self, stream, kind, ping):
        self.stream, self.kind, self.ping = stream, kind, ping

    def next(self):
        return item(self.stream, self.kind)

    def heartbeat(self):
        """Waits for a sign of life, as long as five of them may take."""
        self.stream.connection.socket.settimeout(5 * self.ping)
        self.stream.until({"sse": b"event: ping\ndata: {}\n\n", "ndjson": b'{"event":"ping"}\n'}[self.kind])

    def close(self):
        self.stream.close()


class BrokerService(Service):
    """Speaks through a `Client`; `start` starts another server of the same kind, if the process is ours."""

    name = "broker"
    empty = (200, b'{"success":"0"}')
    shortest_wait = 0.1

    def __init__(self, client, limits, start=None):
        self.client, self.limits, self.start = client, limits, start
        self.slots, self.ping = limits.inbox_messages_max, limits.ping_seconds

    def send(self, recipient, content, **more):
        if more.pop("short", False):
            more["ttlSeconds"] = self.ttl
        # Characters as they are, not as escapes: what would harm them must be seen.
        body = json.dumps({"recipient": recipient, "content": content, **more}, ensure_ascii=False).encode()
        answer = self.client.request("POST", "/v1/send", [("Content-Type", "application/json")], body)
        return self.sent(answer.json if answer.status == 201 else {})

    @staticmethod
    def sent(body):
        names = ("id", "online", "unread", "evicted", "duplicate")
        told = {name: body[name] for name in names if name in body}
        return Sent(accepted=body.get("success") == "1", **told)

    def send_all(self, recipient, contents):
        results = self.client.batch([{"recipient": recipient, "content": content} for content in contents])
        return [self.sent(line) for line in results]

    @staticmethod
    def got(answer):
        if answer.status != 200:
            return Got(refused=True, raw=(answer.status, answer.body))
        body = answer.json
        messages = body.get("messages", [])
        return Got(
            contents=[message["content"] for message in messages],
            cursor=body.get("cursor"),
            lost=body.get("gap", {}).get("lost", 0),
            reset=body.get("reset", False),
            unread=body.get("unread"),
            ids=[message["id"] for message in messages],
            attempts=[message.get("attempt") for message in messages],
            raw=(answer.status, answer.body),
        )

    def poll(self, recipient, wait, **fields):
        fields = {name: value for name, value in fields.items() if value is not None}
        return self.got(self.client.get("/v1/poll", recipient=recipient, timeout=wait, **fields))

    def follow(self, recipients, cursor=OLDEST, wait=0, limit=1):
        return self.poll(recipients, wait, cursor=cursor, limit=limit)

    def take(self, recipient, wait=0, limit=1000, lease=None):
        return self.poll(recipient, wait, limit=limit, lease=lease)

    def park(self, recipient, cursor=None, **more):
        fields = {"cursor": cursor} if cursor else {}
        return Parked(self, self.client.park(recipient, **fields, **more))

    def stream(self, recipient, cursor=OLDEST, kind="sse", **more):
        return Open(self.client.stream(recipient, cursor=cursor, **{"as": kind}, **more), kind, self.ping)

    def delete(self, recipient):
        assert self.client.delete(recipient).status == 204

    def online(self, recipient):
        summary = self.client.inbox(recipient)
        return summary["waiting"] + summary["streaming"]

    def unread(self, recipient):
        return self.client.inbox(recipient)["unread"]

    def acknowledge(self, recipient, ids):
        return self.client.post("/v1/ack", recipient=recipient, ids=ids).json["unread"]

    def release(self, recipient, ids):
        return self.client.post("/v1/release", recipient=recipient, ids=ids).json["unread"]

    def extend(self, recipient, ids, lease):
        return self.client.post("/v1/extend", recipient=recipient, ids=ids, lease=lease).status == 200

    def restart(self):
        if self.start is None:
            super().restart()
        self.client.stop()
        self.client = self.start()
