"""Proxies in between: that cut, that hold back, that break up."""

import random
import threading
import time
from collections import Counter

from clients import Reader
from httpclient import Closed, Connection
from ledger import Ledger
from proxies import Missing, Nginx, Proxy, is_up
from server import Server, get, post, wait_until


def through(proxy, seconds=90):
    connection = Connection(proxy.port)
    connection.socket.settimeout(seconds)
    return connection


def idle_cutting_proxy(long):
    """A proxy that cuts after 60 s (1 s) of silence: long polls that wait longer, and streams that ping."""
    server = Server("--loops", "2", *([] if long else ["--ping-seconds", "0.3"]))
    proxy = Proxy(server, idle=60 if long else 1)
    row = _takers_and_followers(server, proxy, duration=200 if long else 8, pause=6 if long else 0.05)
    row.notes.append(f"{proxy.cuts} of {proxy.connections} connections cut")
    return _end(row, server, proxy)


def short_lived_proxy(long):
    """A proxy that cuts every connection after 60 s (0.7 s), also in the middle of an answer: followers and leases."""
    server = Server("--loops", "2", *([] if long else ["--ping-seconds", "0.3"]))
    proxy = Proxy(server, life=60 if long else 0.7)
    ledger, follows = Ledger(), Ledger()
    done = threading.Event()
    again = Counter()
    threads = [threading.Thread(target=_work, args=(proxy, ledger, f"leased-{n % 4}", done, again)) for n in range(8)]
    readers = [_Follower(proxy, f"followed-{number % 4}", done) for number in range(12)]
    for thread in threads + readers:
        thread.start()
    _send_for(200 if long else 6, server, [(ledger, "leased"), (follows, "followed")], pause=0.01, padding=2000)
    _finish(server, follows, readers)
    wait_until(lambda: _is_worked_off(server), seconds=60)
    done.set()
    for thread in threads + readers:
        thread.join(120)
    row = ledger.taken_row()
    row.add(follows.followed_row())
    row.notes.append(f"{proxy.cuts} of {proxy.connections} connections cut, {again['again']} leases given out again")
    return _end(row, server, proxy)


def buffering_proxy(long):
    """A proxy that passes streams on in blocks of 4 KiB only: what it holds back is had by asking elsewhere."""
    server = Server("--loops", "2")
    proxy = Proxy(server, block=4096)
    ledger = Ledger()
    with server.connect() as connection:
        for number in range(400):
            ledger.send(connection, f"held-{number % 4}")
        readers = [Reader(through(proxy, seconds=1), f"held-{number % 4}", cursor=0) for number in range(4)]
        for number in range(3000 if long else 400):
            ledger.send(connection, f"held-{number % 4}")
    held = 0
    for number, reader in enumerate(readers):
        name = f"held-{number % 4}"
        last = ledger.accepted[name][-1]
        reader.read_to(last)
        missing = len(ledger.accepted[name]) - len(reader.seen)
        held += missing
        if missing:
            reader.connection.close()
            rest = Reader(server.connect(), name, cursor=reader.cursor).read_to(last)
            reader.seen += rest.seen
            reader.gap += rest.gap
            rest.connection.close()
        ledger.followed(name, reader.seen, reader.gap)
    row = ledger.followed_row()
    row.notes.append(f"{held} messages were stuck in the proxy")
    return _end(row, server, proxy)


def nginx_in_between(long):
    """A real nginx with its buffering on, its 60 s and its keep-alive: polls and streams."""
    server = Server("--loops", "2", *([] if long else ["--ping-seconds", "0.5"]))
    try:
        proxy = Nginx(server)
    except Missing:
        server.stop()
        raise
    wait_until(lambda: is_up(lambda: through(proxy)))
    row = _takers_and_followers(server, proxy, duration=150 if long else 5, pause=1.0 if long else 0.01)
    return _end(row, server, proxy)


def scattering_proxy(long):
    """A proxy that breaks everything up into 1 to 7 bytes and puts bodies into chunks."""
    server = Server("--loops", "2", "--ping-seconds", "0.5")
    proxy = Proxy(server, scatter=True)
    row = _takers_and_followers(server, proxy, duration=60 if long else 4, pause=0.01, sends_through=proxy)
    return _end(row, server, proxy)


