"""Starts the real server for the tests; each test speaks to it over TCP only."""

import itertools
import os
import re
import signal
import sys
from pathlib import Path

import pytest

# Client and server are those of the conformance suite, which stands on its own.
sys.path.append(str(Path(__file__).resolve().parents[1] / "Conformance"))

from servers import BROKERCTL, OwnBroker  # noqa: E402, F401

# Shells start what runs in the background with Ctrl-C ignored, and it would stay ignored in all programs started here.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Broker(OwnBroker):
    """A running server, and what can be seen of its process."""

    def resident_bytes(self):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", text).group(1)) * 1024

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
