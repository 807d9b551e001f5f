"""Starts the real server for the tests; each test speaks to it over TCP only."""

import itertools
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from httpclient import PATIENCE_SECONDS, Connection, Stream, eventually, query, request_bytes

ROOT = Path(__file__).resolve().parents[2]
BROKERCTL = Path(os.environ.get("BROKERCTL", ROOT / ".build/debug/brokerctl"))


class Broker:
    """A running server."""

    def __init__(self, *flags, **options):
        self.process = subprocess.Popen(
            [BROKERCTL, "serve", "--port", "0", "--host", "127.0.0.1", *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            **options,
        )
        first = self.process.stdout.readline().decode()
        match = re.search(r"http://127\.0\.0\.1:(\d+)", first)
        if match is None:
            self.kill()
        assert match, f"the first line does not tell the URL: {first!r}"
        self.port = int(match.group(1))

    def connect(self, **options):
        return Connection(self.port, **options)

    def request(self, method, target, fields=(), body=None, **more):
        """One request on its own connection."""
        with self.connect() as connection:
            return connection.request(method, target, fields, body, **more)

    def get(self, path, **fields):
        return self.request("GET", path + ("?" + query(**fields) if fields else ""))

    def post(self, path, fields=(), **body):
        """A JSON body."""
        return self.request("POST", path, [("Content-Type", "application/json"), *fields], json.dumps(body).encode())

    def post_form(self, path, **fields):
        return self.request(
            "POST", path, [("Content-Type", "application/x-www-form-urlencoded")], query(**fields).encode()
        )

    def send(self, recipient, content="x", **more):
        """Sends a message that must be accepted; answers the body of the 201."""
        answer = self.post("/v1/send", recipient=recipient, content=content, **more)
        assert answer.status == 201, answer
        return answer.json

    def poll(self, recipient, **more):
        """Polls without waiting, unless told otherwise; answers the body."""
        answer = self.get("/v1/poll", recipient=recipient, **{"timeout": 0, **more})
        assert answer.status == 200, answer
        return answer.json

    def contents(self, recipient, **more):
        """What a poll without waiting gives, as contents only."""
        return [message["content"] for message in self.poll(recipient, **more).get("messages", [])]

    def inbox(self, recipient):
        return self.get("/v1/inbox", recipient=recipient).json

    def delete(self, recipient):
        return self.request("DELETE", "/v1/inbox?" + query(recipient=recipient))

    def park(self, recipient, **more):
        """A connection whose poll waits at the server."""
        before = self.inbox(recipient)["waiting"]
        connection = self.connect()
        connection.send(request_bytes("GET", "/v1/poll?" + query(recipient=recipient, **{"timeout": 30, **more})))
        eventually(lambda: self.inbox(recipient)["waiting"] == before + 1)
        return connection

    def stream(self, recipient, fields=(), version="HTTP/1.1", connection=None, **more):
        """An open stream; how it begins has been read, its position is in `cursor`: None for a taker."""
        connection = connection or self.connect()
        target = "/v1/stream?" + query(recipient=recipient, **more)
        connection.send(request_bytes("GET", target, fields, version=version))
        stream = Stream(connection)
        assert stream.head.status == 200, stream.head
        stream.begin()
        return stream

    def alive(self):
        return self.get("/health/live").status == 200

    def resident_bytes(self):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", text).group(1)) * 1024

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def exit_code(self):
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Stops the server as an operator does; a test whose server does not end well has failed."""
        if self.process.poll() is None:
            self.terminate()
        try:
            assert self.exit_code() == 0
        finally:
            self.kill()
            self.process.stdout.close()


@pytest.fixture(scope="session")
def broker():
    """A server with the default settings that the tests share; each uses recipients of its own."""
    broker = Broker()
    yield broker
    broker.stop()


@pytest.fixture
def start_broker():
    """Starts servers with flags of the test's own."""
    started = []

    def start(*flags, **options):
        started.append(Broker(*flags, **options))
        return started[-1]

    yield start
    for broker in started:
        broker.stop()


names = itertools.count(1)


@pytest.fixture
def inbox(request):
    """A recipient that no other test uses."""
    return f"{request.node.originalname}-{next(names)}"


@pytest.fixture
def inboxes(inbox):
    """Three such."""
    return [f"{inbox}-{letter}" for letter in "abc"]
