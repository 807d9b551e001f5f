"""Every lie of a proxy in between is caught; an honest proxy is not accused."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from adapters.broker import BrokerService
from adapters.liar import Liar
from adapters.lies import LIES
from client import Client
from promises import PROMISES
from servers import Servers

HERE = Path(__file__).resolve().parent

# Which promises have to notice which lie. Others may; these are quick about it.
CAUGHT_BY = {
    "drops": ["following", "batches", "resuming", "several", "crowd", "streamed_gaps", "taking", "sharing"],
    "doubles": ["following", "batches", "streaming", "resuming", "several", "crowd", "streamed_gaps", "taking"],
    "swaps": ["batches", "streaming", "resuming", "crossing", "streamed_gaps", "taking", "leases"],
    "miscounts": ["gaps", "streamed_gaps"],
    "hushes": ["gaps", "streamed_gaps", "expiry"],
    "alarms": ["following", "gaps", "no_false_alarm"],
    "forgets-reset": ["reset_by_deletion"],
    "pads": ["timeouts"],
    "stands": ["batches"],
    "loses-ids": ["resuming", "crossing"],
    "hands-out-twice": ["taking", "sharing"],
    "forgets-keys": ["idempotency"],
    "accepts-all": ["gaps"],
    "sees-nobody": ["online"],
    "counts-one-more": ["unread_counts", "leases"],
    "alters": ["fidelity"],
    "silent": ["heartbeats"],
    "holds-on": ["deletion", "sessions"],
    "first-attempts": ["leases"],
    "extends": ["leases"],
    "lenient": ["unreadable_cursors", "cursors_ahead"],
}
KIND = {"accepts-all": "refusing"}


@pytest.fixture
def behind(servers):
    """Puts a proxy with a lie, or an honest one, in front of a small broker."""
    started = []

    def small(kind):
        policy = Servers.policy(kind)
        return lambda limits: limits.inbox_messages_max <= 100 and limits.ping_seconds <= 1 and policy(limits)

    def start(lie=None, kind="dropping"):
        broker = servers.get(kind, small(kind)) or pytest.skip(f"needs a server with small limits that is {kind}")
        started.append(Liar(broker.url, lie))
        return BrokerService(Client(started[-1].url), broker.limits)

    yield start
    for liar in started:
        liar.stop()


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_caught(behind, inbox, lie):
    for name in CAUGHT_BY[lie]:
        service = behind(LIES[lie](), KIND.get(lie, "dropping"))
        verdict, seen = PROMISES[name].outcome(service, f"{inbox}-{name}")
        assert verdict == "broken", f"nobody noticed: {LIES[lie].__doc__} ({name}: {verdict} {seen})"


@pytest.mark.parametrize(
    "promise", [each for each in PROMISES.values() if not each.restarts], ids=lambda each: each.name
)
def test_an_honest_proxy_is_not_accused(behind, inbox, promise):
    assert promise.outcome(behind(), inbox) == ("kept", "")


def test_each_promise_about_messages_catches_something():
    """A check that no lie can break may be checking nothing; these are covered by nchan or by the live suite."""
    caught = {name for names in CAUGHT_BY.values() for name in names}
    assert set(PROMISES) - caught == {"waking", "now", "expiry_alone", "reset_by_restart"}


@pytest.mark.parametrize("lie, code", [(None, 0), ("doubles", 1), ("swaps", 1), ("forgets-reset", 1)])
def test_the_suite_itself_fails_behind_a_liar(behind, lie, code):
    """As somebody would run it: with the URL of a server, and what that declares."""
    service = behind(lie and LIES[lie]())
    environment = {
        **os.environ,
        "BROKER_CONFORMANCE_URL": service.client.url,
        "BROKER_CONFORMANCE_LIMITS": shlex.join(Servers.KINDS["dropping"]),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "test_crossing.py"]
    result = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=60)
    assert result.returncode == code, result.stdout
