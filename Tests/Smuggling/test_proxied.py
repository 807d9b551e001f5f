"""Each row through real proxies that keep connections to the broker: it never carries out more than they passed on."""

import pytest
from row import INBOX
from test_direct import ROWS, recipient, sentinel
from wire import answers, exchange, get

FRONTS = ["nginx", "nginx-lenient", "haproxy", "haproxy-lenient"]


class Passage:
    """What became of a row that was sent through a proxy, and of another client's request behind it.

    `passed_on` and `refused` are what the proxy took for requests, `carried_out` is what the backend did.
    """

    def __init__(self, backend, proxy, front, row):
        self.inbox = recipient()
        self.backend = backend
        self.before = backend.requests()
        start = proxy.log_size()
        _, last = sentinel()
        data = row.data.replace(INBOX, self.inbox.encode()) + (b"" if row.is_cut else last)
        self.received = exchange(proxy.fronts[front], data)
        # On the connection that the row has left behind.
        path, probe = sentinel()
        own = answers(exchange(proxy.fronts[front], probe))
        self.probe_got_its_own = [answer.status for answer in own] == [404] and path.encode() in own[0].body
        lines = proxy.requests_before(f"GET {path} ", start)
        self.passed_on = sum(is_passed_on for is_passed_on, _ in lines)
        self.refused = len(lines) - self.passed_on
        self.carried_out = self.count()

    def count(self):
        """How many requests the backend has carried out, without the probe."""
        return self.backend.requests() - self.before - 1


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("front", FRONTS)
def test_no_request_comes_of_itself(broker, request, front, row):
    passage = Passage(broker, request.getfixturevalue(front.split("-")[0]), front, row)
    assert passage.carried_out <= passage.passed_on
    assert passage.probe_got_its_own


@pytest.mark.parametrize("row", [row for row in ROWS if row.status is None], ids=lambda row: row.name)
def test_what_the_broker_reads_nginx_reads_in_the_same_way(broker, nginx, row):
    inbox = recipient()
    _, last = sentinel()
    data = row.data.replace(INBOX, inbox.encode()) + (b"" if row.is_cut else last)
    direct = answers(exchange(broker.address, data))
    passage = Passage(broker, nginx, "nginx", row)
    if row.nginx_count is not None:
        # nginx is stricter, and passes on less.
        assert passage.passed_on == passage.carried_out == row.nginx_count < len(direct)
        return
    assert passage.passed_on == passage.carried_out == len(direct)
    if not row.is_cut:
        assert passage.refused == 0
        statuses = [answer.status for answer in answers(passage.received)]
        assert statuses == [answer.status for answer in direct]
    assert broker.contents(passage.inbox) == broker.contents(inbox)


@pytest.mark.parametrize("front", FRONTS)
def test_clients_share_a_connection_to_the_broker(broker, request, front):
    path = request.getfixturevalue(front.split("-")[0]).fronts[front]
    before = broker.statistics()["connections"]["accepted"]
    for _ in range(20):
        assert get(path, "/health/live").status == 200
    # One for the front, if it had none, and the one that asks.
    assert broker.statistics()["connections"]["accepted"] - before <= 2
