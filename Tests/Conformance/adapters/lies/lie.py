"""What a lie is: the truth, with something changed on its way."""

import json
from urllib.parse import parse_qs, urlsplit


class Request:
    """What was asked, as far as a lie needs to know."""

    def __init__(self, method, target, body):
        parts = urlsplit(target)
        self.method, self.path, self.query, self.body = method, parts.path, parse_qs(parts.query), body

    @property
    def follows(self):
        return self.path == "/v1/poll" and "cursor" in self.query

    @property
    def takes(self):
        return self.path == "/v1/poll" and "cursor" not in self.query


class Lie:
    """The truth: everything passes as it came."""

    def request(self, request):
        """The body that is passed on."""
        return request.body

    def answer(self, request, status, body):
        """The status and the body that the client is told."""
        if request.path == "/v1/poll" and status == 200:
            told = self.polled(request, json.loads(body))
            return status, body if told is None else compact(told)
        return status, body

    def polled(self, request, body):
        """What is told instead of this poll's answer; None for the truth."""

    def parts(self, request, parts):
        """What is told instead of these events or lines of a stream."""
        return parts


def compact(body):
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def is_message(part):
    return b'"content":' in part
