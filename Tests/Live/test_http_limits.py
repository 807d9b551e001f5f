"""Limits of size, time and number: a slow or greedy client gets an error, and costs little."""

import os
import resource

import pytest
from httpclient import Closed, eventually, query, request_bytes

JSON = [("Content-Type", "application/json")]


def test_the_request_line_has_8_kib(broker):
    with broker.connect() as connection:
        line = "/v1/inboxes?prefix=" + "x" * 7_000
        assert connection.request("GET", line).status == 400, "a prefix has 256 bytes; the line is fine"
        answer = connection.request("GET", "/v1/inboxes?prefix=" + "x" * 8_192)
        assert answer.status == 414 and answer.json["code"] == "uri_too_long"
        connection.assert_closed()


@pytest.mark.parametrize(
    "fields",
    [
        [("X-A", "x" * 17_000)],
        [(f"X-{number}", "x" * 500) for number in range(40)],
        [("X", "")] * 101,
        [("Y" * 20_000, "")],
    ],
    ids=["one large", "many", "101 fields", "long name"],
)
def test_the_header_fields_have_16_kib_and_are_100(broker, fields):
    with broker.connect() as connection:
        answer = connection.request("GET", "/health/live", fields)
        assert answer.status == 431 and answer.json["code"] == "headers_too_large"
        connection.assert_closed()


def test_just_below_the_limits_is_fine(broker):
    fields = [(f"X-{number}", "x" * 150) for number in range(90)]
    assert broker.request("GET", "/health/live", fields).status == 200


def test_the_body_has_8_mib(broker):
    with broker.connect() as connection:
        connection.send(
            b"POST /v1/send HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 8388609\r\n\r\n"
        )
        answer = connection.answer()
        assert answer.status == 413 and answer.json["code"] == "too_large"
        connection.assert_closed()


def test_a_chunked_body_has_8_mib(broker):
    with broker.connect() as connection:
        connection.send(
            b"POST /v1/send HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        for _ in range(8):
            connection.send(chunk)
        connection.send(b"1\r\n \r\n")
        assert connection.answer().status == 413


@pytest.mark.parametrize("end", [b"zz\r\n", b"800000\r\n" + b" " * 0x800000], ids=["malformed", "too large"])
def test_a_refused_body_gives_its_buffer_back(start_broker, end):
    """Else some thousand bad requests would use up the buffers of all connections for good."""
    broker = start_broker()
    for _ in range(5):
        with broker.connect() as connection:
            connection.send(
                b"POST /v1/send HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n10000\r\n" + b" " * 0x10000 + b"\r\n"
            )
            broker.alive()
            try:
                connection.send(end)
            except ConnectionError:
                pass
            connection.reset()
    eventually(lambda: broker.get("/v1/stats").json["connections"]["open"] == 1)
    assert broker.get("/v1/stats").json["buffers"]["bytes"] <= 0x10000


def drip(connection, data):
    """Sends a byte for every 50 ms that the server says nothing; returns when it speaks or closes."""
    connection.socket.settimeout(0.05)
    for byte in data:
        connection.send(bytes([byte]))
        try:
            connection.fill()
            break
        except TimeoutError:
            continue
    connection.socket.settimeout(10)


def test_a_slow_header_is_given_up(start_broker):
    broker = start_broker("--header-timeout-seconds", "1")
    with broker.connect() as connection:
        drip(connection, b"GET /health/live HTTP/1.1\r\nX: " + b"x" * 200)
        answer = connection.answer()
        assert answer.status == 408 and answer.json["code"] == "request_timeout"
        connection.assert_closed()


def test_a_slow_body_is_given_up(start_broker):
    broker = start_broker("--body-timeout-seconds", "1")
    with broker.connect() as connection:
        connection.send(request_bytes("POST", "/v1/send", [*JSON, ("Content-Length", "1000")]))
        drip(connection, b" " * 200)
        answer = connection.answer()
        assert answer.status == 408 and answer.json["code"] == "request_timeout"
        connection.assert_closed()


def test_a_connection_that_says_nothing_is_closed(start_broker):
    broker = start_broker("--header-timeout-seconds", "1", "--idle-timeout-seconds", "1")
    with broker.connect() as silent, broker.connect() as idle:
        assert idle.request("GET", "/health/live").status == 200
        idle.assert_closed()
        silent.rest()


def test_a_parked_poll_is_not_idle(start_broker, inbox):
    broker = start_broker("--header-timeout-seconds", "1", "--idle-timeout-seconds", "1")
    with broker.connect() as connection:
        answer = connection.request("GET", f"/v1/poll?recipient={inbox}&timeout=2.5")
        assert answer.body == b'{"success":"0"}'


def test_connections_have_a_limit(start_broker):
    broker = start_broker("--connections-max", "8")
    connections = [broker.connect() for _ in range(8)]
    for connection in connections:
        assert connection.request("GET", "/health/live").status == 200
    with broker.connect() as extra:
        answer = extra.send(request_bytes("GET", "/health/live")).answer()
        assert answer.status == 503 and answer.json["code"] == "overloaded"
        extra.assert_closed()
    stats = connections[0].request("GET", "/v1/stats").json["connections"]
    assert (stats["open"], stats["max"], stats["refused"]) == (8, 8, 1)
    connections.pop().close()
    eventually(lambda: broker.request("GET", "/health/live").status == 200)
    for connection in connections:
        connection.close()


def test_running_out_of_file_descriptors_is_survived(start_broker):
    broker = start_broker("--loops", "1")
    with broker.connect() as first:
        assert first.request("GET", "/health/live").status == 200
        limit = len(os.listdir(f"/proc/{broker.process.pid}/fd")) + 10
        resource.prlimit(broker.process.pid, resource.RLIMIT_NOFILE, (limit, limit))
        others = [broker.connect() for _ in range(50)]
        before = broker.cpu_seconds()
        assert first.request("GET", "/v1/poll?recipient=u&timeout=1").body == b'{"success":"0"}'
        assert broker.cpu_seconds() - before < 0.5, "the listener does not spin"
        for connection in others:
            connection.close()
        assert first.request("GET", "/health/live").status == 200
    eventually(lambda: broker.alive())


def status(connection):
    """The status of a simple request; None if the server closes without an answer."""
    try:
        return connection.request("GET", "/health/live").status
    except (Closed, ConnectionError):
        return None


def test_few_file_descriptors_from_the_start_bound_the_connections(start_broker):
    broker = start_broker(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80)))
    connections = [broker.connect() for _ in range(100)]
    statuses = [status(connection) for connection in connections]
    assert set(statuses) <= {200, 503, None} and 8 <= statuses.count(200) <= 80
    for connection in connections:
        connection.close()
    eventually(lambda: broker.alive())


