"""One row of the table: bytes that two readers may take for different requests, and how the broker must take them."""

from dataclasses import dataclass

# Stands for a recipient in a row's bytes; every test puts a name of the same length there.
INBOX = b"INBOX00"

LINE = b"POST /v1/send HTTP/1.1\r\n"
POST = LINE + b"Host: localhost\r\nContent-Type: application/json\r\n"
GET = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"
BODY = b'{"recipient":"%s","content":1}' % INBOX
SIZE = len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
LENGTH = b"Content-Length: %d\r\n" % SIZE
# A whole body in one chunk, and the end of chunks.
CHUNK = b"%x\r\n%s\r\n" % (SIZE, BODY)
END = b"0\r\n\r\n"
# What an attacker would like to have carried out, or to be put in front of somebody else's request.
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass(frozen=True)
class Row:
    """`status` of the refusal, or None; `count` of the requests that are read in front of it or altogether."""

    name: str
    data: bytes
    reason: str
    count: int
    status: int | None = None
    # The connection ends with the last request, so that whatever follows is not read.
    closes: bool = False
    # The last request never ends: nothing of it may be carried out.
    is_cut: bool = False
    # How many requests nginx passes on where it reads less than the broker does; 0 if it refuses the first.
    nginx_count: int | None = None


def refused(name, data, reason, status=400, after=0):
    """Refused with `status`, and the connection closed, behind `after` requests that are read."""
    return Row(name, data, reason, after, status)


def reads(name, data, count, reason, closes=False, nginx=None):
    """Read as `count` requests; by nginx as `nginx`, if that is less."""
    return Row(name, data, reason, count, closes=closes, nginx_count=nginx)


def cut(name, data, reason):
    """Too short to be a request, and never carried out."""
    return Row(name, data, reason, 0, is_cut=True)
