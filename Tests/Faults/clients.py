"""Clients that die: processes of their own, so that the kernel cleans up after them as it does after any other."""

import json
import os
import re
import signal

from httpclient import Closed, Event, Stream
from server import poll_bytes, stream_bytes


class Doomed:
    """A process that runs `body(tell)` and then waits for its end; what it tells is read with `heard`."""

    def __init__(self, body):
        reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                os.close(reader)
                body(lambda value: os.write(writer, json.dumps(value).encode() + b"\n"))
                signal.pause()
                code = 0
            finally:
                os._exit(code)
        os.close(writer)
        self.pipe = os.fdopen(reader, "rb")

    def heard(self):
        line = self.pipe.readline()
        assert line, "the client died by itself"
        return json.loads(line)

    def kill(self):
        """kill -9; returns when the system has closed all that it had open."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.pipe.close()


class Reader:
    """A stream that is read as it comes, by whoever asks for more."""

    def __init__(self, connection, recipient, format="ndjson", **fields):
        self.connection = connection
        self.seen = []
        self.gap = 0
        self.cursor = None
        self.said_goodbye = False
        self.has_ended = False
        self.next = {"ndjson": self._line, "sse": self._event, "iframe": self._script}[format]
        connection.send(stream_bytes(recipient, **{"as": format, **fields}))
        self.stream = Stream(connection)
        assert self.stream.head.status == 200, self.stream.head

    def line(self):
        """The next object; None at the end, whatever the end is."""
        try:
            value = self.next()
        except (Closed, OSError):
            self.has_ended = True
            return None
        if "event" not in value:
            self.seen.append(value["content"][0])
            self.cursor = value["id"]
        elif value["event"] == "gap":
            self.gap += value["lost"]
        elif value["event"] == "bye":
            self.said_goodbye = True
        self.cursor = value.get("cursor", self.cursor)
        return value

    def _line(self):
        return json.loads(self.stream.until(b"\n"))

    def _event(self):
        event = Event(self.stream.until(b"\n\n"))
        if event.name is None and event.raw:
            return event.data
        position = {"cursor": event.id} if event.id else {}
        return {"event": event.name or "retry", **(event.data if event.raw else {}), **position}

    def _script(self):
        # The first one has the head of the page in front of it.
        return json.loads(re.search(r"<script[^>]*>[^(]*\((.*)\)$", self.stream.until(b"</script>"), re.DOTALL)[1])

    def read_to(self, number):
        """Reads up to this number, or to the end."""
        while not self.has_ended and (not self.seen or self.seen[-1] < number):
            self.line()
        return self


class PollReader:
    """A reader that polls, each time with the cursor of the last answer; without one it takes."""

    def __init__(self, connection, recipient, **fields):
        self.connection = connection
        self.recipient = recipient
        self.fields = fields
        self.seen = []
        self.gap = 0
        self.cursor = fields.get("cursor")
        self.has_ended = False
        self._ask()

    def _ask(self):
        try:
            self.connection.send(poll_bytes(self.recipient, timeout=300, **self.fields))
        except OSError:
            self.has_ended = True

    def line(self):
        """The next answer, of which only the whole counts; None at the end, whatever the end is."""
        try:
            value = self.connection.answer().json
        except (Closed, OSError):
            self.has_ended = True
            return None
        self.seen += [message["content"][0] for message in value.get("messages", [])]
        self.gap += value.get("gap", {}).get("lost", 0)
        if "cursor" in self.fields:
            self.cursor = self.fields["cursor"] = value.get("cursor", self.cursor)
        self._ask()
        return value

    read_to = Reader.read_to
