"""Each row sent to the broker as it is: refused with its status, or read as so many requests."""

import itertools

import pytest
import rows_chunks
import rows_framing
import rows_lines
from row import BODY, GET, HIDDEN, INBOX, LENGTH, POST
from wire import answers, connect, exchange

ROWS = rows_framing.ROWS + rows_chunks.ROWS + rows_lines.ROWS
PROTOCOL_REFUSALS = (400, 413, 414, 417, 421, 431, 501, 505)
names = itertools.count(1)


def recipient():
    """A name as long as the one that stands in the rows."""
    return f"inb{next(names):04d}"


def sentinel():
    """A request that says in its answer that it was read as a request of its own."""
    path = f"/sentinel-{next(names)}"
    return path, b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_is_read_as_the_table_says(broker, row):
    inbox = recipient()
    before = broker.requests()
    data = row.data.replace(INBOX, inbox.encode())
    path, last = sentinel()
    found = answers(exchange(broker.address, data + (b"" if row.is_cut else last)))
    count = broker.requests() - before
    told = b"".join(answer.body for answer in found)
    if row.status is not None:
        # The requests in front are answered, then comes the refusal, and nothing behind it is looked at.
        assert [len(found), found[-1].status, count] == [row.count + 1, row.status, row.count], found
        assert found[-1].fields["connection"] == "close" and found[-1].code, found
        assert path.encode() not in told
    elif row.is_cut:
        assert [found, count] == [[], 0]
    elif row.closes:
        assert [len(found), count] == [row.count, row.count], found
        assert found[-1].fields["connection"] == "close" and path.encode() not in told
    else:
        assert [len(found), count] == [row.count + 1, row.count + 1], found
        # The last answer is the sentinel's: the row ended where the table says.
        assert found[-1].status == 404 and path.encode() in found[-1].body, found
    expected = [1] if INBOX in row.data and row.count and accepted(found) else []
    assert broker.contents(inbox) == expected


def accepted(found):
    return any(answer.status == 201 for answer in found)


def test_the_table_is_large_enough_and_its_names_are_one_each():
    assert len(ROWS) >= 60
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert all(row.status is None or row.status in PROTOCOL_REFUSALS for row in ROWS)
    assert all(row.reason for row in ROWS)


def test_a_body_that_was_not_invited_is_not_a_request(broker):
    """A client that is refused instead of invited may send its body all the same, or not: nobody knows."""
    before = broker.requests()
    head = b"POST /v1/ack HTTP/1.1\r\nHost: elsewhere\r\nExpect: 100-continue\r\n"
    head += b"Content-Length: %d\r\n\r\n" % len(HIDDEN)
    with connect(broker.address) as connection:
        connection.sendall(head)
        received = connection.recv(65536)
        connection.sendall(HIDDEN)
        while part := connection.recv(65536):
            received += part
    [answer] = answers(received)
    assert answer.status == 421 and answer.fields["connection"] == "close"
    assert broker.requests() == before


@pytest.mark.parametrize(
    "data", [GET + b"\r\n" + HIDDEN, POST + LENGTH + b"\r\n" + BODY + HIDDEN], ids=["without a body", "with a body"]
)
def test_cuts_do_not_matter(broker, data):
    data = data.replace(INBOX, recipient().encode())
    before = broker.requests()
    with connect(broker.address) as connection:
        for offset in range(len(data)):
            connection.sendall(data[offset : offset + 1])
        connection.sendall(HIDDEN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        received = b""
        while part := connection.recv(65536):
            received += part
    assert len(answers(received)) == 3 and broker.requests() - before == 3
