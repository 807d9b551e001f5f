"""Many at once: a crowd that leaves, and a storm of sends with one key."""

import resource
import signal
import threading
import time

from clients import Doomed
from ledger import Ledger, Row
from server import Server, get, poll_bytes, post, wait_until


def crowd_leaves(long):
    """10 000 (3 000) parked clients, all gone at once; what is sent in that moment is kept."""
    clients = 10_000 if long else 3000
    server = Server("--loops", "2")
    ledger = Ledger()
    recipients = [f"crowd-{number}" for number in range(clients // 20)]
    before = server.stats()
    baseline = server.resident_bytes()

    def park(tell):
        kept = []
        for number in range(clients):
            connection = server.connect()
            fields = {"lease": 2} if number % 2 else {}
            kept.append(connection.send(poll_bytes(recipients[number % len(recipients)], timeout=300, **fields)))
        tell("all are on their way")
        signal.pause()

    crowd = Doomed(park)
    crowd.heard()
    wait_until(lambda: server.stats()["readers"]["waiting"] == clients, seconds=90)
    parked = server.resident_bytes()
    with server.connect() as connection:
        crowd.kill()
        start = time.monotonic()
        online = sum(ledger.send(connection, recipient).json["online"] for recipient in recipients)
        wait_until(lambda: server.stats()["readers"]["waiting"] == 0)
        gone = time.monotonic() - start
        late = [ledger.send(connection, recipient).json["online"] for recipient in recipients]
    ledger.drain(server)
    row = ledger.taken_row()
    if any(late):
        row.faults.append("somebody was online after everybody had gone")
    wait_until(lambda: server.stats()["connections"]["open"] <= before["connections"]["open"] + 1)
    row.notes.append(
        f"{clients} noticed within {gone:.2f} s ({online} times 'online' in the first sends); "
        f"{(parked - baseline) / clients:.0f} resident bytes each while parked"
    )
    return server.end(row)


def storm_of_one_key(long):
    """50 senders with one key, again and again: the message is there once; another content is refused."""
    turns = 40 if long else 5
    server = Server("--loops", "2")
    row = Row()
    lock = threading.Lock()
    statuses = []
    ids = set()
    first = []

    def storm(sender):
        with server.connect() as connection:
            for turn in range(turns):
                for key in range(5):
                    content = [key, ""] if sender < 40 else [key, "another"]
                    name = {"recipient": f"storm-{key}", "sender": "storm", "key": f"key-{key}"}
                    if sender >= 40 and turn == 0:
                        # The first with a key decides; these come after it.
                        started.wait()
                    answer = post(connection, "/v1/send", content=content, **name)
                    with lock:
                        statuses.append(answer.status)
                        if answer.status == 201:
                            ids.add((key, answer.json["id"]))
                            if "duplicate" not in answer.json:
                                first.append(key)
                                if len(first) == 5:
                                    started.set()

    started = threading.Event()
    threads = [threading.Thread(target=storm, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row.sent = len(first)
    with server.connect() as connection:
        for key in range(5):
            messages = get(connection, "/v1/poll", recipient=f"storm-{key}", timeout=0).json.get("messages", [])
            row.delivered += bool(messages)
            row.doubled += max(0, len(messages) - 1)
    row.lost = row.sent - row.delivered
    if sorted(first) != list(range(5)) or len(ids) != 5:
        row.faults.append(f"not one first and one id for each key: {sorted(first)} {len(ids)}")
    if statuses.count(422) != 10 * turns * 5 or statuses.count(201) != 40 * turns * 5:
        row.faults.append(f"unexpected statuses: {({status: statuses.count(status) for status in set(statuses)})}")
    row.notes.append(f"{len(statuses)} sends, 5 keys: {statuses.count(201)} accepted, {statuses.count(422)} refused")
    return server.end(row)


FAULTS = [crowd_leaves, storm_of_one_key]
