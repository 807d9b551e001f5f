"""Starts the broker and the proxies once; every test uses connections of its own."""

import contextlib
import tempfile
from pathlib import Path

import pytest
from servers import Broker, start_haproxy, start_nginx


@pytest.fixture(scope="session")
def broker():
    broker = Broker()
    yield broker
    broker.stop()


@contextlib.contextmanager
def running(start, port):
    # Not pytest's own folder: the path of a socket must be short.
    with tempfile.TemporaryDirectory(prefix="smuggling-") as folder:
        proxy = start(Path(folder), port)
        try:
            yield proxy
        finally:
            proxy.stop()


@pytest.fixture(scope="session")
def nginx(broker):
    with running(start_nginx, broker.address) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def haproxy(broker):
    with running(start_haproxy, broker.address) as proxy:
        yield proxy
