"""What `serve` writes to the standard error output, by --log-level."""

import os
import re
import resource
import subprocess

import pytest

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warning|info|debug) (.+)")


def log_of(broker):
    """The whole log of a broker, which is ended for it: (level, text and details) of each line."""
    broker.terminate()
    _, err = broker.process.communicate(timeout=30)
    assert broker.process.returncode == 0
    lines = [LINE.fullmatch(line) for line in err.decode().splitlines()]
    assert None not in lines, err
    return [match.groups() for match in lines]


def test_an_operator_sees_when_it_begins_and_ends(start_broker, inbox):
    broker = start_broker(stderr=subprocess.PIPE)
    broker.send(inbox)
    lines = log_of(broker)
    assert [level for level, _ in lines] == ["info"] * 3
    assert lines[0][1].startswith(f"server listens url=http://127.0.0.1:{broker.port} ")
    assert lines[1][1].startswith("drain begins ")
    assert lines[2][1].startswith("server stopped ")


@pytest.mark.parametrize("level", ["error", "warning"])
def test_less_is_said_at_lower_levels(start_broker, inbox, level):
    broker = start_broker("--log-level", level, stderr=subprocess.PIPE)
    broker.send(inbox)
    assert log_of(broker) == []


def test_requests_are_told_at_debug_without_what_they_ask_for(start_broker, inbox):
    broker = start_broker("--log-level", "debug", stderr=subprocess.PIPE)
    broker.send(inbox, "secret content")
    assert broker.contents(inbox) == ["secret content"]
    assert broker.get("/v1/poll", recipient=inbox, limit=0).status == 400
    broker.stream(inbox)
    broker.park(inbox).close()
    lines = [text for _, text in log_of(broker)]
    assert "request method=POST path=/v1/send status=201" in lines
    assert "request method=GET path=/v1/poll status=200" in lines
    assert "request method=GET path=/v1/poll status=400" in lines
    assert "request method=GET path=/v1/stream status=200" in lines
    assert "request method=GET path=/v1/poll status=-" in lines
    assert not any("secret" in line or inbox in line for line in lines)


def test_a_crowd_at_the_door_is_told_of_once(start_broker):
    broker = start_broker("--connections-max", "2", stderr=subprocess.PIPE)
    with broker.connect() as one, broker.connect() as two:
        assert one.request("GET", "/health/live").status == 200
        assert two.request("GET", "/health/live").status == 200
        for _ in range(50):
            assert broker.get("/health/live").status == 503
    warnings = [text for level, text in log_of(broker) if level == "warning"]
    assert warnings == ["connection limit reached, connections are answered 503 times=1 raise=--connections-max"]


def test_running_out_of_file_descriptors_is_told(start_broker):
    broker = start_broker("--loops", "1", stderr=subprocess.PIPE)
    with broker.connect() as first:
        assert first.request("GET", "/health/live").status == 200
        limit = len(os.listdir(f"/proc/{broker.process.pid}/fd")) + 2
        resource.prlimit(broker.process.pid, resource.RLIMIT_NOFILE, (limit, limit))
        others = [broker.connect() for _ in range(20)]
        assert first.request("GET", "/v1/stats").json["connections"]["refused"] > 0
        for connection in others:
            connection.close()
    warnings = [text for level, text in log_of(broker) if level == "warning"]
    assert len(warnings) == 1
    assert warnings[0].startswith("out of file descriptors, ") and warnings[0].endswith('raise="ulimit -n"')
