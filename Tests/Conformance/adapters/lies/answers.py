"""Lies about everything else: takers, keys, limits, counts, leases, ends."""

import re

from adapters.lies.lie import Lie, is_message


class HandsOutTwice(Lie):
    """What one taker got, the next one gets too."""

    def __init__(self):
        self.last = {}

    def polled(self, request, body):
        if request.takes and body["success"] == "1":
            name = request.query["recipient"][0]
            again, self.last[name] = self.last.get(name, []), body["messages"]
            return {**body, "messages": again + body["messages"]}


class ForgetsKeys(Lie):
    """The key of a message is not passed on."""

    def request(self, request):
        return re.sub(rb', *"key": *"[^"]*"', b"", request.body)


class AcceptsAll(Lie):
    """A full inbox says 201, and keeps nothing."""

    def answer(self, request, status, body):
        if request.path == "/v1/send" and b'"inbox_full"' in body:
            if status == 200:
                return 200, re.sub(rb'\{"error":.*', b'{"success":"1","id":"a.1","online":0,"unread":1}', body)
            return 201, b'{"success":"1","id":"a.1","online":0,"unread":1}'
        return super().answer(request, status, body)


class SeesNobody(Lie):
    """Who is listening is always nobody."""

    def answer(self, request, status, body):
        return status, re.sub(rb'"(online|waiting|streaming)":\d+', rb'"\1":0', body)


class CountsOneMore(Lie):
    """One more is unread than is."""

    def answer(self, request, status, body):
        return status, re.sub(rb'"unread":(\d+)', lambda match: b'"unread":%d' % (int(match[1]) + 1), body)


class Alters(Lie):
    """Characters outside ASCII do not survive."""

    def answer(self, request, status, body):
        return status, body.decode("utf-8").encode("ascii", "replace") if request.path == "/v1/poll" else body


class Silent(Lie):
    """A quiet stream says nothing."""

    def parts(self, request, parts):
        return [part for part in parts if b"ping" not in part]


class HoldsOn(Lie):
    """A stream of a deleted inbox, or of a replaced session, is not told that it has ended."""

    def parts(self, request, parts):
        return [part for part in parts if is_message(part) or b'"reason"' not in part]


class FirstAttempts(Lie):
    """A message that comes back is said to be handed out for the first time."""

    def polled(self, request, body):
        for message in body.get("messages", []):
            if "attempt" in message:
                message["attempt"] = 1
        return body if body.get("messages") and "attempt" in body["messages"][0] else None


class Extends(Lie):
    """A lease that has ended is said to be extended."""

    def answer(self, request, status, body):
        if request.path == "/v1/extend" and status == 404:
            return 200, b'{"success":"1","unread":0}'
        return super().answer(request, status, body)


class Lenient(Lie):
    """A cursor that is refused is answered as if nothing had come."""

    def answer(self, request, status, body):
        return (200, b'{"success":"0"}') if request.follows and status == 400 else super().answer(request, status, body)
