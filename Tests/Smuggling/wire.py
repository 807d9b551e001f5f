"""Bytes to a server and what comes back: one exchange is everything that one connection says."""

import json
import re
import socket
import time

# How long a test waits for a server before it fails; nothing waits this long when all is well.
PATIENCE_SECONDS = 10


class Answer:
    """One answer: its status, its fields by their small names, its body."""

    def __init__(self, status, fields, body):
        self.status = status
        self.fields = fields
        self.body = body

    @property
    def code(self):
        """The code of a problem, None for everything else."""
        is_problem = self.fields.get("content-type") == "application/problem+json"
        return json.loads(self.body)["code"] if is_problem else None

    def __repr__(self):
        return f"{self.status} {self.body[:160]!r}"


def connect(address):
    """A connection to a port of 127.0.0.1, or to the path of a socket."""
    family = socket.AF_INET if isinstance(address, int) else socket.AF_UNIX
    connection = socket.socket(family, socket.SOCK_STREAM)
    connection.settimeout(PATIENCE_SECONDS)
    connection.connect(("127.0.0.1", address) if isinstance(address, int) else str(address))
    return connection


def exchange(address, data):
    """Sends `data` and says that nothing more will come; returns all bytes up to the server's end."""
    received = b""
    with connect(address) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            # Refused and closed in mid-request; what it said is still there.
            pass
        try:
            while part := connection.recv(65536):
                received += part
        except ConnectionError:
            pass
    return received


def answers(received):
    """The answers that stand in `received`; none of them may be one to HEAD."""
    found = []
    while received:
        head, separator, received = received.partition(b"\r\n\r\n")
        assert separator, f"no whole answer: {head!r}"
        lines = head.decode("latin-1").split("\r\n")
        status = int(re.fullmatch(r"HTTP/1\.[01] (\d{3})( .*)?", lines[0]).group(1))
        fields = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
        if status == 100:
            continue
        if status in (204, 304):
            body = b""
        elif fields.get("transfer-encoding") == "chunked":
            body, received = chunked(received)
        elif "content-length" in fields:
            count = int(fields["content-length"])
            body, received = received[:count], received[count:]
        else:
            body, received = received, b""
        found.append(Answer(status, fields, body))
    return found


def chunked(data):
    """A body in chunks, and what follows it."""
    body = b""
    while True:
        size, _, data = data.partition(b"\r\n")
        count = int(size.split(b";")[0], 16)
        body += data[:count]
        data = data[count:].removeprefix(b"\r\n")
        if count == 0:
            return body, data


def get(address, target):
    """One GET on its own connection; returns its one answer."""
    request = b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % target.encode()
    [answer] = answers(exchange(address, request))
    return answer


def eventually(condition, seconds=PATIENCE_SECONDS):
    """Asks again until the condition holds; each time it asks, and waits for no other clock."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds} s; the last answer was {value!r}"
