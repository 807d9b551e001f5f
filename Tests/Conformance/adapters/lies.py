"""The lies that a server could tell, one class each; every one is something that a real server has done to somebody."""

import json
import re
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


class Counting(Lie):
    """Lies about every third message, on polls and on streams alike."""

    def __init__(self):
        self.seen = 0

    def third(self):
        self.seen += 1
        return self.seen % 3 == 0

    def polled(self, request, body):
        body["messages"] = [told for message in body.get("messages", []) for told in self.tell(message)]
        return body if self.seen and "cursor" in body else None

    def parts(self, request, parts):
        return [told for part in parts for told in (self.tell(part) if is_message(part) else [part])]


class Drops(Counting):
    """Every third message is missing."""

    def tell(self, message):
        return [] if self.third() else [message]


class Doubles(Counting):
    """Every third message comes twice."""

    def tell(self, message):
        return [message] * (2 if self.third() else 1)


class Swaps(Lie):
    """The first two messages of a batch change places."""

    def polled(self, request, body):
        messages = body.get("messages", [])
        if len(messages) > 1:
            messages[:2] = messages[1::-1]
            return body

    def parts(self, request, parts):
        places = [place for place, part in enumerate(parts) if is_message(part)]
        if len(places) > 1:
            first, second = places[:2]
            parts[first], parts[second] = parts[second], parts[first]
        return parts


class Miscounts(Lie):
    """A gap is told with one too few, or one too many if it is of one."""

    def polled(self, request, body):
        if "gap" in body:
            body["gap"]["lost"] = self.wrong(body["gap"]["lost"])
            return body

    def parts(self, request, parts):
        return [
            re.sub(rb'"lost":(\d+)', lambda match: b'"lost":%d' % self.wrong(int(match[1])), part, count=1)
            if not is_message(part)
            else part
            for part in parts
        ]

    @staticmethod
    def wrong(lost):
        return lost - 1 if lost > 1 else lost + 1


class Hushes(Lie):
    """Gaps are not told at all."""

    def polled(self, request, body):
        if body.pop("gap", None):
            return body

    def parts(self, request, parts):
        return [part for part in parts if is_message(part) or b'"lost"' not in part]


class Alarms(Lie):
    """A gap is told where there was none."""

    def polled(self, request, body):
        if request.follows and body.get("messages") and "gap" not in body:
            return {**body, "gap": {"lost": 1}}


class ForgetsReset(Lie):
    """A new life is not told of."""

    def polled(self, request, body):
        if body.pop("reset", None):
            return body

    def parts(self, request, parts):
        return [part for part in parts if is_message(part) or b"reset" not in part]


class Pads(Lie):
    """The timeout is answered with a byte more; to a reader of JSON it is the same."""

    def answer(self, request, status, body):
        return status, body.replace(b'{"success":"0"}', b'{"success": "0"}')


class Stands(Lie):
    """The cursor of a batch is that of its first message, not of its last."""

    def polled(self, request, body):
        if request.follows and len(body.get("messages", [])) > 1 and "~" not in body["cursor"]:
            return {**body, "cursor": body["messages"][0]["id"]}


class LosesIds(Lie):
    """The ids of a stream's events are those of the first, for ever."""

    def __init__(self):
        self.first = {}

    def parts(self, request, parts):
        def told(match):
            return b"id: " + self.first.setdefault(tuple(request.query["recipient"]), match[1])

        return [re.sub(rb"^id: (.*)", told, part) for part in parts]


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


LIES = {
    "drops": Drops,
    "doubles": Doubles,
    "swaps": Swaps,
    "miscounts": Miscounts,
    "hushes": Hushes,
    "alarms": Alarms,
    "forgets-reset": ForgetsReset,
    "pads": Pads,
    "stands": Stands,
    "loses-ids": LosesIds,
    "hands-out-twice": HandsOutTwice,
    "forgets-keys": ForgetsKeys,
    "accepts-all": AcceptsAll,
    "sees-nobody": SeesNobody,
    "counts-one-more": CountsOneMore,
    "alters": Alters,
    "silent": Silent,
    "holds-on": HoldsOn,
    "first-attempts": FirstAttempts,
    "extends": Extends,
    "lenient": Lenient,
}
