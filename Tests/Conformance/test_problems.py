"""Errors are problem documents with the codes of the contract; the pages are there."""

import re
from pathlib import Path

import pytest

CONTRACT = (Path(__file__).resolve().parents[2] / "openapi.yaml").read_text()
CODES = {
    code: int(status)
    for code, status in re.findall(r"^  ([a-z_]+): \{status: (\d+), help: '[^']+'\}$", CONTRACT, re.MULTILINE)
}


def test_the_contract_lists_its_codes_once():
    enum = re.search(r"    ErrorCode:\n.*?enum:\n((?:        - [a-z_]+\n)+)", CONTRACT, re.DOTALL).group(1)
    assert re.findall(r"- (\w+)", enum) == list(CODES)
    assert len(CODES) == 21


@pytest.mark.parametrize(
    "status, method, path, fields, body",
    [
        (400, "GET", "/v1/poll", [], None),
        (403, "GET", "/v1/stats", [("Origin", "https://evil.example")], None),
        (404, "GET", "/nowhere", [], None),
        (405, "GET", "/v1/send", [], None),
        (406, "GET", "/v1/stream?recipient=u", [("Accept", "image/png")], None),
        (414, "GET", "/" + "x" * 9000, [], None),
        (415, "POST", "/v1/send", [("Content-Type", "text/xml")], b"<x/>"),
        (421, "GET", "/v1/stats", [("Host", "example.org")], None),
        (431, "GET", "/v1/stats", [("X", "x" * 20_000)], None),
        (501, "BREW", "/v1/stats", [], None),
    ],
)
def test_an_error_is_a_problem_document(broker, status, method, path, fields, body):
    host = dict(fields).get("Host", "localhost")
    fields = [field for field in fields if field[0] != "Host"]
    answer = broker.request(method, path, fields, body, host=host)
    assert answer.status == status
    assert answer.field("Content-Type") == "application/problem+json"
    problem = answer.json
    assert list(problem) == ["type", "title", "status", "detail", "code"]
    assert problem["status"] == status == CODES[problem["code"]]
    assert problem["type"] == "urn:problem:broker:" + problem["code"]
    assert problem["title"] and problem["detail"]
    assert "success" not in problem


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/jsonx", "application", "multipart/form-data"]
)
def test_another_media_type_is_415(broker, content_type):
    fields = [] if content_type is None else [("Content-Type", content_type)]
    answer = broker.request("POST", "/v1/send", fields, b'{"recipient":"u","content":1}')
    assert answer.status == 415 and answer.json["code"] == "unsupported_media_type"


@pytest.mark.parametrize("path", ["/v1/send", "/v1/ack", "/v1/release", "/v1/extend"])
def test_a_post_has_no_query(broker, path):
    answer = broker.request("POST", path + "?x=1", [("Content-Type", "application/json")], b"{}")
    assert answer.status == 400


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/send/", "/V1/send", "/v1/send/x", "//v1/send", "/assets/", "/assets/nothing"]
)
def test_an_unknown_path_is_404(broker, path):
    answer = broker.request("GET", path)
    assert answer.status == 404 and answer.json["code"] == "not_found"


@pytest.mark.parametrize(
    "path", ["/assets/../openapi.yaml", "/assets/%2e%2e/openapi.yaml", "/assets/..%2fopenapi.yaml", "/../x"]
)
def test_no_path_leads_out(broker, path):
    assert broker.request("GET", path).status in (400, 404)


@pytest.mark.parametrize(
    "query",
    [
        "timeout=-1", "timeout=300.1", "timeout=x", "timeout=", "timeout=1&timeout=2", "timeout=NaN", "timeout=1e999",
        "timeout=0x1", "limit=0", "limit=1001", "limit=1.5", "limit=+1", "limit=%201", "lease=0", "lease=3601",
        "lease=1.5", "session=", "session=%00", "cursor=", "recipient=u", "colour=red", "success=1",
    ],
)  # fmt: skip
def test_a_wrong_poll_is_refused_at_once(broker, query):
    answer = broker.request("GET", f"/v1/poll?recipient=u&{query}")
    assert answer.status == 400 and answer.json["code"] == "invalid_request"
    assert query.split("=")[0] in answer.json["detail"]


def test_a_hundred_recipients_and_no_more(broker, inbox):
    names = [f"{inbox}-{number}" for number in range(101)]
    assert broker.get("/v1/poll", recipient=names, timeout=0).status == 400
    assert broker.poll(names[:100]) == {"success": "0"}


@pytest.mark.parametrize("path", ["/", "/desk/customer", "/desk/agent", "/desk/agent?transport=iframe"])
def test_a_page_is_html_and_its_parts_are_there(broker, path):
    answer = broker.request("GET", path)
    assert answer.status == 200
    assert answer.field("Content-Type").replace(" ", "").lower() == "text/html;charset=utf-8"
    page = answer.body.decode()
    assert page.lower().startswith("<!doctype html>")
    assert answer.field("X-Content-Type-Options") == "nosniff"
    for part in set(re.findall(r'(?:src|href)="(/assets/[^"]+)"', page)):
        asset = broker.request("GET", part)
        assert asset.status == 200 and asset.body, part
