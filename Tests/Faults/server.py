"""The real server as the faults see it: started with flags, watched from outside, ended as an operator does."""

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from httpclient import Closed, Connection, query, request_bytes

ROOT = Path(__file__).resolve().parents[2]
BROKERCTL = Path(os.environ.get("BROKERCTL", ROOT / ".build/debug/brokerctl"))


class Server:
    """A running server, and what was noticed about it."""

    def __init__(self, *flags, host="127.0.0.1", environment=None):
        self.host = host
        self.faults = []
        self.peak_bytes = 0
        self.samples = 0
        self.is_ending = False
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [BROKERCTL, "serve", "--port", "0", "--host", host, "--log-level", "error", *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env={**os.environ, **(environment or {})},
        )
        first = self.process.stdout.readline().decode()
        match = re.search(r":(\d+)\b", first)
        if not match:
            raise AssertionError(f"the server did not start: {first!r} {self.logged()}")
        self.port = int(match.group(1))
        # Opened first, so that it is there when there are no descriptors left.
        self.watcher = self.connect(seconds=120)
        self.watching = True
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def connect(self, seconds=30, **options):
        connection = Connection(self.port, host=self.host, **options)
        connection.socket.settimeout(seconds)
        return connection

    def get(self, path, **fields):
        with self.connect() as connection:
            return get(connection, path, **fields)

    def inbox(self, recipient):
        return self.get("/v1/inbox", recipient=recipient).json

    def stats(self):
        return self.get("/v1/stats").json

    def readers(self):
        """How many polls wait and how many streams are open."""
        readers = self.stats()["readers"]
        return readers["waiting"], readers["streaming"]

    def logged(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-2000:]

    def resident_bytes(self):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", text).group(1)) * 1024

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _watch(self):
        """Asks for the figures all the time, and holds them against the limits."""
        while self.watching:
            try:
                stats = get(self.watcher, "/v1/stats").json
                self.peak_bytes = max(self.peak_bytes, self.resident_bytes())
            except (OSError, Closed) as problem:
                # Only a server that was told to end may leave a question unanswered.
                if self.watching and self.process.poll() is None and not self.is_ending:
                    self.faults.append(f"the figures could not be had: {problem!r}")
                return
            self.samples += 1
            for name in ("memory", "buffers"):
                if stats[name]["bytes"] > stats[name]["bytesMax"]:
                    self.faults.append(f"{name} {stats[name]}")
            if stats["connections"]["open"] > stats["connections"]["max"]:
                self.faults.append(f"connections {stats['connections']}")
            time.sleep(0.05)

    def signal(self, number):
        self.is_ending = self.is_ending or number in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT)
        self.process.send_signal(number)

    def stop(self, seconds=20):
        """Ends it with SIGTERM, unless it was told to end before; everything but a clean end is a fault."""
        self.watching = False
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = "none: it had to be killed"
            self.process.wait()
        self.thread.join(5)
        self.watcher.close()
        if self.samples == 0:
            self.faults.append("nobody looked at its figures")
        self.process.stdout.close()
        if code != 0:
            self.faults.append(f"exit code {code}: {self.logged()}")
        self.log.close()

    def end(self, row):
        """Stops it; what was noticed about it belongs to the row."""
        self.stop()
        row.faults += self.faults
        return row


def get(connection, path, **fields):
    return connection.request("GET", path + ("?" + query(**fields) if fields else ""))


def post(connection, path, **body):
    return connection.request("POST", path, [("Content-Type", "application/json")], json.dumps(body).encode())


def poll_bytes(recipient, **fields):
    return request_bytes("GET", "/v1/poll?" + query(recipient=recipient, **fields))


def stream_bytes(recipient, **fields):
    return request_bytes("GET", "/v1/stream?" + query(recipient=recipient, **fields))


def wait_until(condition, seconds=30):
    """Waits for what the server tells; the last answer is the failure's text."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"not within {seconds} s: {value!r}"
        time.sleep(0.02)
    return value
