"""Peers that vanish without a word, in network namespaces."""

import time

from clients import Reader
from ledger import Ledger
from network import SERVER_ADDRESS, Network
from server import Server, poll_bytes, wait_until


def vanished_peers(long):
    """Polls, leases and streams whose cable is pulled out; what they were given comes back, for the next."""
    network = Network()
    each = 100 if long else 20
    # The default is the half a minute of the long run.
    flags = [] if long else ["--write-timeout-seconds", "2", "--ping-seconds", "1"]
    ledger, follows = Ledger(), Ledger()
    try:
        with network.server:
            server = Server("--loops", "2", *flags, host=SERVER_ADDRESS)
            kinds = {"take": {}, "lease": {"lease": 300}, "follow": {"cursor": "now"}}
            parked = []
            with network.client:
                for kind, fields in kinds.items():
                    for number in range(each):
                        parked.append(server.connect().send(poll_bytes(f"{kind}-{number}", timeout=300, **fields)))
                streams = {
                    f"{kind}-{number}": Reader(server.connect(), f"{kind}-{number}", **fields)
                    for kind, fields in (("taken", {"take": 1}), ("followed", {"cursor": 0}))
                    for number in range(each)
                }
            wait_until(lambda: server.readers() == (3 * each, 2 * each))
            with server.connect() as connection:
                for name, reader in streams.items():
                    book = follows if name.startswith("followed") else ledger
                    book.send(connection, name)
                    while not reader.seen:
                        reader.line()
                    if book is ledger:
                        ledger.taken[name][reader.seen[-1]] += 1
                # Those who took have read it, which is known when nothing is on its way.
                wait_until(lambda: server.stats()["messages"]["leased"] == 0)
                network.unplug()
                start = time.monotonic()
                names = [f"{kind}-{number}" for kind in ("take", "lease", "taken") for number in range(each)]
                online = sum(ledger.send(connection, name).json["online"] for name in names)
                for number in range(each):
                    follows.send(connection, f"followed-{number}")
                wait_until(lambda: server.stats()["messages"]["leased"] == 0, seconds=90)
                given_back = time.monotonic() - start
                wait_until(lambda: server.stats()["readers"]["streaming"] == 0, seconds=90)
                late = sum(ledger.send(connection, name).json["online"] for name in names)
            ledger.drain(server)
            network.plug()
            for number in range(each):
                name = f"followed-{number}"
                before = streams[name]
                with network.client:
                    after = Reader(server.connect(), name, cursor=before.cursor).read_to(follows.accepted[name][-1])
                follows.followed(name, before.seen + after.seen, before.gap + after.gap)
                after.connection.close()
            row = ledger.taken_row()
            row.add(follows.followed_row())
            if late:
                row.faults.append(f"{late} were online after what they had was given back")
            row.notes.append(f"{5 * each} vanished; {online} were given something, all back after {given_back:.1f} s")
            for connection in parked + [reader.connection for reader in streams.values()]:
                connection.close()
            server.stop()
            row.faults += server.faults
            return row
    finally:
        network.close()


FAULTS = [vanished_peers]
