#!/usr/bin/env python3
"""Measures how long a fan-out holds up everybody else.

    Benchmarks/fairness.py [--followers N] [--seconds S] [--turns T]

`brokerctl bench latency` sends 500 messages a second to 100 parked polls; in every other run a message goes to all
followers of another inbox twice a second meanwhile. The followers are streams that nobody reads, which costs no CPU on
their side: what they get fits into the kernel's buffers. The server has core 0 to itself, everything else core 1.
$BROKERCTL names the binary. Needs Linux and a descriptor for each follower in both processes.
"""

import argparse
import json
import os
import re
import resource
import socket
import subprocess
import threading

MEASURES = {"delivery": "sendToDelivery", "the generator itself late": "generatorLate"}
FAN_OUT_SECONDS = 0.5


def post(connection, message):
    body = json.dumps(message).encode()
    head = "POST /v1/send HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
    connection.sendall(head.format(len(body)).encode() + body)
    answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 201"), answer


def fan_out(port, ended):
    sent = 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        while not ended.wait(FAN_OUT_SECONDS):
            post(connection, {"recipient": "all", "content": "x"})
            sent += 1
    return sent


def run(binary, followers, seconds):
    command = ["taskset", "-c", "0", binary, "serve", "--port", "0", "--loops", "1", "--log-level", "error"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        port = int(re.search(r"http://[^ ]*:(\d+)", server.stdout.readline()).group(1))
        streams = []
        for _ in range(followers):
            stream = socket.create_connection(("127.0.0.1", port))
            stream.sendall(b"GET /v1/stream?recipient=all&cursor=now&as=sse HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            streams.append(stream)
        for stream in streams:
            assert stream.recv(65536).startswith(b"HTTP/1.1 200")
        ended = threading.Event()
        sender = threading.Thread(target=fan_out, args=(port, ended))
        if followers:
            sender.start()
        try:
            bench = [binary, "bench", "latency", "--url", f"http://127.0.0.1:{port}", "--json", "--rate", "500"]
            bench += ["--readers", "100", "--connections", "8", "--seconds", str(seconds)]
            figures = json.loads(subprocess.run(bench, stdout=subprocess.PIPE, check=True).stdout)
        finally:
            ended.set()
            if followers:
                sender.join()
        assert not figures["undelivered"] and not figures["errors"], figures
        return figures["latencyMilliseconds"]
    finally:
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--followers", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    binary = os.environ.get("BROKERCTL", ".build/release/brokerctl")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.sched_setaffinity(0, {1})
    print("| turn | followers | what, in ms | p50 | p99 | p99.9 | max |\n|---|---|---|---|---|---|---|")
    for turn in range(options.turns):
        for followers in (0, options.followers):
            latency = run(binary, followers, options.seconds)
            for name, measure in MEASURES.items():
                figures = [latency[measure][quantile] for quantile in ("p50", "p99", "p999", "max")]
                shown = " | ".join("–" if figure is None else f"{figure:.2f}" for figure in figures)
                print(f"| {turn + 1} | {followers} | {name} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
