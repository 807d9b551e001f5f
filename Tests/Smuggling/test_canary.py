"""The tests find what is wrong with a backend that was made to be wrong."""

import pytest
from conftest import running
from naive import Naive
from servers import start_haproxy, start_nginx
from test_direct import ROWS, sentinel
from test_proxied import Passage
from wire import answers, eventually, exchange


@pytest.fixture
def naive():
    naive = Naive()
    yield naive
    naive.stop()


def test_rows_tell_a_naive_server_from_a_strict_one(naive):
    wrong = 0
    for row in ROWS:
        before = naive.requests()
        _, last = sentinel()
        found = answers(exchange(naive.address, row.data + (b"" if row.is_cut else last)))
        expected = row.count + (0 if row.closes or row.is_cut or row.status else 1)
        statuses = [answer.status for answer in found[-1:]]
        wrong += naive.requests() - before != expected or row.status is not None and statuses != [row.status]
    assert wrong > len(ROWS) / 2


@pytest.mark.parametrize(
    ("start", "front", "name"),
    [(start_nginx, "nginx", "GET with a body"), (start_haproxy, "haproxy", "GET with chunks")],
)
def test_what_is_smuggled_through_a_proxy_is_seen(naive, start, front, name):
    [row] = [row for row in ROWS if row.name == name]
    with running(start, naive.address) as proxy:
        passage = Passage(naive, proxy, front, row)
        # It may be still at it: nobody waits for what nobody has asked.
        eventually(lambda: passage.count() > passage.passed_on)
