"""`brokerctl bench` against the real server: short runs that hold what is counted, never how fast it was."""

import json
import os
import re
import signal
import socket
import threading

import pytest
from conftest import Broker
from httpclient import eventually
from test_brokerctl import run, start, url_of  # noqa: F401

SHORT = ["--seconds", "0.4", "--warm-up-seconds", "0.1", "--json"]
QUANTILES = ["min", "p50", "p90", "p99", "p999", "p9999", "max"]


def bench(broker, *words, code=0, quick=SHORT):
    ended = run("bench", *words, *quick, url=url_of(broker))
    assert (ended.code, ended.err) == (code, "")
    return ended.json[0]


def assert_ordered(measure):
    known = [measure[name] for name in QUANTILES if measure[name] is not None]
    assert known == sorted(known)
    assert measure["count"] > 0 and known[0] <= measure["mean"] <= known[-1]


@pytest.mark.parametrize(
    "words, measures",
    [
        (["send"], ["sendToAnswer"]),
        (["send", "--rate", "100"], ["sendToAnswer", "writtenToAnswer", "generatorLate"]),
        (["poll", "--readers", "7"], ["sendToDelivery", "sendToAnswer"]),
        (["poll", "--over", "sse"], ["sendToDelivery", "sendToAnswer"]),
        (["latency", "--rate", "100"], ["sendToDelivery", "sendToAnswer", "writtenToDelivery", "generatorLate"]),
        (
            ["latency", "--rate", "100", "--over", "ndjson", "--parked", "20"],
            ["sendToDelivery", "sendToAnswer", "writtenToDelivery", "generatorLate"],
        ),
    ],
)
def test_bench_measures_and_cleans_up(start_broker, words, measures):
    broker = start_broker()
    result = bench(broker, *words, "--connections", "5")
    assert (result["mode"], result["connections"], result["errors"], result["brokenBy"]) == (words[0], 5, 0, None)
    assert result["parked"] == (20 if "--parked" in words else 0)
    assert (result["unanswered"], result["undelivered"], result["duplicates"]) == (0, 0, 0)
    assert list(result["latencyMilliseconds"]) == measures
    for measure in result["latencyMilliseconds"].values():
        assert_ordered(measure)
    assert result["sends"] > 0
    assert (result["deliveries"] > 0) == (words[0] != "send")
    assert run("inboxes", url=url_of(broker)).out == ""
    stats = broker.get("/v1/stats").json
    assert stats["readers"] == {"waiting": 0, "streaming": 0, "lag": None}


@pytest.mark.parametrize("over", ["poll", "sse", "ndjson"])
def test_a_fan_out_reaches_every_reader(start_broker, over):
    broker = start_broker()
    result = bench(broker, "fanout", "--readers", "30", "--over", over)
    assert (result["readers"], result["over"], result["errors"]) == (30, over, 0)
    assert (result["undelivered"], result["duplicates"], result["unanswered"]) == (0, 0, 0)
    measures = result["latencyMilliseconds"]
    # What was on its way at the end was waited for: whole rounds, each of all readers.
    assert measures["sendToDelivery"]["count"] == 30 * measures["sendToLastDelivery"]["count"]
    assert measures["sendToFirstDelivery"]["count"] == measures["sendToLastDelivery"]["count"]
    assert measures["sendToFirstDelivery"]["min"] <= measures["sendToLastDelivery"]["min"]
    assert run("inboxes", url=url_of(broker)).out == ""


@pytest.mark.parametrize("over", ["poll", "sse", "ndjson"])
def test_parking_wakes_every_reader_and_weighs_them(start_broker, over):
    broker = start_broker()
    result = bench(broker, "park", "--readers", "50", "--over", over)
    assert (result["sends"], result["deliveries"], result["errors"]) == (50, 50, 0)
    assert result["latencyMilliseconds"]["sendToDelivery"]["count"] == 50
    assert result["memory"]["countedBytesPerReader"] > 0
    assert result["sendsPerSecond"] is None
    assert run("inboxes", url=url_of(broker)).out == ""


def test_a_connection_that_does_nothing_may_be_closed(start_broker):
    # The sender and the one that asks for figures do nothing while the readers wait.
    broker = start_broker("--idle-timeout-seconds", "0.2")
    ended = run("bench", "park", "--readers", "5", "--seconds", "1.5", "--json", url=url_of(broker))
    assert (ended.code, ended.err) == (0, "")
    assert (ended.json[0]["deliveries"], ended.json[0]["brokenBy"]) == (5, None)
    assert broker.get("/v1/stats").json["connections"]["accepted"] > 8


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="only Linux tells of other processes")
def test_bench_knows_what_the_broker_took(start_broker):
    broker = start_broker()
    result = bench(broker, "send")
    usage = result["usage"]
    assert usage["brokerProcesses"] == [broker.process.pid]
    assert usage["machineCores"] == os.sysconf("SC_NPROCESSORS_ONLN")
    assert 0 < usage["benchThreadCores"] <= usage["benchCores"] <= usage["machineCores"]
    assert usage["benchThreadCores"] < 1.1
    assert 0 <= usage["brokerCores"] <= usage["machineCores"] * 1.1
    parked = bench(broker, "park", "--readers", "50")
    assert parked["memory"]["residentBytesPerReader"] is not None


