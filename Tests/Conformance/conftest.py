"""Which server a test runs against: README.md tells how to choose it."""

import ipaddress
import itertools
import os
import shlex
import socket
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import httpclient  # noqa: E402
from client import Client  # noqa: E402
from servers import Servers  # noqa: E402

URL = os.environ.get("BROKER_CONFORMANCE_URL")
FLAGS = shlex.split(os.environ.get("BROKER_CONFORMANCE_LIMITS", ""))


def pytest_report_header():
    return f"server: {URL} {FLAGS}" if URL else "server: brokerctl, started by the suite"


@pytest.fixture(scope="session")
def servers():
    if URL:
        httpclient.default_host = Client(URL).authority
    servers = Servers(URL, FLAGS)
    yield servers
    servers.stop()


def served(kind, text, holds):
    """A fixture that gives a server with such limits, and passes the test over if the one at the URL has others."""

    @pytest.fixture
    def fixture(servers):
        return servers.get(kind, holds) or pytest.skip(f"needs a server {text}")

    return fixture


broker = served("plain", "", lambda limits: True)
roomy = served("plain", "whose inboxes have 1000 messages", lambda limits: limits.inbox_messages_max >= 1000)
refusing = served("refusing", "with --when-full refuse and 1000 messages an inbox at most", Servers.policy("refusing"))
dropping = served(
    "dropping", "with --when-full drop-oldest and 1000 messages an inbox at most", Servers.policy("dropping")
)
forgetful = served(
    "refusing", "with --retain-read-seconds of 2 at most", lambda limits: limits.retain_read_seconds <= 2
)
lively = served("refusing", "with --ping-seconds of 1 at most", lambda limits: limits.ping_seconds <= 1)
fleeting = served(
    "refusing", "with --presence-linger-seconds of 2 at most", lambda limits: limits.presence_linger_seconds <= 2
)
lingering = served(
    "plain", "with --presence-linger-seconds of 10 at least", lambda limits: limits.presence_linger_seconds >= 10
)
impatient = served(
    "refusing", "with a header timeout of 2 s at most", lambda limits: limits.header_timeout_seconds <= 2
)
allowing = served(
    "refusing", "with --allow-origin and --allow-host", lambda limits: limits.allow_origin and limits.allow_host
)
tight = served("tight", "with --memory-bytes-max of 4 MiB at most", lambda limits: limits.memory_bytes_max <= 4 << 20)


@pytest.fixture
def local(broker):
    """A server that is bound to the loopback, and so goes by loopback names only."""
    if not all(ipaddress.ip_address(info[4][0]).is_loopback for info in socket.getaddrinfo(broker.host, broker.port)):
        pytest.skip("needs a server on the loopback")
    return broker


@pytest.fixture
def connection(broker):
    with broker.connect() as connection:
        yield connection


names = itertools.count(1)
# Runs side by side, and one after another against the same server, must not meet in an inbox.
run = f"{os.getpid():x}{os.urandom(3).hex()}"


@pytest.fixture
def inbox(request):
    """A recipient that no other test and no other run uses."""
    return f"{request.node.originalname}-{run}-{next(names)}"


@pytest.fixture
def inboxes(inbox):
    """Three such."""
    return [f"{inbox}-{letter}" for letter in "abc"]
