"""A wall clock that jumps, an hour back and forth."""

import mmap
import shutil
import subprocess
import tempfile
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from clients import Reader
from ledger import Ledger
from proxies import Missing
from server import Server, get, post


class Clock:
    """Moves the wall clock of a server by a library that is loaded before all others; the monotonic one goes on."""

    def __init__(self):
        compiler = next((name for name in ("clang", "cc", "gcc") if shutil.which(name)), None)
        if not compiler:
            raise Missing("there is no C compiler")
        self.folder = tempfile.TemporaryDirectory()
        library, file = Path(self.folder.name) / "clockshift.so", Path(self.folder.name) / "shift"
        source = Path(__file__).with_name("clockshift.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
        file.write_bytes(bytes(8))
        with file.open("r+b") as opened:
            self.map = mmap.mmap(opened.fileno(), 8)
        self.environment = {"LD_PRELOAD": str(library), "CLOCKSHIFT": str(file)}

    def jump(self, seconds):
        self.map[:] = seconds.to_bytes(8, "little", signed=True)


def jumping_clock(long):
    """The wall clock jumps an hour back and forth under load: nothing expires early, and no order changes."""
    clock = Clock()
    flags = ["--loops", "2", "--retain-read-seconds", "3", "--ping-seconds", "0.5"]
    server = Server(*flags, environment=clock.environment)
    ledger, follows = Ledger(), Ledger()
    done = threading.Event()
    errors = []

    def take():
        with server.connect() as connection:
            while not done.is_set():
                start = time.monotonic()
                answer = get(connection, "/v1/poll", recipient="jumps-taken", timeout=0.3).json
                ledger.took(answer)
                if answer["success"] == "0" and not 0.29 < time.monotonic() - start < 5:
                    errors.append(f"a poll of 0.3 s took {time.monotonic() - start:.2f} s")

    def follow():
        reader = Reader(server.connect(), "jumps-followed", cursor=0)
        while not reader.has_ended and reader.seen[-1:] != follows_last:
            reader.line()
        follows.followed("jumps-followed", reader.seen, reader.gap)
        reader.connection.close()

    follows_last = [None]
    threads = [threading.Thread(target=take), threading.Thread(target=follow)]
    for thread in threads:
        thread.start()
    jumps = 0
    end = time.monotonic() + (120 if long else 6)
    with server.connect() as connection:
        ledger.send(connection, "jumps-leased")
        # Longer than all of the jumping, but much less than an hour.
        lease = 300 if long else 60
        leased = get(connection, "/v1/poll", recipient="jumps-leased", lease=lease).json["messages"][0]
        ledger.send(connection, "jumps-kept", ttlSeconds=lease)
        once = {"recipient": "jumps-once", "sender": "s", "key": "k", "content": [0, ""]}
        first = post(connection, "/v1/send", **once).json["id"]
        while time.monotonic() < end:
            jumps += 1
            clock.jump([3600, -3600, 0][jumps % 3])
            for _ in range(5):
                ledger.send(connection, "jumps-taken", ttlSeconds=lease)
                follows.send(connection, "jumps-followed")
            again = post(connection, "/v1/send", **once).json
            if again["id"] != first or not again.get("duplicate"):
                errors.append("a key was forgotten")
            if server.inbox("jumps-leased")["leased"] != 1:
                errors.append("a lease ended early")
            time.sleep(0.02)
        clock.jump(3600)
        follows.send(connection, "jumps-followed")
        follows_last[:] = [follows.accepted["jumps-followed"][-1]]
        done.set()
        for thread in threads:
            thread.join(30)
        kept = get(connection, "/v1/poll", recipient="jumps-followed", cursor=0, timeout=0, limit=1000).json["messages"]
        sent_at = kept[-1]["sentAt"]
        ahead = datetime.fromisoformat(sent_at.replace("Z", "+00:00")) - datetime.now(timezone.utc)
        if not timedelta(minutes=59) < ahead < timedelta(minutes=61):
            errors.append(f"the clock did not jump at all: {ahead}")
        ledger.taken["jumps-leased"][leased["content"][0]] += 1
        post(connection, "/v1/ack", recipient="jumps-leased", ids=[leased["id"]])
    ledger.drain(server)
    row = ledger.taken_row()
    row.add(follows.followed_row())
    row.faults += errors[:3]
    row.notes.append(f"{jumps} jumps")
    return server.end(row)


FAULTS = [jumping_clock]
