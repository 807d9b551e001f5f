"""The files for web pages: who may read which of them."""

import pytest


@pytest.mark.parametrize("flags", [(), ("--allow-origin", "https://shop.example")], ids=["refused", "allowed"])
@pytest.mark.parametrize("path", ["/broker.js", "/broker.d.ts"])
def test_pages_of_every_origin_may_import_the_client(start_broker, flags, path):
    broker = start_broker(*flags)
    for fields in ([("Origin", "https://shop.example")], []):
        answer = broker.request("GET", path, fields)
        assert answer.status == 200
        # Said once: told twice, as `*` and as the origin, a browser refuses the module.
        assert answer.field("Access-Control-Allow-Origin") == "*"
    kept = broker.request("GET", path, [("Origin", "https://shop.example"), ("If-None-Match", answer.field("ETag"))])
    assert kept.status == 304 and kept.field("Access-Control-Allow-Origin") == "*"


@pytest.mark.parametrize("path", ["/", "/chat", "/assets/dom.js"])
def test_other_files_are_for_the_brokers_own_pages(broker, path):
    answer = broker.request("GET", path)
    assert answer.status == 200 and answer.field("Access-Control-Allow-Origin") is None
    assert answer.field("Cross-Origin-Resource-Policy") in (None, "same-origin")
