#!/usr/bin/env python3
"""Measures what waiting costs on the wire: interval polling, long polling, event stream, iframe stream.

    Benchmarks/traffic.py [--clients N] [--seconds S]

Clients with the header fields of a browser wait, each for a message a minute. It all happens in a network namespace of
its own, so the counters of its loopback interface count nothing else: bytes of IP packets, acknowledgements included.
The sends themselves are measured before, without clients, and taken off. $BROKERCTL names the binary.
Needs Linux and the right to make a network namespace.
"""

import argparse
import heapq
import os
import re
import selectors
import socket
import subprocess
import sys
import time
from pathlib import Path

FIELDS = (
    "Host: 127.0.0.1\r\nConnection: keep-alive\r\nsec-ch-ua-platform: \"Linux\"\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n"
    "Accept: */*\r\nsec-ch-ua: \"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\"\r\nsec-ch-ua-mobile: ?0\r\n"
    "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"
    "Referer: http://127.0.0.1/notify\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9\r\n\r\n"
)  # fmt: skip
WAYS = {
    "interval polling, each second": "/v1/poll?recipient={}&timeout=0",
    "long polling, 30 s": "/v1/poll?recipient={}&timeout=30",
    "event stream": "/v1/stream?recipient={}&cursor=now&as=sse",
    "iframe stream": "/v1/stream?recipient={}&cursor=now&as=iframe&callback=got",
}
MINUTE = 60.0
CONTENT = "0123456789" * 10


def wire_bytes():
    lines = Path("/proc/net/dev").read_text().splitlines()
    fields = next(line for line in lines if line.strip().startswith("lo:")).split(":")[1].split()
    return int(fields[0]), int(fields[1])


class Server:
    def __init__(self, binary):
        self.process = subprocess.Popen(
            [binary, "serve", "--port", "0", "--loops", "1", "--log-level", "error"], stdout=subprocess.PIPE, text=True
        )
        self.port = int(re.search(r"http://[^ ]*:(\d+)", self.process.stdout.readline()).group(1))

    def cpu_seconds(self):
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port))

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Waiting:
    """A client: asks, and asks again when it was answered; or reads what its stream has."""

    def __init__(self, server, number, target, interval):
        self.socket = server.connect()
        self.request = f"GET {target.format(f'client-{number}')} HTTP/1.1\r\n{FIELDS}".encode()
        self.interval = interval
        self.polls = "/poll" in target
        self.buffer = b""
        self.delivered = 0

    def ask(self):
        self.socket.sendall(self.request)

    def read(self):
        """Takes what has come; returns whether an answer is complete."""
        data = self.socket.recv(65536)
        if not data:
            sys.exit("the server ended a connection")
        self.buffer += data
        self.delivered += self.buffer.count(b'"content":')
        if not self.polls:
            # A message never comes in two pieces here: it is written in one go.
            self.buffer = b""
            return False
        head, end, body = self.buffer.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1)) if end else 0
        if not end or len(body) < length:
            self.delivered -= self.buffer.count(b'"content":')
            return False
        self.buffer = b""
        return True


def send(connection, number):
    body = f'{{"recipient":"client-{number}","content":"{CONTENT}"}}'
    head = "POST /v1/send HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    if not connection.recv(65536).startswith(b"HTTP/1.1 201"):
        sys.exit("a message was refused")


def run(binary, target, interval, clients, seconds, cost_of_send):
    """What one way costs: bytes, packets, CPU seconds of the server, messages delivered, seconds."""
    server = Server(binary)
    sender = server.connect()
    sends = int(clients * seconds / MINUTE)
    selector = selectors.DefaultSelector()
    waiting = [Waiting(server, number, target, interval) for number in range(clients)]
    begin = time.monotonic()
    # All begin spread over the first second, as pages that were opened at different times.
    schedule = [(begin + index / clients, index, "ask") for index in range(clients)]
    for client in waiting:
        selector.register(client.socket, selectors.EVENT_READ, client)
    serve_until(begin + 5, selector, schedule, waiting, sender)
    before = (*wire_bytes(), server.cpu_seconds(), sum(client.delivered for client in waiting))
    start = time.monotonic()
    for index in range(sends):
        # The last ones early enough to be fetched within the time.
        heapq.heappush(schedule, (start + (index + 0.5) * (seconds - 2) / sends, index % clients, "send"))
    serve_until(start + seconds, selector, schedule, waiting, sender)
    after = (*wire_bytes(), server.cpu_seconds(), sum(client.delivered for client in waiting))
    took = time.monotonic() - start
    server.stop()
    figures = [now - then for now, then in zip(after, before)]
    if figures[3] != sends:
        sys.exit(f"{sends} messages were sent and {figures[3]} delivered")
    return [figures[i] - sends * cost_of_send[i] for i in range(3)] + [figures[3], took]


def measure_sends(binary, count=200):
    """What a send costs of the same, without anybody who waits."""
    server = Server(binary)
    sender = server.connect()
    before = (*wire_bytes(), server.cpu_seconds())
    for number in range(count):
        send(sender, 10_000_000 + number)
        # Further apart than an acknowledgement is held back, as they are later.
        time.sleep(0.05)
    after = (*wire_bytes(), server.cpu_seconds())
    server.stop()
    return [(now - then) / count for now, then in zip(after, before)]


def serve_until(end, selector, schedule, waiting, sender):
    heapq.heapify(schedule)
    while (now := time.monotonic()) < end:
        while schedule and schedule[0][0] <= now:
            due, index, what = heapq.heappop(schedule)
            if what == "send":
                send(sender, index)
            else:
                waiting[index].ask()
                waiting[index].asked_at = due
        wake = min(end, schedule[0][0]) if schedule else end
        for key, _ in selector.select(max(0, wake - time.monotonic())):
            client = key.data
            if client.read():
                due = client.asked_at + client.interval if client.interval else time.monotonic()
                heapq.heappush(schedule, (due, waiting.index(client), "ask"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=120)
    options = parser.parse_args()
    root = Path(__file__).resolve().parents[1]
    binary = os.environ.get("BROKERCTL", str(root / ".build" / "release" / "brokerctl"))
    if "BROKER_TRAFFIC_NAMESPACE" not in os.environ:
        environment = {**os.environ, "BROKER_TRAFFIC_NAMESPACE": "1", "BROKERCTL": binary}
        command = ["unshare", "--map-root-user", "--net", sys.executable, *sys.argv]
        sys.exit(subprocess.run(command, env=environment).returncode)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    print(f"{options.clients} clients, {options.seconds:.0f} s each, a message a minute for each client\n")
    print("| way | bytes for each client and second | packets | server CPU, µs | bytes for each message | CPU, µs "
          "| 1 million clients (computed): Gbit/s | cores |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    cost_of_send = measure_sends(binary)
    for way, target in WAYS.items():
        interval = 1.0 if "interval" in way else 0
        figures = run(binary, target, interval, options.clients, options.seconds, cost_of_send)
        size, packets, cpu, messages, took = figures
        client_seconds = options.clients * took
        each = size / client_seconds
        print(f"| {way} | {each:.1f} | {packets / client_seconds:.3f} | {cpu / client_seconds * 1e6:.2f} "
              f"| {size / messages:.0f} | {cpu / messages * 1e6:.0f} | {each * 8e6 / 1e9:.2f} "
              f"| {cpu / client_seconds * 1e6:.2f} |", flush=True)  # fmt: skip


main()
