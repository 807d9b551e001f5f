"""SIGTERM and SIGINT: readers are told, the exit code is 0, a second signal ends at once."""

import json
import os
import resource
import signal
import time

import pytest
from httpclient import request_bytes


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_readers_are_told_and_the_exit_code_is_0(start_broker, inbox, number):
    broker = start_broker()
    polls = [broker.park(inbox), broker.park(inbox, lease=5), broker.park(inbox, cursor="now")]
    streams = {name: broker.stream(inbox, **{"as": name}) for name in ("sse", "ndjson", "iframe")}
    idle = broker.connect()
    assert idle.request("GET", "/health/live").status == 200
    start = time.monotonic()
    broker.process.send_signal(number)
    for poll in polls[:2]:
        assert poll.answer().body == b'{"success":"0"}'
        poll.assert_closed()
    assert polls[2].answer().json["success"] == "0"
    bye = streams["sse"].event()
    assert (bye.name, bye.raw) == ("bye", '{"reason":"draining"}')
    assert streams["ndjson"].line() == '{"event":"bye","reason":"draining"}'
    assert '{"event":"bye","reason":"draining"}' in streams["iframe"].script()
    for stream in streams.values():
        stream.assert_ended()
    assert broker.exit_code() == 0
    assert time.monotonic() - start < 10
    assert idle.rest() == b""


def test_no_new_connections_are_accepted(start_broker):
    broker = start_broker()
    broker.terminate()
    assert broker.exit_code() == 0
    with pytest.raises(ConnectionError):
        broker.connect()


def test_a_request_that_is_on_its_way_is_answered(start_broker, inbox):
    broker = start_broker()
    body = json.dumps({"recipient": inbox, "content": "hi"}).encode()
    request = request_bytes("POST", "/v1/send", [("Content-Type", "application/json")], body)
    connection = broker.connect().send(request[:-5])
    broker.alive()
    with broker.park(inbox) as witness:
        broker.terminate()
        witness.answer()
    answer = connection.send(request[-5:]).answer()
    assert answer.status in (201, 503)
    if answer.status == 503:
        assert answer.json["code"] == "draining"
    assert broker.exit_code() == 0


def test_a_client_that_stalls_does_not_hold_the_exit_up(start_broker, inbox):
    broker = start_broker("--inbox-bytes-max", str(32 << 20), "--drain-seconds", "1")
    half = broker.connect().send(b"GET /health/live HT")
    stuck = broker.connect(receive_buffer_bytes=4096)
    broker.stream(inbox, connection=stuck)
    for _ in range(100):
        broker.send(inbox, "x" * 60_000)
    start = time.monotonic()
    broker.terminate()
    assert broker.exit_code() == 0
    assert time.monotonic() - start < 3
    half.close()
    stuck.close()


def test_a_second_signal_ends_at_once(start_broker, inbox):
    broker = start_broker("--inbox-bytes-max", str(32 << 20))
    stuck = broker.connect(receive_buffer_bytes=4096)
    broker.stream(inbox, connection=stuck)
    for _ in range(100):
        broker.send(inbox, "x" * 60_000)
    with broker.park(inbox + "-witness") as witness:
        broker.terminate()
        witness.answer()
    start = time.monotonic()
    broker.terminate()
    code = broker.exit_code()
    assert time.monotonic() - start < 1
    stuck.close()
    # The fixture asks for 0, which a forced end is not.
    broker.process.returncode = 0
    assert code == 143


def test_a_server_without_file_descriptors_still_ends_well(start_broker, inbox):
    """What is set up lazily on the way down must not need a descriptor that is not there."""
    broker = start_broker()
    with broker.park(inbox) as reader:
        open_now = len(os.listdir(f"/proc/{broker.process.pid}/fd"))
        resource.prlimit(broker.process.pid, resource.RLIMIT_NOFILE, (open_now, open_now))
        broker.terminate()
        assert reader.answer().body == b'{"success":"0"}'
        assert broker.exit_code() == 0


def test_a_restarted_broker_resets(start_broker, inbox):
    before = start_broker()
    cursor = before.send(inbox, "old")["id"]
    before.stop()
    after = start_broker()
    after.send(inbox, "new")
    body = after.poll(inbox, cursor=cursor)
    assert body["reset"] is True
    assert [message["content"] for message in body["messages"]] == ["new"]
