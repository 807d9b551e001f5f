"""Where the servers come from: one that runs already, or brokerctl started with the flags that a test needs."""

import os
import re
import signal
import subprocess
from dataclasses import dataclass, fields
from pathlib import Path

from client import Client
from httpclient import PATIENCE_SECONDS

ROOT = Path(__file__).resolve().parents[2]
BROKERCTL = Path(os.environ.get("BROKERCTL", ROOT / ".build/debug/brokerctl"))

UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


@dataclass(frozen=True)
class Limits:
    """What a server declares about itself; the names and defaults are those of `brokerctl serve`."""

    inbox_messages_max: int = 1000
    inbox_bytes_max: int = 1 << 20
    message_bytes_max: int = 65_536
    memory_bytes_max: int = 1 << 30
    when_full: str = "refuse"
    retain_read_seconds: float = 60
    ping_seconds: float = 15
    presence_linger_seconds: float = 15
    header_timeout_seconds: float = 10
    allow_origin: str = ""
    allow_host: str = ""

    @classmethod
    def declared(cls, flags):
        """Reads flags as they stand on the command line of `serve`; one that the suite does not need is passed over."""
        kinds = {field.name: field.type for field in fields(cls)}
        values = {}
        for flag, text in zip(flags[::2], flags[1::2], strict=True):
            name = flag.removeprefix("--").replace("-", "_")
            if name in kinds:
                number, unit = re.fullmatch(r"(.*?)(KiB|MiB|GiB)?", text).groups()
                values[name] = kinds[name](number) * UNITS[unit] if unit else kinds[name](text)
        return cls(**values)


class OwnBroker(Client):
    """A server with a process of ours, on a free port of the loopback unless another address is named."""

    def __init__(self, *flags, host="127.0.0.1", **options):
        self.process = subprocess.Popen(
            [BROKERCTL, "serve", "--port", "0", "--host", host, *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            **options,
        )
        first = self.process.stdout.readline().decode()
        match = re.search(rf"http://{re.escape(host)}:\d+", first)
        if match is None:
            self.kill()
        assert match, f"the first line does not tell the URL: {first!r}"
        super().__init__(match.group(0))
        self.limits = Limits.declared(flags)

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


class Servers:
    """Gives each test a server that it can be run against, or a reason to pass it over."""

    # Small enough that a test reaches each limit at once. The origin and the name are for tests of CORS and `Host`.
    SMALL = (
        "--inbox-messages-max", "10", "--inbox-bytes-max", "100000", "--message-bytes-max", "40000",
        "--retain-read-seconds", "1", "--ping-seconds", "0.2",
        "--presence-linger-seconds", "0.2", "--header-timeout-seconds", "1",
        "--allow-origin", "https://app.example.org", "--allow-host", "chat.example.org",
    )  # fmt: skip
    KINDS = {
        "plain": (),
        "refusing": SMALL,
        "dropping": (*SMALL, "--when-full", "drop-oldest"),
        "tight": ("--memory-bytes-max", "1000000"),
    }

    @classmethod
    def policy(cls, kind):
        """Whether limits have the policy of that kind, and an inbox that one answer can hold."""
        when_full = Limits.declared(cls.KINDS[kind]).when_full
        return lambda limits: limits.when_full == when_full and limits.inbox_messages_max <= 1000

    def __init__(self, url=None, flags=()):
        self.url, self.limits = url, Limits.declared(flags)
        self.started = {}

    def get(self, kind, holds=lambda limits: True):
        """The server of that kind; None if there is only the one at the URL, and its limits do not do."""
        if self.url:
            if not holds(self.limits):
                return None
            client = Client(self.url)
            client.limits = self.limits
            return client
        if kind not in self.started:
            self.started[kind] = OwnBroker(*self.KINDS[kind])
        return self.started[kind]

    def stop(self):
        for broker in self.started.values():
            broker.stop()
