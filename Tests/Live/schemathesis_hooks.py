"""Tells schemathesis what JSON Schema cannot say: limits in bytes, and fields that depend on each other."""

import json

import schemathesis
from schemathesis.core import NOT_SET
from schemathesis.core.parameters import ParameterLocation

# The longest that a generated poll waits; the contract allows 300 s.
TIMEOUT_SECONDS = 0.05
BYTES_MAX = {
    "recipient": 256,
    "recipients": 256,
    "sender": 256,
    "type": 128,
    "key": 256,
    "session": 128,
    "after": 256,
    "prefix": 256,
}


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx, value):
    """Writes an array as one JSON document a line."""
    lines = value if isinstance(value, list) else [value]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


@schemathesis.deserializer("application/x-ndjson")
def read_ndjson(ctx, response):
    """Reads one JSON document a line as an array; the last line ends with a line feed, too."""
    text = response.content.decode()
    if not text.endswith("\n"):
        raise ValueError("the last line has no line feed")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def is_positive(case):
    return case.meta is None or case.meta.generation.mode.is_positive


def fields_of(case):
    """The fields of the request, wherever they stand."""
    return case.body if isinstance(case.body, dict) else case.query or {}


def too_many_bytes(name, value):
    if isinstance(value, list):
        return any(too_many_bytes(name, item) for item in value)
    return isinstance(value, str) and len(value.encode("utf-8", "surrogatepass")) > BYTES_MAX[name]


def is_number(value):
    try:
        return not isinstance(value, bool) and 0 <= float(value) <= 300
    except (TypeError, ValueError):
        return False


@schemathesis.hook
def filter_case(context, case):
    """Drops requests that the schema calls valid and the text of the contract does not, and the other way round."""
    if case.media_type == "application/x-ndjson" and not is_positive(case):
        # A batch is answered 200; what is wrong with a line stands in that line. test_send_batch.py covers it.
        return case.meta.components.get(ParameterLocation.BODY) is None
    if not is_positive(case):
        return True
    for fields in case.body if isinstance(case.body, list) else [fields_of(case)]:
        for name, value in fields.items():
            if name in BYTES_MAX and too_many_bytes(name, value):
                return False
    return True


def agree(case):
    """Makes polls short, and fields that depend on each other agree."""
    fields = fields_of(case)
    if case.path == "/v1/poll" and isinstance(fields, dict) and is_number(fields.get("timeout", 0)):
        fields["timeout"] = TIMEOUT_SECONDS if case.body is not NOT_SET else str(TIMEOUT_SECONDS)
    if not is_positive(case):
        return case
    if case.path == "/v1/send" and case.headers and "Idempotency-Key" in case.headers:
        if isinstance(case.body, list) or "key" in fields:
            del case.headers["Idempotency-Key"]
    if case.path == "/v1/poll" and "cursor" in fields:
        fields.pop("lease", None)
        if fields["cursor"] not in ("0", "now"):
            recipients = fields.get("recipient")
            count = len(recipients) if isinstance(recipients, list) else 1
            fields["cursor"] = "~".join([fields["cursor"].split("~")[0]] * count)
    elif case.path == "/v1/poll":
        fields.pop("observe", None)
    if "take" in fields:
        fields.pop("observe", None)
    return case


@schemathesis.hook
def map_case(context, case):
    return agree(case)


@schemathesis.hook
def before_add_examples(context, examples):
    for case in examples:
        agree(case)