def test_bench_keeps_a_schedule(broker):
    # However slow the machine: each send that was due is measured, or told as not sent.
    result = bench(broker, "latency", "--rate", "200", quick=["--seconds", "1", "--warm-up-seconds", "0", "--json"])
    due = result["latencyMilliseconds"]["sendToDelivery"]["count"]
    assert abs(due - 200 * result["seconds"]) <= 2
    assert result["ratePerSecond"] == 200
    assert result["latencyMilliseconds"]["generatorLate"]["count"] <= due


def test_a_stall_shows_in_all_that_it_held_up(start, start_broker):  # noqa: F811
    broker = start_broker()
    words = ["--rate", "200", "--connections", "2", "--seconds", "2", "--warm-up-seconds", "0"]
    stalled = start("bench", "latency", *words, "--json", url=url_of(broker))
    eventually(lambda: broker.get("/v1/stats").json["totals"]["sent"] > 20)
    os.kill(broker.process.pid, signal.SIGSTOP)
    # Ends when the last are given up: nothing that the broker held up can come any more.
    assert stalled.wait() == 1
    os.kill(broker.process.pid, signal.SIGCONT)
    result = json.loads(stalled.out[0])
    corrected = result["latencyMilliseconds"]["sendToDelivery"]
    uncorrected = result["latencyMilliseconds"]["writtenToDelivery"]
    # Two were on their way; the others had not even been sent.
    assert result["unanswered"] == 2
    assert result["unsent"] > 0
    assert corrected["count"] == uncorrected["count"] + result["unsent"]
    # Given up after 3 s.
    assert corrected["max"] >= 3000
    assert any(text.startswith("2 sends got no answer") for text in result["warnings"])


def test_bench_tells_what_it_measured_when_it_is_interrupted(start, broker):  # noqa: F811
    words = ["--connections", "2", "--warm-up-seconds", "0", "--seconds", "60"]
    running = start("bench", "send", *words, url=url_of(broker))
    eventually(lambda: broker.get("/v1/inboxes", prefix="bench-").json["inboxes"])
    assert running.end() == 130
    assert running.out[:2] == ["send: 2 connections", "64 bytes of content, closed loop"]
    assert re.fullmatch(r"measured for \d\.\d s, interrupted", running.out[2])
    assert running.err == []


def test_bench_tells_what_it_measured_when_the_broker_ends(start):  # noqa: F811
    broker = Broker()
    try:
        words = ["--connections", "2", "--warm-up-seconds", "0", "--seconds", "60"]
        running = start("bench", "poll", *words, url=url_of(broker))
        eventually(lambda: broker.get("/v1/stats").json["totals"]["sent"] > 20)
    finally:
        broker.kill()
    assert running.wait() == 3
    assert re.fullmatch(r"measured for \d\.\d s, broken off", running.out[2])
    assert re.search(
        r"^error: cannot reach http://\S+: (reader|connection) \d was lost: .+; the figures are from before that$",
        "\n".join(running.err),
        re.MULTILINE,
    )


def test_a_broker_that_does_not_answer_does_not_hold_bench_up():
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        ended = run("bench", "send", "--connections", "2", *SHORT, url=url)
    assert ended.code == 1
    assert (ended.json[0]["sends"], ended.json[0]["unanswered"]) == (0, 2)


def test_something_else_than_a_broker_is_told():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            while True:
                try:
                    connection = server.accept()[0]
                except OSError:
                    return
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                connection.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        ended = run("bench", "poll", "--connections", "1", *SHORT, url=url)
        server.shutdown(socket.SHUT_RDWR)
    assert ended.code in (1, 3)
    assert ended.err.startswith("error: ")


def test_bench_counts_refusals(start_broker):
    broker = start_broker("--message-bytes-max", "100")
    words = ["--payload-bytes", "200", "--seconds", "0.2", "--warm-up-seconds", "0"]
    ended = run("bench", "send", *words, url=url_of(broker))
    assert ended.code == 1
    assert "\nfirst error: too_large: " in ended.out
    assert re.search(r"^  status 413 +[1-9]\d*$", ended.out, re.MULTILINE)


def test_readers_that_the_broker_does_not_take_are_told(start_broker):
    broker = start_broker("--connections-max", "10")
    ended = run("bench", "poll", "--connections", "5", "--readers", "20", *SHORT, url=url_of(broker))
    assert ended.code in (1, 3)
    assert ended.out == ""
    assert ended.err.startswith("error: ")


@pytest.mark.parametrize(
    "words, message",
    [
        ("send --readers 3", "'--readers' is not for send, where nobody reads; see poll"),
        ("park --connections 3", "'--connections' is not for park, where one sends; '--readers' says how many wait"),
        ("fanout --over iframe", "option '--over' is 'iframe'; it must be 'poll', 'sse' or 'ndjson'"),
    ],
)
def test_wrong_use_is_told(words, message):
    ended = run("bench", *words.split())
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"error: {message}\ntry 'brokerctl bench --help'\n"


def test_the_progress_line_is_for_terminals_alone(broker):
    ended = run("bench", "send", "--seconds", "0.3", "--warm-up-seconds", "0", url=url_of(broker))
    assert (ended.code, ended.err) == (0, "")
    assert "\x1b" not in ended.out
