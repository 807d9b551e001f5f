"""What the promises are checked through: one face for every kind of server that hands messages to recipients."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

# Where a follower begins that has no cursor yet: at the oldest message that is kept, or with those to come.
OLDEST, NOW = "0", "now"


class NotOffered(Exception):
    """The service has nothing that could keep or break this promise."""


@dataclass(frozen=True)
class Sent:
    """What a sender is told."""

    accepted: bool
    id: str | None = None
    online: int | None = None
    unread: int | None = None
    evicted: int = 0
    duplicate: bool = False


@dataclass(frozen=True)
class Got:
    """What a poll is told; `raw` is the status and the body as they came."""

    contents: list = field(default_factory=list)
    cursor: str | None = None
    lost: int = 0
    reset: bool = False
    unread: int | None = None
    ids: list = field(default_factory=list)
    attempts: list = field(default_factory=list)
    refused: bool = False
    raw: tuple = ()


class Service(ABC):
    """A server, spoken to in the words of DESIGN's delivery promises."""

    name: str
    # How many messages an inbox (a channel's buffer) keeps.
    slots: int
    # Status and body of a poll that found nothing until its timeout.
    empty: tuple
    # All in seconds: the shortest that a poll may wait, the shortest life of a message, the time between heartbeats.
    shortest_wait: float
    ttl = 1
    ping: float

    @abstractmethod
    def send(self, recipient, content, **more) -> Sent: ...

    def send_all(self, recipient, contents):
        """Sends many, in order; answers what was told of each."""
        return [self.send(recipient, content) for content in contents]

    @abstractmethod
    def follow(self, recipients, cursor=OLDEST, wait=0, limit=1) -> Got:
        """Asks for what comes after the cursor; waits as long as it is told."""

    @abstractmethod
    def park(self, recipient, cursor=None, **more):
        """A poll that waits at the server by the time this answers: `result()`, `close()`; takes without a cursor."""

    @abstractmethod
    def stream(self, recipient, cursor=OLDEST, kind="sse"):
        """An open stream: `next()` gives `readers.Item`s, `close()` leaves."""

    @abstractmethod
    def delete(self, recipient): ...

    @abstractmethod
    def online(self, recipient) -> int:
        """How many readers are there at this moment."""

    def restart(self):
        """Ends the server and starts it anew, with nothing in it."""
        raise NotOffered("a restart: the process is not ours")

    def take(self, recipient, wait=0, limit=1000, lease=None) -> Got:
        raise NotOffered("taking: every reader gets every message")

    def acknowledge(self, recipient, ids):
        raise NotOffered("acknowledging")

    def release(self, recipient, ids):
        raise NotOffered("leases")

    def extend(self, recipient, ids, lease) -> bool:
        raise NotOffered("leases")

    def unread(self, recipient) -> int:
        raise NotOffered("unread counts")
