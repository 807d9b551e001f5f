"""Clients that reset their connections at random; the accounting knows what each of them had, read and unread."""

import random
import re
import socket
import threading
import time

from clients import Reader
from httpclient import Closed
from ledger import Ledger
from server import Server, poll_bytes, wait_until

# Within this time the server has looked whether what it wrote has arrived.
RECENT_SECONDS = 0.3


def resetting_clients(long):
    """Resets at random: in mid-poll, in mid-stream, with an answer unread, and right after one was read.

    Inherent are two things. A client that resets right after it has read, without another word, looks like one that did
    not read: what it had is given out again. And a client that leaves an answer unread for so long that it has been
    confirmed, because its system had acknowledged it, has lost it.
    """
    server = Server("--loops", "2")
    ledger = Ledger()
    recipients = [f"reset-{number}" for number in range(12)]
    done = threading.Event()
    threads = [threading.Thread(target=_send, args=(server, ledger, recipients, done, seed)) for seed in range(4)]
    threads += [threading.Thread(target=_take, args=(server, ledger, recipients, done, seed)) for seed in range(6)]
    threads += [threading.Thread(target=_stream, args=(server, ledger, recipients, done, seed)) for seed in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(90 if long else 5)
    done.set()
    for thread in threads:
        thread.join(60)
    wait_until(lambda: server.readers() == (0, 0))
    ledger.drain(server)
    row = ledger.taken_row()
    twice = sum(count - 1 for seen in ledger.taken.values() for count in seen.values() if count > 1)
    row.notes.append(f"{twice} twice after a reset behind the reading, {row.inherent - twice} confirmed and unread")
    return server.end(row)


def _send(server, ledger, recipients, done, seed):
    chance = random.Random(seed)
    with server.connect() as connection:
        while not done.is_set():
            ledger.send(connection, chance.choice(recipients))
            time.sleep(0.001)


def _take(server, ledger, recipients, done, seed):
    chance = random.Random(seed)
    while not done.is_set():
        connection = server.connect()
        try:
            for _ in range(chance.randrange(1, 6)):
                names = chance.sample(recipients, chance.choice([1, 1, 2, 5]))
                fields = {"timeout": chance.choice([0, 0.05, 0.5]), "limit": chance.choice([1, 3, 100])}
                connection.send(poll_bytes(names, **fields))
                if chance.random() < 0.15:
                    time.sleep(chance.random() * 0.03)
                    _reset_unread(ledger, connection)
                    break
                answer = connection.answer().json
                ledger.took(answer)
                if chance.random() < 0.03:
                    _reset_read(ledger, connection, [message["content"][0] for message in answer.get("messages", [])])
                    break
        except (Closed, OSError):
            pass
        finally:
            connection.close()


def _stream(server, ledger, recipients, done, seed):
    chance = random.Random(seed)
    read_at = {}
    while not done.is_set():
        connection = server.connect(seconds=0.2)
        names = chance.sample(recipients, chance.choice([1, 3]))
        try:
            reader = Reader(connection, names, take=1)
        except (Closed, OSError):
            connection.close()
            continue
        end = time.monotonic() + chance.random() * 0.3
        while time.monotonic() < end and not reader.has_ended:
            value = reader.line()
            if value and "content" in value:
                ledger.took({"messages": [value]})
                read_at[value["content"][0]] = time.monotonic()
        # What was read earlier than that has been confirmed.
        recent = [number for number in reader.seen if read_at[number] > time.monotonic() - RECENT_SECONDS]
        _reset_read(ledger, connection, recent, reader.stream.text)


def _reset_unread(ledger, connection):
    """What is in the kernel now is never read."""
    connection.socket.setblocking(False)
    try:
        ledger.thrown_away |= _numbers(connection.socket.recv(1 << 20, socket.MSG_PEEK))
    except OSError:
        pass
    connection.reset()


def _reset_read(ledger, connection, numbers, buffered=b""):
    """What was read is perhaps unconfirmed; what came behind it is not read."""
    ledger.told_twice |= set(numbers)
    ledger.thrown_away |= _numbers(buffered)
    _reset_unread(ledger, connection)


def _numbers(data):
    return {int(number) for number in re.findall(rb'"content":\[(\d+),', data)}


FAULTS = [resetting_clients]