def test_a_reader_of_one_byte_at_a_time_costs_bounded_memory(start_broker, inbox):
    broker = start_broker("--loops", "1", "--when-full", "drop-oldest")
    readers = [broker.connect(receive_buffer_bytes=4096) for _ in range(20)]
    streams = [broker.stream(inbox, connection=reader, **{"as": "ndjson"}) for reader in readers]
    before = broker.resident_bytes()
    for number in range(400):
        broker.send(inbox, f"{number:03}" + "x" * 60_000)
    # 24 MB went through an inbox of 1 MiB; 20 streams that keep it all would hold 480 MB.
    assert broker.resident_bytes() - before < 40 << 20
    for _ in range(1000):
        streams[0].text += readers[0].socket.recv(1)
    seen, lost = [], 0
    stream = streams[0]
    stream.connection.buffer, stream.text = stream.text, b""
    while len(seen) + lost < 400:
        line = stream.line()
        if '"event":"gap"' in line[:20]:
            lost += int(line.split('"lost":')[1].split(",")[0])
        else:
            seen.append(int(line.split('"content":"')[1][:3]))
    assert seen == sorted(seen) and seen[-1] == 399 and lost > 0
    for reader in readers:
        reader.reset()


def test_a_reader_that_never_reads_is_dropped(start_broker, inbox):
    broker = start_broker("--write-timeout-seconds", "1", "--inbox-bytes-max", str(32 << 20))
    with broker.connect(receive_buffer_bytes=4096) as connection:
        broker.stream(inbox, connection=connection)
        for _ in range(150):
            broker.send(inbox, "x" * 60_000)
        eventually(lambda: broker.inbox(inbox)["streaming"] == 0)


def test_a_pipelining_client_that_does_not_read_is_held_back(start_broker, inbox):
    broker = start_broker("--loops", "1")
    for _ in range(16):
        broker.send(inbox, "x" * 60_000)
    before = broker.resident_bytes()
    with broker.connect(receive_buffer_bytes=4096) as connection:
        connection.socket.settimeout(1)
        with pytest.raises(TimeoutError):
            while True:
                connection.send(request_bytes("GET", "/v1/poll?" + query(recipient=inbox, cursor=0)) * 100)
        assert broker.resident_bytes() - before < 40 << 20
        assert broker.alive()


def test_an_oversized_head_without_an_end_is_refused(broker):
    with broker.connect() as connection:
        try:
            connection.send(b"GET /" + b"a" * 100_000)
            assert connection.answer().status == 414
        except (Closed, ConnectionError):
            pass
    assert broker.alive()