class _Follower(threading.Thread):
    """Follows, and comes back with its cursor whenever it is cut off."""

    def __init__(self, proxy, recipient, done):
        super().__init__()
        self.proxy, self.recipient, self.done = proxy, recipient, done
        self.seen, self.gap, self.cursor, self.until = [], 0, 0, None

    def run(self):
        while not self._has_all():
            try:
                reader = Reader(through(self.proxy), self.recipient, cursor=self.cursor)
            except (Closed, OSError):
                continue
            while not reader.has_ended and not self._has_all(reader.seen):
                reader.line()
            reader.connection.close()
            self.seen += reader.seen
            self.gap += reader.gap
            self.cursor = reader.cursor or self.cursor

    def _has_all(self, more=()):
        return self.done.is_set() or self.until is not None and self.until in (*self.seen[-1:], *more[-1:])


def _takers_and_followers(server, proxy, duration, pause, sends_through=None):
    ledger, follows = Ledger(), Ledger()
    done = threading.Event()
    takers = [threading.Thread(target=_take, args=(proxy, ledger, f"taken-{n % 10}", done)) for n in range(20)]
    readers = [_Follower(proxy, f"followed-{number % 4}", done) for number in range(8)]
    for thread in takers + readers:
        thread.start()
    _send_for(duration, server, [(ledger, "taken"), (follows, "followed")], pause, sends_through=sends_through)
    _finish(server, follows, readers)
    done.set()
    # Takers that wait are woken by a last message each.
    while any(thread.is_alive() for thread in takers):
        with server.connect() as connection:
            for number in range(10):
                ledger.send(connection, f"taken-{number}")
        time.sleep(0.1)
    ledger.drain(server)
    ledger.thrown_away = proxy.thrown_away
    row = ledger.taken_row()
    row.add(follows.followed_row())
    return row


def _take(proxy, ledger, recipient, done):
    while not done.is_set():
        try:
            with through(proxy) as connection:
                while not done.is_set():
                    answer = get(connection, "/v1/poll", recipient=recipient, timeout=300)
                    # 504 is the proxy's own.
                    if answer.status == 200:
                        ledger.took(answer.json)
        except (Closed, OSError):
            pass


def _work(proxy, ledger, recipient, done, again):
    """Leases, works, acks; work that was done is not done again."""
    finished = ledger.taken[recipient]
    while not done.is_set():
        try:
            with through(proxy) as connection:
                while not done.is_set():
                    answer = get(connection, "/v1/poll", recipient=recipient, timeout=0.3, lease=1, limit=5).json
                    messages = answer.get("messages", [])
                    for message in messages:
                        again["again"] += message["attempt"] > 1
                        with ledger.lock:
                            finished[message["content"][0]] = 1
                    if messages:
                        post(connection, "/v1/ack", recipient=recipient, ids=[message["id"] for message in messages])
        except (Closed, OSError):
            pass


def _send_for(seconds, server, books, pause, padding=0, sends_through=None):
    end = time.monotonic() + seconds
    chance = random.Random(2)
    connection = through(sends_through) if sends_through else server.connect()
    with connection:
        while time.monotonic() < end:
            for ledger, prefix in books:
                recipient = f"{prefix}-{chance.randrange(10 if prefix == 'taken' else 4)}"
                assert ledger.send(connection, recipient, padding=padding).status == 201
            time.sleep(pause)


def _finish(server, follows, readers):
    """A last message for each follower, and the wait until all have it."""
    with server.connect() as connection:
        for recipient in sorted({reader.recipient for reader in readers}):
            follows.send(connection, recipient)
    for reader in readers:
        reader.until = follows.accepted[reader.recipient][-1]
    for reader in readers:
        reader.join(120)
        follows.followed(reader.recipient, reader.seen, reader.gap)


def _is_worked_off(server):
    """Whether everything that was leased has been acked."""
    return all(
        server.inbox(f"leased-{number}")[kind] == 0 for number in range(4) for kind in ("unread", "leased")
    )


def _end(row, server, proxy):
    proxy.close()
    return server.end(row)


FAULTS = [idle_cutting_proxy, short_lived_proxy, buffering_proxy, nginx_in_between, scattering_proxy]
