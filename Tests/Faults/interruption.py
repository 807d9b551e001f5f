"""Processes that are killed, stopped and ended: clients, and the server."""

import json
import signal
import threading
import time

from clients import Doomed, Reader
from httpclient import request_bytes
from ledger import Ledger, numbers
from server import Server, get, poll_bytes, post, stream_bytes, wait_until


def killed_clients(long):
    """kill -9 of clients in mid-body: of answers, of streams, of requests."""
    server = Server()
    ledger = Ledger()
    rounds = 300 if long else 40
    with server.connect() as connection:
        for turn in range(rounds):
            recipient = f"killed-{turn}"
            for _ in range(12):
                ledger.send(connection, recipient, padding=50_000)
            for body in (_take_a_part, _stream_a_part, _send_a_part, _send_and_go):
                client = Doomed(lambda tell, body=body: body(server, recipient, ledger, tell))
                said = client.heard()
                if body is _stream_a_part:
                    for number in said:
                        ledger.taken[recipient][number] += 1
                    # What was read has been acknowledged; it is confirmed within some milliseconds.
                    wait_until(lambda: 12 - _open(server, recipient) >= len(said))
                if body is _send_and_go:
                    ledger.unanswered.add((recipient, said))
                client.kill()
            wait_until(lambda: server.inbox(recipient)["leased"] == 0)
            ledger.drain(server, [recipient])
    row = ledger.taken_row()
    wait_until(lambda: server.stats()["buffers"]["bytes"] == 0)
    server.stop()
    row.faults += server.faults
    row.notes.append(f"{4 * rounds} clients killed")
    return row


def _open(server, recipient):
    inbox = server.inbox(recipient)
    return inbox["unread"] + inbox["leased"]


def _take_a_part(server, recipient, ledger, tell):
    connection = server.connect(receive_buffer_bytes=4096)
    connection.send(poll_bytes(recipient, limit=1000))
    connection.exactly(100_000)
    tell("in the middle of the answer")
    signal.pause()


def _stream_a_part(server, recipient, ledger, tell):
    reader = Reader(server.connect(receive_buffer_bytes=4096), recipient, take=1)
    for _ in range(3):
        reader.line()
    reader.connection.exactly(10_000)
    tell(reader.seen)
    signal.pause()


def _send_a_part(server, recipient, ledger, tell):
    body = json.dumps({"recipient": recipient, "content": [-1, "x" * 30_000]}).encode()
    data = request_bytes("POST", "/v1/send", [("Content-Type", "application/json")], body)
    connection = server.connect()
    connection.send(data[: len(data) // 2])
    chunked = server.connect()
    head = [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")]
    chunked.send(request_bytes("POST", "/v1/send", head) + b"7530\r\n" + body[:10_000])
    tell("in the middle of the request")
    signal.pause()


def _send_and_go(server, recipient, ledger, tell):
    # Far from the numbers that the parent gives meanwhile.
    number = 1_000_000_000 + next(numbers)
    tell(number)
    body = json.dumps({"recipient": recipient, "content": [number, ""]}).encode()
    server.connect().send(request_bytes("POST", "/v1/send", [("Content-Type", "application/json")], body))
    signal.pause()


def stopped_server(long):
    """SIGSTOP of the server, for half a minute (2 s), under load; then SIGCONT."""
    seconds = 30 if long else 2
    server = Server("--loops", "2")
    ledger = Ledger()
    recipients = [f"stopped-{number}" for number in range(8)]
    done = threading.Event()
    with server.connect() as connection:
        for _ in range(20):
            ledger.send(connection, "leased")
        leased = get(connection, "/v1/poll", recipient="leased", lease=1).json["messages"]
    threads = [threading.Thread(target=_take_on, args=(server, ledger, name, done)) for name in recipients * 2]
    threads += [threading.Thread(target=_send_on, args=(server, ledger, name, done)) for name in recipients]
    for thread in threads:
        thread.start()
    time.sleep(1)
    server.signal(signal.SIGSTOP)
    time.sleep(seconds)
    server.signal(signal.SIGCONT)
    time.sleep(1)
    done.set()
    for thread in threads:
        thread.join(60)
    wait_until(lambda: server.inbox("leased")["unread"] == len(leased) == 20)
    ledger.drain(server)
    row = ledger.taken_row()
    row.notes.append(f"stopped for {seconds} s; 20 leases ended meanwhile and came back")
    return server.end(row)


def _send_on(server, ledger, recipient, done):
    with server.connect(seconds=90) as connection:
        while not done.is_set():
            ledger.send(connection, recipient)
            time.sleep(0.002)


def _take_on(server, ledger, recipient, done):
    with server.connect(seconds=90) as connection:
        while not done.is_set():
            ledger.took(get(connection, "/v1/poll", recipient=recipient, timeout=0.5).json)


def ended_server(long):
    """SIGTERM with 5 000 (1 000) parked polls and 1 000 (200) streams: all are told, and what was sent is there."""
    polls, streams = (5000, 1000) if long else (1000, 200)
    server = Server("--loops", "2")
    ledger = Ledger()
    parked = []
    for number in range(polls):
        connection = server.connect()
        fields = [{}, {"cursor": "now"}, {"lease": 30}][number % 3]
        parked.append(connection.send(poll_bytes(f"polled-{number % 100}", timeout=300, **fields)))
    readers = [Reader(server.connect(), f"streamed-{number % 20}", cursor=0) for number in range(streams)]
    wait_until(lambda: server.readers() == (polls, streams), seconds=60)
    with server.connect() as connection:
        for number in range(200):
            ledger.send(connection, f"streamed-{number % 20}", padding=1000)
    start = time.monotonic()
    server.signal(signal.SIGTERM)
    answers = [connection.answer().json for connection in parked]
    for reader in readers:
        while not reader.has_ended:
            reader.line()
    server.stop()
    seconds = time.monotonic() - start
    for number, reader in enumerate(readers):
        ledger.followed(f"streamed-{number % 20}", reader.seen, reader.gap)
    row = ledger.followed_row()
    if any(answer["success"] != "0" for answer in answers):
        row.faults.append("a parked poll was not answered with success 0")
    if not all(reader.said_goodbye for reader in readers):
        row.faults.append(f"{sum(not reader.said_goodbye for reader in readers)} streams without 'bye'")
    if seconds > 10:
        row.faults.append(f"the end took {seconds:.1f} s")
    row.notes.append(f"{polls} polls and {streams} streams were told; ended after {seconds:.2f} s")
    row.faults += server.faults
    for connection in parked + [reader.connection for reader in readers]:
        connection.close()
    return row


FAULTS = [killed_clients, stopped_server, ended_server]
