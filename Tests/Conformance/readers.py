"""One follower, whichever transport it reads by: what it saw, in order, and the cursor that it has come to."""

import json
import re
from dataclasses import dataclass

TRANSPORTS = ("poll", "sse", "ndjson", "iframe")


@dataclass(frozen=True)
class Item:
    """What a follower is told: a message's content, or a gap with its number, or a reset, or the end."""

    kind: str
    value: object = None
    cursor: str | None = None


class Follower:
    """Reads on from its cursor, by any transport, and may change that between any two items."""

    def __init__(self, broker, recipient, cursor="0"):
        self.broker, self.recipient, self.cursor = broker, recipient, cursor

    def read(self, transport, count):
        """The next `count` items; a gap or a reset of a poll stands before the messages of its answer."""
        items = []
        reader = self.polled() if transport == "poll" else self.streamed(transport)
        for each in reader:
            self.cursor = each.cursor or self.cursor
            items.append((each.kind, each.value))
            if len(items) == count:
                break
        reader.close()
        return items

    def polled(self):
        """One message for each answer, so that the cursor is that of the last item."""
        while True:
            body = self.broker.poll(self.recipient, cursor=self.cursor, limit=1, timeout=5)
            assert body["success"] == "1", "no news within 5 s"
            if "reset" in body:
                yield Item("reset")
            if "gap" in body:
                yield Item("gap", body["gap"]["lost"])
            for message in body["messages"]:
                yield Item("message", message["content"], body["cursor"])
            self.cursor = body["cursor"]

    def streamed(self, transport):
        with self.broker.connect() as connection:
            fields = [("Last-Event-ID", self.cursor)] if transport == "sse" else []
            more = {} if transport == "sse" else {"cursor": self.cursor}
            stream = self.broker.stream(self.recipient, fields, connection=connection, **{"as": transport}, **more)
            while True:
                yield item(stream, transport)


def item(stream, transport):
    """The next item of an open stream, heartbeats left out."""
    if transport == "sse":
        event = stream.event()
        if event.name:
            return Item(event.name, event.data.get("lost", event.data.get("reason")), event.id)
        return Item("message", event.data["content"], event.id)
    body = json.loads(stream.line() if transport == "ndjson" else called(stream))
    if "event" in body:
        return Item(body["event"], body.get("lost", body.get("reason")), body.get("cursor"))
    # A stream of one recipient has no cursor beside the message's own id.
    return Item("message", body["content"], body.get("cursor", body["id"]))


def called(stream):
    """The argument of the next call on an iframe stream."""
    return re.fullmatch(r"parent\.comet\((.*)\);?", stream.script(), re.DOTALL).group(1)


def messages(contents):
    """The items of messages with these contents."""
    return [("message", content) for content in contents]
