"""nchan behind the same checks: where it keeps the promises, where it breaks them, and that the suite says so."""

import pytest
from adapters import nchan
from promises import PROMISES

# What came out with libnginx-mod-nchan 1.3.6 (Debian 12); docs/RELIABILITY.md has it as a table.
EXPECTED = {
    "following": "kept",
    "batches": "kept",
    "waking": "kept",
    "streaming": "kept",
    "resuming": "kept",
    "crossing": "kept",
    "several": "kept",
    "now": "broken",
    "crowd": "kept",
    "gaps": "broken",
    "streamed_gaps": "broken",
    "no_false_alarm": "kept",
    "reset_by_deletion": "broken",
    "reset_by_restart": "broken",
    "expiry": "broken",
    "expiry_alone": "broken",
    "unreadable_cursors": "broken",
    "cursors_ahead": "broken",
    "timeouts": "kept",
    "fidelity": "kept",
    "online": "kept",
    "deletion": "kept",
    "heartbeats": "kept",
    "sessions": "not offered",
    "idempotency": "not offered",
    "taking": "not offered",
    "sharing": "not offered",
    "leases": "not offered",
    "unread_counts": "not offered",
}


@pytest.fixture(scope="module")
def service():
    if reason := nchan.missing():
        pytest.skip(reason)
    service = nchan.Nchan()
    yield service
    service.stop()


@pytest.mark.parametrize("name", PROMISES)
def test_the_suite_tells_what_nchan_keeps(service, inbox, name):
    verdict, seen = PROMISES[name].outcome(service, inbox)
    assert verdict == EXPECTED[name], seen


@pytest.mark.parametrize("name", ["gaps", "streamed_gaps"])
def test_the_suite_reports_the_silent_loss(service, inbox, name):
    """24 messages to a buffer of 10: 14 are lost, and nobody is told. A suite that passes this proves nothing."""
    assert PROMISES[name].outcome(service, inbox) == (
        "broken", "14 of 24 messages to an inbox of 10 did not arrive, 0 were reported"
    )  # fmt: skip
