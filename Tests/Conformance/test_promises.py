"""The broker keeps every promise, as it stands and behind an honest proxy."""

import pytest
from adapters.broker import BrokerService
from promises import PROMISES
from servers import Limits, OwnBroker, Servers


def service(servers, kind):
    client = servers.get(kind, Servers.policy(kind))
    return client and BrokerService(client, client.limits)


@pytest.mark.parametrize("kind", ["refusing", "dropping"])
@pytest.mark.parametrize(
    "promise", [each for each in PROMISES.values() if not each.restarts], ids=lambda each: each.name
)
def test_a_promise_is_kept(servers, kind, promise, inbox):
    tested = service(servers, kind) or pytest.skip(f"the server at the URL is not {kind}")
    verdict, seen = promise.outcome(tested, inbox)
    if promise.name == "heartbeats" and verdict == "not offered":
        pytest.skip(seen)
    assert verdict == "kept", f"{promise.text}: {seen}"


def test_a_restart_is_told(servers, inbox):
    if servers.url:
        pytest.skip("needs the server's process")
    flags = Servers.KINDS["dropping"]
    tested = BrokerService(OwnBroker(*flags), Limits.declared(flags), lambda: OwnBroker(*flags))
    try:
        assert PROMISES["reset_by_restart"].outcome(tested, inbox) == ("kept", "")
    finally:
        tested.client.stop()
