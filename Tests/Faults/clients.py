"""Clients that die: processes of their own, so that the kernel cleans up after them as it does after any other."""

import json
import os
import signal

from httpclient import Closed, Stream
from server import stream_bytes


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
    """A stream in ndjson that is read as it comes, by whoever asks for more."""

    def __init__(self, connection, recipient, **fields):
        self.connection = connection
        self.seen = []
        self.gap = 0
        self.cursor = None
        self.said_goodbye = False
        self.has_ended = False
        connection.send(stream_bytes(recipient, **{"as": "ndjson", **fields}))
        self.stream = Stream(connection)
        assert self.stream.head.status == 200, self.stream.head

    def line(self):
        """The next line; None at the end, whatever the end is."""
        try:
            text = self.stream.until(b"\n")
        except (Closed, OSError):
            self.has_ended = True
            return None
        value = json.loads(text)
        if "event" not in value:
            self.seen.append(value["content"][0])
            self.cursor = value["id"]
        elif value["event"] == "gap":
            self.gap += value["lost"]
            self.cursor = value["cursor"]
        elif value["event"] == "bye":
            self.said_goodbye = True
        return value

    def read_to(self, number):
        """Reads up to this number, or to the end."""
        while not self.has_ended and (not self.seen or self.seen[-1] < number):
            self.line()
        return self
