"""More than there is: descriptors, memory, patience."""

import resource
import socket
import threading
import time

from clients import PollReader, Reader
from httpclient import Closed, Connection
from ledger import Ledger, Row
from server import Server, get, poll_bytes, post, wait_until


def descriptors_spent(long):
    """EMFILE: twice as many clients as there are descriptors; who is in is served, the others come later."""
    room = 4000 if long else 300
    server = Server("--loops", "2")
    ledger = Ledger()
    inside = [server.connect().send(poll_bytes(f"inside-{number}", timeout=300)) for number in range(50)]
    wait_until(lambda: server.stats()["readers"]["waiting"] == 50)
    # It read its limit when it started, and accepts no more connections than that allows; this comes as a surprise.
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (room, room))
    with server.connect() as connection:
        crowd = []
        for _ in range(2 * room):
            # More than the kernel keeps waiting for the server are refused by the kernel.
            other = socket.socket()
            other.setblocking(False)
            other.connect_ex(("127.0.0.1", server.port))
            crowd.append(other)
        busy = server.cpu_seconds()
        time.sleep(1)
        busy = server.cpu_seconds() - busy
        turned_away = sum(_was_closed(other) for other in crowd)
        for number in range(50):
            assert ledger.send(connection, f"inside-{number}").json["online"] == 1
        for client in inside:
            ledger.took(client.answer().json)
        for other in crowd:
            other.close()
        for number in range(50):
            ledger.send(connection, f"inside-{number}")
    wait_until(lambda: _answers(server))
    ledger.drain(server)
    row = ledger.taken_row()
    if turned_away == 0:
        row.faults.append("nobody was turned away")
    if busy > 0.5:
        row.faults.append(f"{busy:.2f} s of CPU in a second of waiting")
    row.notes.append(
        f"{room} descriptors, {2 * room} more clients, {turned_away} of them turned away; "
        f"{busy:.2f} s of CPU in a second of waiting"
    )
    for client in inside:
        client.close()
    return server.end(row)


def _was_closed(client):
    try:
        return client.recv(1000) == b"" or _was_closed(client)
    except BlockingIOError:
        return False
    except OSError:
        return True


def _answers(server):
    try:
        return server.get("/health/live").status == 200
    except (Closed, OSError):
        return False


def full_inbox(long):
    """One recipient reaches its limits, by number and by bytes, with either policy; the others notice nothing."""
    sends = 20_000 if long else 2500
    row = Row()
    for policy in ("refuse", "drop-oldest"):
        server = Server("--loops", "2", "--when-full", policy, "--retain-read-seconds", "1")
        ledger = Ledger()
        statuses = []
        with server.connect() as connection:
            for number in range(sends):
                name, padding = (("numbers", 0), ("bytes", 5000))[number % 2]
                statuses.append(ledger.send(connection, name, padding=padding).status)
                if number % 10 == 0:
                    assert ledger.send(connection, "others").status == 201
                    ledger.took(get(connection, "/v1/poll", recipient="others", timeout=0).json)
            for name in ("numbers", "bytes"):
                inbox = server.inbox(name)
                if inbox["kept"] > 1000 or inbox["bytes"] > 1 << 20:
                    row.faults.append(f"beyond its limit: {inbox}")
        ledger.drain(server)
        row.add(ledger.taken_row())
        row.notes.append(f"{policy}: {statuses.count(201)} accepted, {statuses.count(429)} refused")
        server.stop()
        row.faults += server.faults
    return row


