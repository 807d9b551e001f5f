"""HTTP/1.1: keep-alive, pipelining, Expect, chunked bodies, HTTP/1.0."""

import json
import socket

import pytest
from httpclient import request_bytes

JSON = [("Content-Type", "application/json")]
LIVE = b'{"status":"live"}'


def chunked(*parts):
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def head(line, *fields):
    return "\r\n".join([line, "Host: 127.0.0.1", *fields, "", ""]).encode()


@pytest.fixture
def connection(broker):
    with broker.connect() as connection:
        yield connection


def test_a_connection_serves_many_requests(connection, inbox):
    for _ in range(100):
        assert connection.request("GET", "/health/live").body == LIVE


def test_pipelined_requests_are_answered_in_order(connection, inbox):
    body = json.dumps({"recipient": inbox, "content": "hi"}).encode()
    connection.send(
        request_bytes("GET", "/health/live")
        + request_bytes("POST", "/v1/send", JSON, body)
        + request_bytes("GET", f"/v1/poll?recipient={inbox}")
        + request_bytes("GET", "/nowhere")
        + request_bytes("GET", "/health/ready")
    )
    answers = [connection.answer() for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 201, 200, 404, 200]
    assert answers[2].json["messages"][0]["content"] == "hi"


def test_what_is_pipelined_behind_a_parked_poll_waits(broker, connection, inbox):
    poll = request_bytes("GET", f"/v1/poll?recipient={inbox}&timeout=0.2")
    connection.send(poll + request_bytes("GET", "/health/live"))
    assert connection.answer().body == b'{"success":"0"}'
    assert connection.answer().body == LIVE


def test_a_thousand_pipelined_requests(connection):
    connection.send(request_bytes("GET", "/health/live") * 1000)
    assert all(connection.answer().body == LIVE for _ in range(1000))


def test_a_request_may_come_byte_by_byte(connection, inbox):
    body = json.dumps({"recipient": inbox, "content": "hi"}).encode()
    for byte in request_bytes("POST", "/v1/send", JSON, body):
        connection.send(bytes([byte]))
    assert connection.answer().status == 201


def test_connection_close_closes(connection):
    answer = connection.request("GET", "/health/live", [("Connection", "close")])
    assert answer.field("Connection") == "close"
    connection.assert_closed()


def test_expect_continue_is_answered_before_the_body(connection, inbox):
    body = json.dumps({"recipient": inbox, "content": "hi"}).encode()
    fields = ["Content-Type: application/json", f"Content-Length: {len(body)}", "Expect: 100-continue"]
    connection.send(head("POST /v1/send HTTP/1.1", *fields))
    assert connection.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert connection.send(body).answer().status == 201


def test_expect_continue_is_not_answered_when_the_body_is_there(connection, inbox):
    body = json.dumps({"recipient": inbox, "content": "hi"}).encode()
    answer = connection.request("POST", "/v1/send", [*JSON, ("Expect", "100-continue")], body)
    if answer.status == 100:
        answer = connection.answer()
    assert answer.status == 201


def test_expect_continue_refuses_what_would_be_too_large(connection):
    fields = ["Content-Type: application/json", "Content-Length: 99999999", "Expect: 100-continue"]
    answer = connection.send(head("POST /v1/send HTTP/1.1", *fields)).answer()
    assert answer.status == 413 and answer.json["code"] == "too_large"
    connection.assert_closed()


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_chunked_body(connection, inbox, size):
    body = json.dumps({"recipient": inbox, "content": "é" * 300}).encode()
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    connection.send(head("POST /v1/send HTTP/1.1", "Content-Type: application/json", "Transfer-Encoding: chunked"))
    assert connection.send(chunked(*parts)).answer().status == 201
    assert connection.request("GET", "/health/live").body == LIVE


def test_chunk_extensions_and_trailers_are_passed_over(connection, inbox):
    body = json.dumps({"recipient": inbox, "content": 1}).encode()
    connection.send(head("POST /v1/send HTTP/1.1", "Content-Type: application/json", "Transfer-Encoding: Chunked"))
    connection.send(b'%X;a=b;c="d e"\r\n%s\r\n000;x\r\nTrailer-Field: x\r\n\r\n' % (len(body), body))
    assert connection.answer().status == 201
    assert connection.request("GET", "/health/live").body == LIVE


def test_http_1_0_closes_unless_asked(broker, connection):
    answer = connection.request("GET", "/health/live", version="HTTP/1.0")
    assert answer.body == LIVE and answer.field("Content-Length") == "17"
    connection.assert_closed()
    with broker.connect() as other:
        for _ in range(2):
            answer = other.request("GET", "/health/live", [("Connection", "keep-alive")], version="HTTP/1.0")
            assert answer.field("Connection").lower() == "keep-alive"


def test_an_absolute_target_names_the_host(broker, connection):
    target = f"http://127.0.0.1:{broker.port}/health/live"
    assert connection.request("GET", target, host=f"127.0.0.1:{broker.port}").body == LIVE


def test_an_empty_line_before_a_request_is_passed_over(connection):
    assert connection.send(b"\r\n" + request_bytes("GET", "/health/live")).answer().body == LIVE


def test_a_client_that_has_said_all_is_still_answered(connection):
    """`printf … | nc -N` half-closes behind its request."""
    connection.send(request_bytes("GET", "/health/live") + request_bytes("GET", "/health/ready"))
    connection.socket.shutdown(socket.SHUT_WR)
    assert connection.answer().body == LIVE
    assert connection.answer().status == 200
    connection.assert_closed()


def test_a_get_may_carry_a_body_that_nobody_reads(connection):
    assert connection.request("GET", "/health/live", body=b"x" * 1000).status in (200, 400)
