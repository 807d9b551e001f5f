"""What a promise is, and what its checks are made of."""

from collections.abc import Callable
from dataclasses import dataclass

from adapters import OLDEST, NotOffered
from httpclient import Closed


@dataclass(frozen=True)
class Promise:
    name: str
    text: str
    check: Callable
    # Needs the server's process.
    restarts: bool = False

    def outcome(self, service, inbox):
        """`kept`, `broken` or `not offered`, and what was seen."""
        try:
            self.check(service, inbox)
        except NotOffered as reason:
            return "not offered", str(reason)
        except (AssertionError, Closed, TimeoutError, ConnectionError) as failure:
            return "broken", str(failure).split("\n")[0] or repr(failure)
        return "kept", ""


PROMISES = {}


def promise(text, restarts=False):
    def register(check):
        name = check.__name__
        PROMISES[name] = Promise(name, text, check, restarts)
        return check

    return register


def drained(service, recipients, cursor=OLDEST):
    """Everything that a follower gets from a cursor on: contents in order, what was reported lost, and its cursor."""
    contents, lost = [], 0
    while (got := service.follow(recipients, cursor)).contents or got.lost:
        contents, lost, cursor = contents + got.contents, lost + got.lost, got.cursor
        assert len(contents) <= 5000, "the follower does not come to an end"
    return contents, lost, cursor


def expect(seen, promised, what):
    assert seen == promised, f"{what}: promised {promised!r}, seen {seen!r}"