def spent_memory(long):
    """All recipients together reach the limit of memory: 507, and everything that was accepted is there."""
    room = (256 << 20) if long else (8 << 20)
    server = Server("--loops", "2", "--memory-bytes-max", str(room), "--retain-read-seconds", "1")
    baseline = server.resident_bytes()
    ledger = Ledger()
    statuses = []

    def fill(part):
        with server.connect() as connection:
            refused = 0
            for number in range(1_000_000):
                padding = [0, 500, 20_000][number % 3]
                status = ledger.send(connection, f"memory-{part}-{number % 500}", padding).status
                statuses.append(status)
                refused += status == 507
                if refused == 200:
                    return

    for _ in range(2):
        threads = [threading.Thread(target=fill, args=(part,)) for part in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        used = server.stats()["memory"]["bytes"]
        # A half is taken, and the room is used again.
        ledger.drain(server, list(ledger.accepted)[: len(ledger.accepted) // 2])
        wait_until(lambda: server.stats()["messages"]["kept"] == server.stats()["messages"]["unread"])
    peak = server.peak_bytes - baseline
    ledger.drain(server)
    wait_until(lambda: server.stats()["messages"]["kept"] == 0)
    row = ledger.taken_row()
    if peak > 1.25 * room + (32 << 20):
        row.faults.append(f"the process grew by {peak >> 20} MiB at a limit of {room >> 20}")
    if set(statuses) != {201, 507}:
        row.faults.append(f"statuses {set(statuses)}")
    row.notes.append(
        f"{statuses.count(507)} refused; {used / room:.1%} of {room >> 20} MiB used; "
        f"the process grew by {peak >> 20} MiB"
    )
    return server.end(row)


# Each way to be told something, following and taking.
WAYS = [(way, takes) for takes in (False, True) for way in ("ndjson", "sse", "iframe", "poll")]


def slow_readers(long):
    """Readers of one byte a second on all streams and polls, under megabytes: memory is bounded, gaps are exact."""
    slow_count, sends, seconds = (496, 20_000, 90) if long else (48, 3000, 6)
    server = Server("--loops", "2", "--when-full", "drop-oldest")
    baseline = server.resident_bytes()
    follows, takes = Ledger(), Ledger()
    start = server.get("/v1/poll", recipient="slow", cursor="now", timeout=0).json["cursor"]
    fast = [Reader(server.connect(), "slow", cursor="now") for _ in range(2)]
    readers = []

    def read(number):
        way, taking = WAYS[number % len(WAYS)]
        name = f"taken-{number}" if taking else "slow"
        fields = {} if taking and way == "poll" else {"take": 1} if taking else {"cursor": start}
        connection = server.connect(receive_buffer_bytes=4096)
        reader = PollReader(connection, name, **fields) if way == "poll" else Reader(connection, name, way, **fields)
        readers.append((way, name, reader))

    polling = [number for number in range(slow_count) if WAYS[number % len(WAYS)][0] == "poll"]
    for number in set(range(slow_count)) - set(polling[1::2]):
        read(number)
    taken_names = [f"taken-{number}" for number in range(slow_count) if WAYS[number % len(WAYS)][1]]
    done = threading.Event()

    def crawl():
        while not done.wait(1):
            for _, _, reader in list(readers):
                try:
                    reader.connection.buffer += reader.connection.socket.recv(1, socket.MSG_DONTWAIT)
                except OSError:
                    pass

    crawler = threading.Thread(target=crawl)
    crawler.start()
    began = time.monotonic()
    most_pending = 0
    with server.connect() as connection:
        pause = seconds / sends
        for number in range(sends):
            follows.send(connection, "slow", padding=2000)
            if number % 10 == 0:
                takes.send(connection, taken_names[number // 10 % len(taken_names)], padding=2000)
            if number % 50 == 0:
                for reader in fast:
                    reader.read_to(follows.accepted["slow"][-1])
                most_pending = max(most_pending, server.stats()["buffers"]["bytes"])
            if number == 250:
                # The other polls find a hundred messages at once, in an answer of 200 KB.
                for late in polling[1::2]:
                    read(late)
            time.sleep(max(0, began + number * pause - time.monotonic()))
        done.set()
        crawler.join()
        peak = server.peak_bytes - baseline
        follows.send(connection, "slow")
    last = follows.accepted["slow"][-1]
    for reader in fast:
        reader.read_to(last)
        follows.followed("slow", reader.seen, reader.gap)
    # Now they read as fast as they can; who was cut off comes back with its cursor.
    cut = {way: 0 for way, _ in WAYS}
    for way, name, reader in readers:
        if name == "slow":
            reader.read_to(last)
            cut[way] += reader.has_ended
            if reader.has_ended:
                after = Reader(server.connect(), name, cursor=reader.cursor or start).read_to(last)
                reader.seen += after.seen
                reader.gap += after.gap
                after.connection.close()
            follows.followed(name, reader.seen, reader.gap)
        else:
            while len(reader.seen) < len(takes.accepted[name]) and not reader.has_ended:
                reader.line()
            cut[way] += reader.has_ended
            for number in reader.seen:
                takes.taken[name][number] += 1
            # Of a write that was cut off in the middle, a stream's client may have read the beginning.
            if reader.has_ended and way != "poll":
                takes.told_twice.update(reader.seen)
        reader.connection.close()
    for reader in fast:
        reader.connection.close()
    takes.drain(server)
    row = follows.followed_row()
    row.add(takes.taken_row())
    wait_until(lambda: server.stats()["buffers"]["bytes"] == 0)
    row.notes.append(
        f"{slow_count} slow readers in {len(WAYS)} ways: {most_pending >> 10} KiB in buffers at most, "
        f"the process grew by {peak >> 20} MiB at most; cut off: "
        + ", ".join(f"{count} on {way}" for way, count in cut.items())
    )
    return server.end(row)


def slowloris(long):
    """Clients that send a byte now and then: heads and bodies that never end; others are served meanwhile."""
    clients, head, body = (2000, 10, 60) if long else (200, 1, 2)
    flags = [] if long else ["--header-timeout-seconds", "1", "--body-timeout-seconds", "2"]
    server = Server("--loops", "2", *flags)
    ledger = Ledger()
    start = b"POST /v1/send HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    kinds = [start, start + b"Content-Length: 100000\r\n\r\n", start + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n"]
    slow = []
    for number in range(clients):
        connection = server.connect()
        connection.send(kinds[number % 3])
        connection.socket.setblocking(False)
        slow.append(connection)
    began = time.monotonic()
    worst = 0
    open_until = {}
    with server.connect() as connection:
        while len(open_until) < clients and time.monotonic() < began + body + 30:
            for index, other in enumerate(slow):
                if index in open_until:
                    continue
                try:
                    other.socket.send(b"x")
                    other.buffer += other.socket.recv(4096) or b"END"
                except BlockingIOError:
                    continue
                except OSError:
                    other.buffer += b"END"
                if other.buffer.endswith(b"END"):
                    open_until[index] = time.monotonic() - began
            sent = time.monotonic()
            ledger.send(connection, "others")
            ledger.took(get(connection, "/v1/poll", recipient="others", timeout=0).json)
            worst = max(worst, time.monotonic() - sent)
    row = ledger.taken_row()
    told = sum(b" 408 " in other.buffer for other in slow)
    last = [max(open_until.get(index, 999) for index in range(kind, clients, 3)) for kind in range(3)]
    if max(last[0] - head, last[1] - body, last[2] - body) > 5:
        row.faults.append(f"were open for too long: {last}")
    for other in slow:
        other.close()
    wait_until(lambda: server.stats()["buffers"]["bytes"] == 0 and server.stats()["connections"]["open"] <= 2)
    row.notes.append(
        f"{clients} slow clients, {told} told 408; heads cut after {last[0]:.1f} s, "
        f"bodies after {max(last[1:]):.1f} s; others' worst send and poll {worst * 1000:.0f} ms"
    )
    return server.end(row)


FAULTS = [descriptors_spent, full_inbox, spent_memory, slow_readers, slowloris]
