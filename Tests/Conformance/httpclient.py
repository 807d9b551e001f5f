"""A small HTTP/1.1 client that shows the bytes: raw sockets, exact answers, event streams."""

import json
import re
import socket
import struct
import time
from urllib.parse import quote, urlencode

# How long a test waits for the server before it fails; nothing waits this long when all is well.
PATIENCE_SECONDS = 10

# What stands in `Host` where a test says nothing else.
default_host = "127.0.0.1"


class Closed(Exception):
    """The server closed the connection where an answer was expected."""


class Answer:
    """An answer with its exact bytes."""

    def __init__(self, head, body):
        self.head = head
        self.body = body
        lines = head[:-4].split(b"\r\n")
        self.version, status, self.reason = (lines[0].decode("latin-1").split(" ", 2) + [""])[:3]
        self.status = int(status)
        self.fields = [tuple(line.decode("latin-1").split(": ", 1)) for line in lines[1:]]

    def field(self, name):
        """The one value of a header field, or None; several are an error of the server."""
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} stands {len(values)} times in {self.head!r}"
        return values[0] if values else None

    @property
    def wire(self):
        return self.head + self.body

    @property
    def media_type(self):
        return (self.field("Content-Type") or "").split(";")[0]

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def lines(self):
        """The documents of an NDJSON body; each line ends with a line feed."""
        assert self.body.endswith(b"\n")
        return [json.loads(line) for line in self.body.split(b"\n")[:-1]]

    def __repr__(self):
        return f"{self.head!r} {self.body[:2000]!r}"


def request_bytes(method, target, fields=(), body=None, host=None, version="HTTP/1.1"):
    """A request as it goes on the wire."""
    lines = [f"{method} {target} {version}", f"Host: {host or default_host}"] + [
        f"{name}: {value}" for name, value in fields
    ]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines + ["", ""]).encode("utf-8") + (body or b"")


class Connection:
    """One connection; reads answers one after another."""

    def __init__(self, port, host="127.0.0.1", receive_buffer_bytes=None):
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        self.socket.settimeout(PATIENCE_SECONDS)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data)
        return self

    def request(self, method, target, fields=(), body=None, **more):
        """Sends a request and reads its answer."""
        self.send(request_bytes(method, target, fields, body, **more))
        return self.answer(has_body=method != "HEAD")

    def fill(self):
        """Reads what has come; waits for at least one byte."""
        data = self.socket.recv(65536)
        if not data:
            raise Closed(f"closed after {self.buffer!r}")
        self.buffer += data

    def until(self, end):
        """The bytes up to and including `end`."""
        while end not in self.buffer:
            self.fill()
        index = self.buffer.index(end) + len(end)
        data, self.buffer = self.buffer[:index], self.buffer[index:]
        return data

    def exactly(self, count):
        while len(self.buffer) < count:
            self.fill()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def answer(self, has_body=True):
        """The next answer: sized, chunked or up to the end of the connection."""
        head = self.until(b"\r\n\r\n")
        answer = Answer(head, b"")
        if not has_body or answer.status in (100, 204, 304):
            return answer
        if answer.field("Content-Length") is not None:
            answer.body = self.exactly(int(answer.field("Content-Length")))
        elif answer.field("Transfer-Encoding") == "chunked":
            answer.body = b"".join(iter(self.chunk, b""))
        else:
            answer.body = self.rest()
        return answer

    def chunk(self):
        """The data of the next chunk; empty at the last."""
        size = int(self.until(b"\r\n")[:-2].split(b";")[0], 16)
        data = self.exactly(size + 2)
        assert data.endswith(b"\r\n")
        return data[:-2]

    def rest(self):
        """Everything until the server closes."""
        try:
            while True:
                self.fill()
        except Closed:
            data, self.buffer = self.buffer, b""
            return data

    def assert_closed(self):
        """Waits for the server to close; nothing may come before."""
        assert self.rest() == b""

    def close(self):
        """Leaves in good manners (FIN)."""
        self.socket.close()

    def reset(self):
        """Leaves without (RST)."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Event:
    """One event of an event stream."""

    def __init__(self, text):
        pairs = [line.split(": ", 1) for line in text.split("\n") if line]
        names = [pair[0] for pair in pairs]
        assert len(names) == len(set(names)), f"a field stands twice in {text!r}"
        self.text = text
        values = dict(pairs)
        self.id, self.name, self.retry = values.get("id"), values.get("event"), values.get("retry")
        self.raw = values.get("data")

    @property
    def data(self):
        return json.loads(self.raw)

    def __repr__(self):
        return f"Event({self.text!r})"


class Stream:
    """An open stream: its head, then its text as it comes."""

    def __init__(self, connection, fields=()):
        self.connection = connection
        self.head = Answer(connection.until(b"\r\n\r\n"), b"")
        self.chunked = self.head.field("Transfer-Encoding") == "chunked"
        self.text = b""
        self.cursor = None

    def begin(self):
        """Reads how the stream begins: with its position, if it has one."""
        if self.head.media_type == "text/event-stream":
            event = Event(self.until(b"\n\n"))
            assert event.retry == "2000" and event.name in (None, "ping")
            self.cursor = event.id
        else:
            is_page = self.head.media_type == "text/html"
            opening = json.loads(re.search(r"{.*}", self.script() if is_page else self.line()).group())
            assert opening["event"] == "open"
            self.cursor = opening.get("cursor")

    def more(self):
        if self.chunked:
            data = self.connection.chunk()
            if not data:
                raise Closed("the last chunk")
        else:
            if not self.connection.buffer:
                self.connection.fill()
            data, self.connection.buffer = self.connection.buffer, b""
        self.text += data

    def until(self, end):
        while end not in self.text:
            self.more()
        part, self.text = self.text.split(end, 1)
        return part.decode("utf-8")

    def event(self):
        """The next event of an sse stream, heartbeats left out."""
        for part in self.parts(b"\n\n"):
            if (event := Event(part)).name != "ping":
                return event

    def line(self):
        """The next line of an ndjson stream as text, heartbeats left out."""
        for line in self.parts(b"\n"):
            if line != '{"event":"ping"}':
                return line

    def parts(self, end):
        """What comes, part by part. Heartbeats alone do not keep a test waiting for ever."""
        last = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < last:
            yield self.until(end)
        raise TimeoutError(f"nothing but heartbeats for {PATIENCE_SECONDS} s")

    def script(self):
        """The next script of an iframe stream, heartbeats left out: what stands between its tags."""
        for part in self.parts(b"</script>"):
            script = re.search(r"<script(?: nonce=\"[A-Za-z0-9]+\")?>(.*)$", part, re.DOTALL).group(1)
            if '({"event":"ping"})' not in script:
                return script

    def assert_ended(self):
        """Waits for the end; nothing may come before."""
        try:
            while True:
                self.more()
        except Closed:
            assert self.text.strip() in (b"", b"</body></html>", b"</html>"), self.text

    def close(self):
        self.connection.close()


def query(**fields):
    """A query string; a list repeats its field."""
    return urlencode(fields, doseq=True, quote_via=quote)


def eventually(condition, seconds=PATIENCE_SECONDS):
    """Asks again until the condition holds; each time it asks the server, and waits for no other clock."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds} s; the last answer was {value!r}"
